import { closeSync, openSync, readSync } from 'node:fs';

/** Kept between reads: a look at all processes reads hundreds of small files. */
let buffer = Buffer.allocUnsafe(64 * 1024);

/** A file of a process below /proc, a byte as a character. @throws Error when the process is gone, or is another user's. */
export function procFile(pid: string | number, name: string): string {
  const file = openSync(`/proc/${pid}/${name}`, 'r');
  try {
    for (let length = 0; ; ) {
      const count = readSync(file, buffer, length, buffer.length - length, null);
      if (count === 0) return buffer.toString('latin1', 0, length);
      length += count;
      if (length === buffer.length) buffer = Buffer.concat([buffer, Buffer.allocUnsafe(length)]);
    }
  } finally {
    closeSync(file);
  }
}

/** A process as its line `stat` tells it. The name in it stands in parentheses and may hold anything. */
export function stateOf(pid: string | number): { readonly isEnded: boolean; readonly parent: number } {
  const line = procFile(pid, 'stat');
  const [state, parent] = line.slice(line.lastIndexOf(')') + 2).split(' ', 2);
  return { isEnded: state === 'Z' || state === 'X', parent: Number(parent) };
}
