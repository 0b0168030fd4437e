import { constants } from 'node:fs';
import { chmod, lchmod, lstat, open, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { exponentialBackoff } from '../../base/backoff.ts';
import type { Clock } from '../../base/clock.ts';
import { errorCode, nullIfMissing } from './fileSystemErrors.ts';

/** Gives the owner all rights on every folder below and including `path`, so that their entries can be removed. Follows no link. */
export const makeRemovable = (path: string): Promise<void> => openUp(path, async () => {});

/** As `makeRemovable`, and lets the owner read every file. What is another user's stays as it is. */
export const makeReadable = (path: string): Promise<void> =>
  openUp(path, async (file) => {
    const stat = await lstat(file).catch(nullIfMissing);
    if (stat?.isFile() === true && (stat.mode & 0o400) === 0) await allow(file, stat.mode | 0o400);
  });

async function openUp(path: string, onFile: (file: string) => Promise<void>): Promise<void> {
  const stat = await lstat(path).catch(nullIfMissing);
  if (stat === null || !stat.isDirectory()) return;
  if ((stat.mode & 0o700) !== 0o700) await allow(path, stat.mode | 0o700);
  for (const entry of await readdir(path, { withFileTypes: true }).catch(passIfForbidden)) {
    if (entry.isDirectory()) await openUp(join(path, entry.name), onFile);
    else if (entry.isFile()) await onFile(join(path, entry.name));
  }
}

/** Of Linux: a handle on whatever has the name, without any right to it. */
const O_PATH = 0o10000000;

/** As `chmod`, but never through a link, also when an agent puts one there in this very moment. */
export async function allow(path: string, mode: number): Promise<void> {
  try {
    if (process.platform !== 'linux') return await lchmod(path, mode & 0o7777);
    await using handle = await open(path, O_PATH | constants.O_NOFOLLOW);
    await chmod(`/proc/self/fd/${handle.fd}`, mode & 0o7777);
  } catch (error) {
    passIfForbidden(error);
  }
}

function passIfForbidden(error: unknown): [] {
  if (!['EACCES', 'EPERM', 'ENOENT', 'EOPNOTSUPP', 'ENOTSUP', 'ELOOP'].includes(errorCode(error) ?? '')) throw error;
  return [];
}

const ATTEMPTS = 6;
const backoff = exponentialBackoff(25, 400);

/** Removes a folder with all below it, even when it is read-only or something still writes there for a moment. A link is removed, not followed. */
export async function removeFolder(clock: Clock, path: string): Promise<void> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      await rm(path, { recursive: true, force: true });
      return;
    } catch (error) {
      const code = errorCode(error);
      if (attempt === ATTEMPTS || !['EACCES', 'EPERM', 'ENOTEMPTY', 'EBUSY', 'ENAMETOOLONG'].includes(code ?? '')) throw error;
      if (code === 'EACCES' || code === 'EPERM') await makeRemovable(path);
      // Which goes from folder to folder, and needs no name for what lies deeper than the system has names for.
      if (code === 'ENAMETOOLONG') await (await import('execa')).execa('rm', ['-rf', '--', path], { reject: false });
      await clock.sleep(backoff(attempt));
    }
  }
}
