import { chmod, lstat, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { exponentialBackoff } from '../../base/backoff.ts';
import type { Clock } from '../../base/clock.ts';
import { errorCode, nullIfMissing } from './fileSystemErrors.ts';

/** Gives the owner all rights on every folder below and including `path`, so that their entries can be removed. Follows no link. */
export async function makeRemovable(path: string): Promise<void> {
  const stat = await lstat(path).catch(nullIfMissing);
  if (stat === null || !stat.isDirectory()) return;
  if ((stat.mode & 0o700) !== 0o700) await chmod(path, stat.mode | 0o700);
  for (const entry of await readdir(path, { withFileTypes: true })) {
    if (entry.isDirectory()) await makeRemovable(join(path, entry.name));
  }
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
