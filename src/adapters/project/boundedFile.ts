import { constants, type Dirent } from 'node:fs';
import { access, lstat, open, opendir, stat } from 'node:fs/promises';

const isAbsent = (error: unknown): boolean =>
  error instanceof Error && 'code' in error && (error.code === 'ENOENT' || error.code === 'ENOTDIR');

/**
 * What a file begins with, at most `maxBytes`; null when it is not there or is no regular file (links are followed).
 * Never waits on a pipe or a device. @throws the system's error when it can't be read
 */
export async function readStart(path: string, maxBytes: number): Promise<{ readonly bytes: Buffer; readonly whole: boolean } | null> {
  try {
    if (!(await stat(path)).isFile()) return null;
    await using file = await open(path, constants.O_RDONLY | constants.O_NONBLOCK);
    const buffer = Buffer.alloc(maxBytes + 1);
    let filled = 0;
    for (;;) {
      const { bytesRead } = await file.read(buffer, filled, buffer.length - filled);
      filled += bytesRead;
      if (bytesRead === 0 || filled > maxBytes) break;
    }
    return { bytes: buffer.subarray(0, Math.min(filled, maxBytes)), whole: filled <= maxBytes };
  } catch (error) {
    if (isAbsent(error)) return null;
    throw error;
  }
}

/** For guessing: the text a file begins with; empty when there is none or it can't be read. */
export async function peek(path: string, maxBytes = 262_144): Promise<string> {
  try {
    return (await readStart(path, maxBytes))?.bytes.toString('utf8').replace(/^\uFEFF/, '') ?? '';
  } catch {
    return '';
  }
}

/** Something of this name is there, whatever it is, be it a link that leads nowhere. */
export const isThere = (path: string): Promise<boolean> =>
  lstat(path).then(
    () => true,
    () => false,
  );

/** A regular file, or a link to one, is there. */
export const isFile = (path: string): Promise<boolean> =>
  stat(path).then(
    (entry) => entry.isFile(),
    () => false,
  );

/** Whether a file may be started by its path. */
export const isExecutable = (path: string): Promise<boolean> =>
  access(path, constants.X_OK).then(
    () => true,
    () => false,
  );

/** For guessing: entries of a folder in no order, the first `max` of them; none when it can't be read. */
export async function entriesOf(folder: string, max = 2000): Promise<Dirent[]> {
  const entries: Dirent[] = [];
  try {
    for await (const entry of await opendir(folder)) if (entries.push(entry) >= max) break;
  } catch {
    return entries;
  }
  return entries;
}
