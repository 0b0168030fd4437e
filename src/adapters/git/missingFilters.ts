import type { Oid } from '../../core/ports/git.ts';
import { remember } from './knownObjects.ts';
import { onRepository, type RepositoryContext } from './repositoryContext.ts';

/** Two git processes: what the attribute files of the commit say, which is asked once, and what is configured. */
export async function missingFilters(context: RepositoryContext, commit: Oid, signal?: AbortSignal): Promise<readonly string[]> {
  const names = new Set(await askedFor(context, commit, signal));
  if (names.size === 0) return [];
  const configured = await context.git.run(
    onRepository(context, ['config', '--name-only', '--get-regexp', '^filter\\..*\\.(smudge|process)$']),
    signal,
  );
  for (const key of configured.stdout.split('\n')) names.delete(key.replace(/^filter\./, '').replace(/\.(smudge|process)$/, ''));
  return [...names].sort();
}

async function askedFor(context: RepositoryContext, commit: Oid, signal?: AbortSignal): Promise<readonly string[]> {
  const { filters } = context.known;
  const known = filters.get(commit);
  if (known !== undefined) return known;
  const args = ['grep', '-h', '-F', '-e', 'filter=', commit, '--', ':(glob)**/.gitattributes'];
  const env = { GIT_LITERAL_PATHSPECS: '0' };
  const output = await context.git.run({ ...onRepository(context, args), env }, signal);
  const names = [...new Set(output.stdout.split('\n').flatMap(filtersIn))];
  // 1: there is no such line.
  if (output.exitCode === 0 || output.exitCode === 1) remember(filters, commit, names);
  return names;
}

/** What a line of an attributes file asks for: a pattern, then attributes. A comment asks for nothing. */
function filtersIn(line: string): string[] {
  const [pattern = '', ...attributes] = line.trim().split(/\s+/);
  if (pattern.startsWith('#')) return [];
  return attributes.filter((attribute) => /^filter=./.test(attribute)).map((attribute) => attribute.slice('filter='.length));
}
