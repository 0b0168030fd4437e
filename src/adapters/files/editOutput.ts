import { open, rename, rm } from 'node:fs/promises';

const PART_BYTES = 4 * 1024 * 1024;

/**
 * Applies `edit` to a file in parts of a few megabytes that end with a line. Bytes stand for characters one to one, so that what is no text stays as
 * it is. The file is replaced only when something changed; one that is not there is left alone.
 */
export async function editOutput(path: string, edit: (text: string) => string): Promise<void> {
  const source = await open(path, 'r').catch((error: NodeJS.ErrnoException) => (error.code === 'ENOENT' ? null : Promise.reject(error)));
  if (source === null) return;
  const copy = `${path}.new`;
  let target: Awaited<ReturnType<typeof open>> | null = null;
  try {
    const { size } = await source.stat();
    const buffer = Buffer.alloc(Math.min(size, PART_BYTES));
    for (let at = 0; at < size; ) {
      const { bytesRead } = await source.read(buffer, 0, buffer.length, at);
      if (bytesRead === 0) break;
      const read = buffer.subarray(0, bytesRead);
      const end = at + bytesRead < size ? read.lastIndexOf(0x0a) + 1 || bytesRead : bytesRead;
      const text = read.toString('latin1', 0, end);
      const edited = edit(text);
      if (edited !== text && target === null) {
        target = await open(copy, 'w', 0o600);
        await copyStart(source, target, at);
      }
      if (target !== null) await target.write(Buffer.from(edited, 'latin1'));
      at += end;
    }
    if (target === null) return;
    await target.close();
    target = null;
    await rename(copy, path);
  } finally {
    await source.close();
    if (target !== null) {
      await target.close();
      await rm(copy, { force: true });
    }
  }
}

type Handle = Awaited<ReturnType<typeof open>>;

/** The part of the file that was looked at before the first change. */
async function copyStart(source: Handle, target: Handle, bytes: number): Promise<void> {
  const buffer = Buffer.alloc(Math.min(bytes, PART_BYTES));
  for (let at = 0; at < bytes; ) {
    const { bytesRead } = await source.read(buffer, 0, Math.min(buffer.length, bytes - at), at);
    if (bytesRead === 0) return;
    await target.write(buffer.subarray(0, bytesRead));
    at += bytesRead;
  }
}
