import { lstat, realpath, rmdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { DataFiles } from '../../core/ports/files.ts';
import { changedIn, removeFiles } from './changedFiles.ts';

/** See `DataFiles`. */
export async function removeChanged(request: Parameters<DataFiles['removeChanged']>[0], signal?: AbortSignal): Promise<readonly string[]> {
  const { folder, since } = request;
  const top = await realpath(folder);
  const removed: string[] = [];
  for (let isWhole = false; !isWhole; ) {
    const found = await changedIn(request, signal);
    const { files, folders } = await sorted(top, found.paths);
    const left = new Set(await removeFiles(folder, files));
    removed.push(...files.filter((path) => !left.has(path)));
    // Those inside first.
    for (const path of folders.toSorted().toReversed()) await removeEmpty(join(top, path), since);
    if (!found.isWhole && left.size === files.length) throw new Error('there is more than can be listed');
    ({ isWhole } = found);
  }
  return removed;
}

async function sorted(top: string, paths: readonly string[]): Promise<{ readonly files: string[]; readonly folders: string[] }> {
  const sorted = { files: [] as string[], folders: [] as string[] };
  for (const path of paths) {
    const stat = await lstat(join(top, path)).catch(() => null);
    if (stat !== null) (stat.isDirectory() ? sorted.folders : sorted.files).push(path);
  }
  return sorted;
}

/** A folder that was there before stays: its time tells only that something came to it. */
async function removeEmpty(path: string, since: number): Promise<void> {
  try {
    // As of files: what was done in that very millisecond was done before.
    if ((await lstat(path)).birthtimeMs > since + 1 && (await realpath(path)) === path) await rmdir(path);
  } catch (error) {
    // It holds something, is gone, or is not to be removed.
    if ((error as NodeJS.ErrnoException).code === undefined) throw error;
  }
}
