import { constants } from 'node:fs';
import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { errorCode } from './fileSystemErrors.ts';

/** More than the longest path that a system takes. */
const MOST_BYTES = 16_384;

/**
 * Where a folder's `.git` file says that the git folder is, as it is written there; null when it is no such file. It may be an agent's: a pipe, a device
 * and a file without an end are none, and nothing is waited for.
 */
export async function gitLinkOf(folder: string): Promise<string | null> {
  try {
    await using file = await open(join(folder, '.git'), constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOFOLLOW);
    const stat = await file.stat();
    if (!stat.isFile() || stat.size > MOST_BYTES) return null;
    const { buffer, bytesRead } = await file.read(Buffer.alloc(MOST_BYTES), 0, MOST_BYTES, 0);
    return /^gitdir: ([\s\S]*?)\n?$/.exec(buffer.toString('utf8', 0, bytesRead))?.[1] ?? null;
  } catch (error) {
    if (errorCode(error) === undefined) throw error;
    // What can't be opened leads nowhere.
    return null;
  }
}
