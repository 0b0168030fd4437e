import { execFile } from 'node:child_process';
import type { Dirent } from 'node:fs';
import { readdir, statfs } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { FreeSpace, Volume } from '../../core/ports/files.ts';

const BYTES_PER_KB = 1024;

/** Bytes on disk and entries of a folder with all below it. What goes away meanwhile may or may not be counted. */
export async function folderSize(folder: string): Promise<Volume> {
  const [bytes, files] = await Promise.all([diskBytes(folder), countEntries(folder)]);
  return { bytes, files };
}

/** `du` looks at many files faster than this process could, and beside it. It ends with 1 when something vanished under it. */
async function diskBytes(folder: string): Promise<number> {
  const told = await promisify(execFile)('du', ['-sk', folder], { env: { ...process.env, LC_ALL: 'C' } }).catch((error: unknown) => {
    if (error instanceof Error && 'stdout' in error && typeof error.stdout === 'string' && error.stdout !== '') return error as never;
    throw error;
  });
  const kilobytes = Number.parseInt((told as { stdout: string }).stdout, 10);
  return Number.isNaN(kilobytes) ? 0 : kilobytes * BYTES_PER_KB;
}

async function countEntries(folder: string): Promise<number> {
  let entries: Dirent[];
  try {
    entries = await readdir(folder, { withFileTypes: true });
  } catch {
    // Gone, or closed to its own user: what is in it can't be counted.
    return 0;
  }
  let count = entries.length;
  for (const entry of entries) if (entry.isDirectory()) count += await countEntries(join(folder, entry.name));
  return count;
}

/** What is used of the volume that a folder is on; null where the system counts neither. */
export async function volumeOf(folder: string): Promise<Volume | null> {
  const { blocks, bfree, bsize, files, ffree } = await statfs(folder);
  return blocks === 0 || files === 0 ? null : { bytes: (blocks - bfree) * bsize, files: files - ffree };
}

/** What the volume has room for, for an ordinary user; null where the system does not say. */
export async function freeSpaceOf(folder: string): Promise<FreeSpace | null> {
  const { blocks, bavail, bsize, files, ffree } = await statfs(folder);
  return blocks === 0 ? null : { bytes: bavail * bsize, files: files === 0 ? null : ffree };
}
