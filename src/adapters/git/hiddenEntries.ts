import { join } from 'node:path';
import type { CellWorktree } from './cellWorktree.ts';
import { onCell } from './cellWorktree.ts';
import { mayHaveMarks } from './indexFile.ts';
import { nulFields } from './nulFields.ts';
import type { RepositoryContext } from './repositoryContext.ts';

/**
 * Clears the "assume unchanged" and "skip worktree" marks of an index. With them an edited file would look unedited, so that
 * something else than what was tested would be recorded. A sparse checkout keeps its "skip worktree" marks: those files are absent.
 * @param env names the index; the worktree's own without.
 * @returns true when no entry had such a mark.
 */
export async function revealHiddenEntries(
  context: RepositoryContext,
  cell: Pick<CellWorktree, 'path' | 'gitDir'>,
  env: Readonly<{ GIT_INDEX_FILE?: string }>,
  signal?: AbortSignal,
): Promise<boolean> {
  if (!(await mayHaveMarks(env.GIT_INDEX_FILE ?? join(cell.gitDir, 'index')))) return true;
  const listing = await context.git.run(onCell(cell, ['ls-files', '-v', '-z'], { env, encoding: 'latin1' }), signal);
  if (listing.exitCode !== 0) return false; // a broken index is dealt with where it is used
  // A tag begins the list or follows a NUL; nearly always all are 'H', which one search over the text tells.
  if (!/(?:^|\0)(?!H )[^\0]/.test(listing.stdout)) return true;
  const unchanged: string[] = [];
  const skipped: string[] = [];
  for (const field of nulFields(listing.stdout)) {
    const tag = field[0] ?? '';
    if (tag !== tag.toUpperCase()) unchanged.push(field.slice(2));
    if (tag.toUpperCase() === 'S') skipped.push(field.slice(2));
  }
  const clear = (option: string, paths: readonly string[]): Promise<string> =>
    context.git.text(
      onCell(cell, ['update-index', option, '-z', '--stdin'], {
        ...{ env, encoding: 'latin1' },
        input: paths.map((path) => `${path}\0`).join(''),
      }),
      signal,
    );
  if (unchanged.length > 0) await clear('--no-assume-unchanged', unchanged);
  if (skipped.length === 0) return false;
  const sparse = await context.git.run(onCell(cell, ['config', '--type=bool', '--get', 'core.sparseCheckout']), signal);
  if (sparse.stdout.trim() !== 'true') await clear('--no-skip-worktree', skipped);
  return false;
}
