import { changesDecidingPart, isExempt, isPartlyProtected, type ProtectedChange, protectionOf } from '../core/policy/protectedPaths.ts';
import { testCommands } from '../core/policy/testScripts.ts';
import type { FileChange, Oid } from '../core/ports/git.ts';
import type { RunContext } from './runContext.ts';

/** Named in the journal; past these a person has enough to look at. */
const MOST = 20;
const MOST_BYTES = 1024 * 1024;
/** In the place of what can't be read as UTF-8. */
const NOT_UTF8 = '\ufffd';

/** Changed files of a candidate that decide what passes, and so can't be left to the tests. */
export async function protectedIn(context: RunContext, changes: readonly FileChange[], from: Oid, to: Oid): Promise<ProtectedChange[]> {
  if (changes.length === 0) return [];
  const { test, folder, protectedPaths = [] } = context.state.spec;
  const [scripts, commands] = await Promise.all([scriptsOf(context), context.deps.repository.commandsForFiles()]);
  const rules = { test, scripts, commands, folder, patterns: protectedPaths };
  const found: ProtectedChange[] = [];
  for (const change of changes) {
    if (found.length >= MOST) break;
    const { path, oldPath = path } = change;
    const why = path.includes(NOT_UTF8) ? 'has a name that is not UTF-8, so that no review can show it' : protectionOf(change, rules);
    if (why !== null) found.push({ path, why });
    else if ((isPartlyProtected(change) || isPartlyProtected({ path: oldPath })) && !isExempt(path, rules)) {
      const [before, after] = await Promise.all([textOf(context, from, oldPath), textOf(context, to, path)]);
      const name = isPartlyProtected(change) ? path : oldPath;
      if (changesDecidingPart(name, before, after)) found.push({ path, why: 'decides what the tests are' });
    }
  }
  return found;
}

/** Commands that the test command leads to, by the files of the base. */
async function scriptsOf(context: RunContext): Promise<string> {
  const { test, folder, baseTree } = context.state.spec;
  const read = (name: string): Promise<string | null> => textOf(context, baseTree, folder === '' ? name : `${folder}/${name}`);
  const [packageJson, gnu, upper, lower] = await Promise.all(['package.json', 'GNUmakefile', 'Makefile', 'makefile'].map(read));
  const [, ...more] = testCommands(test, { packageJson: packageJson ?? null, makefile: gnu ?? lower ?? upper ?? null });
  return more.join('\n');
}

/** Null when there is no such file. Of a very long one only the beginning, which differs from the whole and so counts as changed. */
async function textOf(context: RunContext, tree: Oid, path: string): Promise<string | null> {
  const content = await context.deps.repository.readFile(tree, path);
  return content === null ? null : new TextDecoder().decode(content.subarray(0, MOST_BYTES));
}
