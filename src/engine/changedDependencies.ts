import { errorText } from '../base/log.ts';
import {
  changedDependencies,
  type DependencyRules,
  namesToLookAt,
  rootsOf,
  sortChanges,
  unseenDependencies,
} from '../core/policy/dependencyFolders.ts';
import type { ProtectedChange } from '../core/policy/protectedPaths.ts';
import type { AgentClient } from '../core/ports/agent.ts';
import type { ChangedFiles } from '../core/ports/files.ts';
import type { Oid } from '../core/ports/git.ts';
import type { RunContext } from './runContext.ts';

/** What was seen beside the files that git knows: changed paths, or why nothing could be seen. */
type Seen = { readonly ok: true; readonly found: ChangedFiles } | { readonly ok: false; readonly why: string };

const NOTHING: Seen = { ok: true, found: { paths: [], isWhole: true } };

/**
 * Looks for what has changed since the agent began in folders that git ignores and the tests run programs of. Before that, what the agent's commands left
 * running is ended, so that nothing is changed behind the look. Never rejects.
 */
export async function lookAround(context: RunContext, client: Pick<AgentClient, 'endLeftovers'> | null): Promise<Seen> {
  const { cell } = context.state;
  if (cell === null || cell.handedOverAt === null || !cell.hasWorktree) return NOTHING;
  const names = namesToLookAt(rulesOf(context));
  try {
    if (client !== null && !(await client.endLeftovers())) return { ok: false, why: 'something that it left running could not be ended' };
    return { ok: true, found: await context.deps.files.changedSince({ folder: cell.worktree, names, since: cell.handedOverAt }) };
  } catch (error) {
    context.deps.log.log('warn', 'what git ignores could not be looked at', { run: context.run, error: errorText(error) });
    return { ok: false, why: error instanceof Error ? error.message : String(error) };
  }
}

/** What of it a person is told before the candidate may pass. What was written into caches is removed: the tests fill them again. */
export async function dependencyChanges(context: RunContext, looking: Promise<Seen>, tree: Oid): Promise<ProtectedChange[]> {
  const seen = await looking;
  if (!seen.ok) return unseenDependencies(seen.why);
  const { paths, isWhole } = seen.found;
  const { cell } = context.state;
  if (paths.length === 0 || cell === null) return [];
  const { deps } = context;
  const rules = rulesOf(context);
  const tracked = await deps.repository.filesIn(tree, rootsOf(paths, rules));
  const { changed, caches } = sortChanges(paths, tracked, rules);
  const left = await deps.files.removeFiles(cell.worktree, caches);
  return changedDependencies([...changed, ...left], isWhole);
}

const rulesOf = ({ state: { spec } }: RunContext): DependencyRules => ({ test: spec.test, patterns: spec.protectedPaths ?? [] });
