import { type CellWorktree, locateCell, onCell, worktreeKey } from './cellWorktree.ts';
import { GitFailure } from './gitCommand.ts';
import { nulFields } from './nulFields.ts';
import type { RepositoryContext } from './repositoryContext.ts';

/**
 * Which of the paths the rules in a worktree ignore, whether or not they exist or are tracked.
 * @param encoding of the paths, as in `GitCall`.
 */
export async function ignoredPaths(
  context: RepositoryContext,
  place: Pick<CellWorktree, 'path' | 'gitDir'>,
  paths: readonly string[],
  signal?: AbortSignal,
  encoding?: 'latin1',
): Promise<ReadonlySet<string>> {
  if (paths.length === 0) return new Set();
  // check-ignore refuses to take paths literally; behind './' a name such as ':(top)x' means itself.
  const input = paths.map((path) => `./${path}\0`).join('');
  const env = { GIT_LITERAL_PATHSPECS: '0' };
  const call = onCell(place, ['check-ignore', '-z', '--stdin', '--no-index'], { env, input, ...(encoding && { encoding }) });
  const output = await context.git.run(call, signal);
  if (output.exitCode !== 0 && output.exitCode !== 1) throw new GitFailure(call, output);
  return new Set(nulFields(output.stdout).map((path) => path.slice(2)));
}

/** Options of `ls-files` that list what git ignores; folders of which all is ignored end with a slash. */
export const IGNORED_LISTING = ['ls-files', '--others', '--ignored', '--exclude-standard', '-z', '--directory'];

/** See `GitRepository`. */
export async function ignoredIn(context: RepositoryContext, worktree: string, signal?: AbortSignal): Promise<readonly string[]> {
  const cell = await locateCell(context, await worktreeKey(worktree));
  if (!cell.ok) throw new Error(cell.error.message);
  return nulFields(await context.git.text(onCell(cell.value, IGNORED_LISTING), signal));
}
