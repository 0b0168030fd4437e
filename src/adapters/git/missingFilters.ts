import type { Oid } from '../../core/ports/git.ts';
import { onRepository, type RepositoryContext } from './repositoryContext.ts';

/** Two git processes: what the attribute files of the commit say, and what is configured. */
export async function missingFilters(context: RepositoryContext, commit: Oid, signal?: AbortSignal): Promise<readonly string[]> {
  const args = ['grep', '-h', '-F', '-e', 'filter=', commit, '--', ':(glob)**/.gitattributes'];
  const env = { GIT_LITERAL_PATHSPECS: '0' };
  const lines = (await context.git.run({ ...onRepository(context, args), env }, signal)).stdout.split('\n');
  const names = new Set(lines.flatMap(filtersIn));
  if (names.size === 0) return [];
  const configured = await context.git.run(
    onRepository(context, ['config', '--name-only', '--get-regexp', '^filter\\..*\\.(smudge|process)$']),
    signal,
  );
  for (const key of configured.stdout.split('\n')) names.delete(key.replace(/^filter\./, '').replace(/\.(smudge|process)$/, ''));
  return [...names].sort();
}

/** What a line of an attributes file asks for: a pattern, then attributes. A comment asks for nothing. */
function filtersIn(line: string): string[] {
  const [pattern = '', ...attributes] = line.trim().split(/\s+/);
  if (pattern.startsWith('#')) return [];
  return attributes.filter((attribute) => /^filter=./.test(attribute)).map((attribute) => attribute.slice('filter='.length));
}
