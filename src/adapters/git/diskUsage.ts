import type { Oid } from '../../core/ports/git.ts';
import { onRepository, type RepositoryContext } from './repositoryContext.ts';

/**
 * What would be free again without these commits, as git counts it: compressed, and once for what several of them share. A file that only the history of
 * a branch has as it is, and not its tip, counts too: to look through all of a history takes too long.
 */
export async function diskUsage(
  context: RepositoryContext,
  commits: readonly Oid[],
  beside: readonly Oid[],
  signal?: AbortSignal,
): Promise<number> {
  if (commits.length === 0) return 0;
  const args = ['rev-list', '--objects-edge-aggressive', '--disk-usage', '--ignore-missing', '--stdin'];
  args.push('--not', '--branches', '--tags', '--remotes');
  const input = [...commits, ...beside.map((commit) => `^${commit}`), ''].join('\n');
  const lines = (await context.git.text(onRepository(context, args, { input }), signal)).trim().split('\n');
  // Those before it name what it was bounded by.
  return Number(lines.at(-1));
}
