import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { locateCell } from './cellWorktree.ts';
import { nullIfMissing } from './fileSystemErrors.ts';
import type { RepositoryContext } from './repositoryContext.ts';

/** Removes left locks of a cell's own worktree, such as `index.lock` and `HEAD.lock`; see `GitRepository.clearLocks`. */
export async function clearLocks(context: RepositoryContext, path: string): Promise<readonly string[]> {
  const cell = await locateCell(context, path);
  if (!cell.ok) return [];
  const { gitDir } = cell.value;
  return context.mutex.run(cell.value.path, async () => {
    const names = (await readdir(gitDir).catch(nullIfMissing)) ?? [];
    const locks = names.filter((name) => name.endsWith('.lock')).map((name) => join(gitDir, name));
    await Promise.all(locks.map((lock) => rm(lock, { force: true })));
    return locks;
  });
}
