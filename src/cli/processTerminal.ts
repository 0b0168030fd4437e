import type { Readable } from 'node:stream';
import type { Clock } from '../base/clock.ts';
import { toDisposable } from '../base/lifecycle.ts';
import { localDay } from '../base/localDay.ts';
import { askLine } from './askLine.ts';
import { outputStream } from './outputStream.ts';
import type { Terminal } from './terminal.ts';

type Interrupt = 'SIGINT' | 'SIGTERM';

/** The terminal of this process. */
export function processTerminal(clock: Clock, version: string): Terminal {
  const handlers = new Set<(signal: Interrupt) => void>();
  const deliver = (signal: Interrupt) => {
    for (const handler of [...handlers]) handler(signal);
  };
  const { stdin } = process;
  const interruptSelf = () => (handlers.size > 0 ? deliver('SIGINT') : process.kill(process.pid, 'SIGINT'));
  return {
    argv: process.argv.slice(2),
    folder: process.cwd(),
    environment: process.env,
    version,
    stdout: outputStream(process.stdout),
    stderr: outputStream(process.stderr),
    stdinIsTTY: stdin.isTTY ?? false,
    clock,
    ask: (question, signal) => askLine(question, { input: stdin, output: process.stderr, interrupt: interruptSelf }, signal),
    readInput: (maxBytes) => readAll(stdin, maxBytes),
    onKey(listener) {
      const onData = (chunk: Buffer) => {
        const text = chunk.toString('utf8');
        if (text.includes('\u0003')) interruptSelf();
        else for (const key of text) listener(key);
      };
      if (stdin.isTTY) stdin.setRawMode(true);
      stdin.on('data', onData);
      stdin.resume();
      return toDisposable(() => {
        stdin.off('data', onData);
        if (stdin.isTTY) stdin.setRawMode(false);
        stdin.pause();
      });
    },
    onInterrupt(handler) {
      if (handlers.size === 0) for (const name of ['SIGINT', 'SIGTERM'] as const) process.on(name, deliver);
      handlers.add(handler);
      return toDisposable(() => {
        handlers.delete(handler);
        if (handlers.size === 0) for (const name of ['SIGINT', 'SIGTERM'] as const) process.off(name, deliver);
      });
    },
    timeOfDay: (at) => new Date(at).toTimeString().slice(0, 8),
    dayOf: localDay,
  };
}

async function readAll(input: Readable, maxBytes: number): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of input) {
    const part = Buffer.from(chunk as Buffer | string);
    bytes += part.length;
    if (bytes > maxBytes) throw new RangeError(`more than ${maxBytes} bytes`);
    chunks.push(part);
  }
  return Buffer.concat(chunks).toString('utf8');
}
