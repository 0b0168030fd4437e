import { randomUUID } from 'node:crypto';
import { constants } from 'node:fs';
import { type FileHandle, mkdir, open, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { errorCode } from './fileSystemErrors.ts';

/**
 * Writes a file below a folder in which somebody else may have put links meanwhile: no link is followed on the way, whatever is at the
 * path's end is replaced. Folders that are missing are made. Linux only: it names open folders by /proc/self/fd.
 * @throws Error when a part of the path is not a folder.
 */
export async function writeBelow(root: string, path: string, content: Uint8Array | string): Promise<void> {
  const parts = path.split('/');
  const name = parts.pop() ?? '';
  if ([name, ...parts].some((part) => part === '' || part === '.' || part === '..')) throw new Error(`not a path below a folder: ${path}`);
  const opened: FileHandle[] = [await openFolder(root)];
  try {
    for (const part of parts) opened.push(await folderIn(at(opened), part));
    const folder = at(opened);
    const fresh = join(folder, `.${randomUUID()}`);
    const file = await open(fresh, constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW, 0o644);
    try {
      await file.writeFile(content);
    } finally {
      await file.close();
    }
    await rename(fresh, join(folder, name)).catch(async (error: unknown) => {
      await rm(fresh, { force: true });
      throw error;
    });
  } finally {
    for (const handle of opened) await handle.close();
  }
}

const at = (opened: readonly FileHandle[]): string => `/proc/self/fd/${opened.at(-1)?.fd}`;

const openFolder = (path: string): Promise<FileHandle> => open(path, constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NOFOLLOW);

async function folderIn(parent: string, name: string): Promise<FileHandle> {
  const path = join(parent, name);
  try {
    return await openFolder(path);
  } catch (error) {
    if (errorCode(error) !== 'ENOENT') throw error;
    await mkdir(path, { mode: 0o755 });
    return openFolder(path);
  }
}
