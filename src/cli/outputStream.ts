import { fstatSync, writeSync } from 'node:fs';
import type { WriteStream } from 'node:tty';
import type { OutputStream } from './terminal.ts';

/**
 * Standard output or error of this process. A regular file is written to here: Node's own stream takes it for written when a volume had room for
 * a part only.
 */
export function outputStream(stream: WriteStream & { readonly fd: number }): OutputStream {
  const gone = new AbortController();
  const isFile = isRegularFile(stream.fd);
  let failure: Error | null = null;
  const fail = (error: NodeJS.ErrnoException): void => {
    if (gone.signal.aborted) return;
    // A terminal that was closed and a pipe that nobody reads any more ask for no further word.
    if (!stream.isTTY && error.code !== 'EPIPE' && error.code !== 'ECONNRESET') failure = error;
    gone.abort(new Error('the reader of the output has gone'));
  };
  stream.on('error', fail);
  return {
    get isTTY() {
      return stream.isTTY ?? false;
    },
    get columns() {
      return stream.columns ?? 80;
    },
    get rows() {
      return stream.rows ?? 24;
    },
    write(text) {
      if (gone.signal.aborted) return;
      if (!isFile) {
        stream.write(text);
        return;
      }
      try {
        writeAll(stream.fd, Buffer.from(text));
      } catch (error) {
        fail(error as NodeJS.ErrnoException);
      }
    },
    // What was written may still turn out not to have been taken, so this is asked for also when nothing is left.
    flush: () =>
      new Promise((resolve) => {
        if (gone.signal.aborted || isFile) return resolve();
        gone.signal.addEventListener('abort', () => resolve(), { once: true });
        stream.write('', () => setImmediate(resolve));
      }),
    readerGone: gone.signal,
    get failure() {
      return failure;
    },
  };
}

function isRegularFile(fd: number): boolean {
  try {
    return fstatSync(fd).isFile();
  } catch {
    return false;
  }
}

function writeAll(fd: number, bytes: Buffer): void {
  for (let at = 0; at < bytes.length; ) at += writeSync(fd, bytes, at);
}
