import { open, rename, rm } from 'node:fs/promises';

const PART_BYTES = 4 * 1024 * 1024;
/** On each side of a cut; what `edit` changes as one is not longer. */
const AROUND_BYTES = 64 * 1024;

type Edit = (text: string) => string;

/**
 * Applies `edit` to a file in parts of a few megabytes, cut where it changes nothing across the cut. Bytes stand for characters one to one, so
 * that what is no text stays as it is. The file is replaced only when something changed; one that is not there is left alone.
 */
export async function editOutput(path: string, edit: Edit): Promise<void> {
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
      const end = at + bytesRead < size ? cutOf(read, edit) : bytesRead;
      const text = read.toString('latin1', 0, end);
      const edited = edit(text);
      if (edited !== text && target === null) {
        target = await open(copy, 'w', 0o600);
        await copyStart(source, target, at);
      }
      // Unlike `write`, it writes all of it.
      if (target !== null) await target.writeFile(Buffer.from(edited, 'latin1'));
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

/** Where a part may end: after a line if there is one, and not within what is changed as one. */
function cutOf(part: Buffer, edit: Edit): number {
  const last = Math.max(1, part.length - AROUND_BYTES);
  const isWhole = (at: number): boolean => {
    const [before, after] = [part.toString('latin1', Math.max(0, at - AROUND_BYTES), at), part.toString('latin1', at, at + AROUND_BYTES)];
    return edit(before + after) === edit(before) + edit(after);
  };
  for (let from = last; from > part.length / 2; from -= AROUND_BYTES) {
    const at = part.lastIndexOf(0x0a, from - 1) + 1 || from;
    if (isWhole(at)) return at;
  }
  return last;
}

type Handle = Awaited<ReturnType<typeof open>>;

/** The part of the file that was looked at before the first change. */
async function copyStart(source: Handle, target: Handle, bytes: number): Promise<void> {
  const buffer = Buffer.alloc(Math.min(bytes, PART_BYTES));
  for (let at = 0; at < bytes; ) {
    const { bytesRead } = await source.read(buffer, 0, Math.min(buffer.length, bytes - at), at);
    if (bytesRead === 0) return;
    await target.writeFile(buffer.subarray(0, bytesRead));
    at += bytesRead;
  }
}
