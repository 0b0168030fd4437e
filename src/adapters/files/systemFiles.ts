import { readFileSync } from 'node:fs';
import { chmod, lstat, open, readdir, rm, statfs } from 'node:fs/promises';
import { freemem, totalmem } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { cgroupLimitBytes, freeCgroupBytes } from './cgroupMemory.ts';

/** Bytes that this user may still write on the disk that holds `path`, or its nearest folder that exists. */
export async function freeBytes(path: string): Promise<number> {
  const absolute = resolve(path);
  try {
    const { bavail, bsize } = await statfs(absolute);
    return bavail * bsize;
  } catch (error) {
    if (codeOf(error) === 'ENOENT' && absolute !== dirname(absolute)) return freeBytes(dirname(absolute));
    throw error;
  }
}

/** Bytes of memory that new processes can take without swapping: what the kernel calls available, less where a control group is nearly full. */
export function freeMemoryBytes(): number {
  if (process.platform !== 'linux') return freemem();
  const match = /^MemAvailable:\s+(\d+) kB$/m.exec(readFileSync('/proc/meminfo', 'latin1'));
  const available = match?.[1] === undefined ? freemem() : Number(match[1]) * 1024;
  return Math.min(available, freeCgroupBytes());
}

/** Bytes of memory that this machine has, or that its control groups let this process and its like have together. */
export const totalMemoryBytes = (): number => Math.min(totalmem(), process.platform === 'linux' ? cgroupLimitBytes() : totalmem());

/** The last `maxBytes` of a file as UTF-8 text, without a character cut in two at its start. Empty when there is no such file. */
export async function tailOfFile(path: string, maxBytes: number): Promise<string> {
  try {
    const file = await open(path, 'r');
    try {
      const { size } = await file.stat();
      const length = Math.min(size, maxBytes);
      const { buffer, bytesRead } = await file.read(Buffer.alloc(length), 0, length, size - length);
      let start = 0;
      if (length < size) while (start < bytesRead && start < 4 && ((buffer[start] ?? 0) & 0xc0) === 0x80) start += 1;
      return buffer.toString('utf8', start, bytesRead);
    } finally {
      await file.close();
    }
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return '';
    throw error;
  }
}

/**
 * Removes a folder and all in it; succeeds when there is none. Read-only folders inside are made writable first, as package managers leave
 * them. Links are removed, never followed. Tries again for about a second while something still writes into it.
 * @throws Error with the system's code when something is left.
 */
export async function removeFolder(path: string): Promise<void> {
  const remove = () => rm(path, { recursive: true, force: true, maxRetries: 6, retryDelay: 50 });
  try {
    await remove();
  } catch (error) {
    const code = codeOf(error);
    if (code === 'EACCES' || code === 'EPERM') await makeFoldersWritable(path);
    // Which goes from folder to folder, and needs no name for what lies deeper than the system has names for.
    else if (code === 'ENAMETOOLONG') await (await import('execa')).execa('rm', ['-rf', '--', path], { reject: false });
    else throw error;
    await remove();
  }
}

async function makeFoldersWritable(path: string): Promise<void> {
  const stat = await lstat(path);
  if (!stat.isDirectory()) return;
  if ((stat.mode & 0o700) !== 0o700) await chmod(path, stat.mode | 0o700);
  for (const entry of await readdir(path, { withFileTypes: true })) {
    if (entry.isDirectory()) await makeFoldersWritable(join(path, entry.name));
  }
}

const codeOf = (error: unknown): string => (error instanceof Error && 'code' in error ? String(error.code) : 'unknown');
