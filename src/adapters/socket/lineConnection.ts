import type { Socket } from 'node:net';
import type { Clock } from '../../base/clock.ts';
import { Emitter, type Event } from '../../base/event.ts';
import { LineSplitter } from './lineSplitter.ts';

/** One end of a byte stream that carries one JSON message per line. Satisfies the protocol's `Connection`. */
export interface LineConnection {
  /** Sends one message; drops it silently when the connection has closed. False when it is too long for one message: then nothing is sent. */
  send(message: unknown): boolean;
  /** A parsed line from the other end. Nothing is read before the first listener is there, so that no message is missed. */
  readonly onMessage: Event<unknown>;
  /** Fires once with the reason, also for a listener that comes after the end. */
  readonly onClosed: Event<string>;
  /** Sends what is queued, then closes; a reader that doesn't take it within a few seconds is cut off. */
  close(): void;
  /** Bytes sent but not yet taken by the other end. */
  readonly queuedBytes: number;
  /** Resolves when the queue is short again, or the connection has closed. A writer of much waits for it between parts. */
  drained(): Promise<void>;
}

export interface LineLimits {
  /** Longest line taken or sent, bytes. */
  readonly maxLineBytes: number;
  /** A peer with more than this unread is disconnected. */
  readonly maxQueuedBytes: number;
}

export const defaultLimits: LineLimits = { maxLineBytes: 16 * 1024 * 1024, maxQueuedBytes: 64 * 1024 * 1024 };

export interface LineDeps {
  readonly clock: Clock;
  /** Receives what a listener throws; the connection goes on. */
  readonly onListenerError: (error: unknown) => void;
  readonly limits?: LineLimits;
}

const closeGraceMs = 3000;

export function lineConnection(socket: Socket, deps: LineDeps): LineConnection {
  const limits = deps.limits ?? defaultLimits;
  const messages = new Emitter<unknown>(deps.onListenerError);
  const closings = new Emitter<string>(deps.onListenerError);
  const waitingForDrain = new Set<() => void>();
  const lines = new LineSplitter(limits.maxLineBytes);
  let closedBecause: string | null = null;
  let failure: string | null = null;

  const wakeWriters = () => {
    for (const wake of [...waitingForDrain]) wake();
    waitingForDrain.clear();
  };
  const fail = (reason: string) => {
    failure ??= reason;
    socket.destroy();
  };
  const onClose = () => {
    if (closedBecause !== null) return;
    closedBecause = failure ?? 'closed by the other end';
    closings.fire(closedBecause);
    wakeWriters();
    messages.dispose();
    closings.dispose();
  };

  socket.pause();
  socket.on('data', (chunk: Buffer) => {
    const outcome = lines.push(chunk);
    for (const line of outcome.lines) {
      if (failure !== null) return;
      const message = parsed(line);
      if (message === undefined) return fail('a message was not valid JSON');
      messages.fire(message.value);
    }
    if (outcome.overlong) fail(`a message was longer than ${limits.maxLineBytes} bytes`);
  });
  socket.on('drain', wakeWriters);
  socket.on('error', (error: NodeJS.ErrnoException) => {
    failure ??= error.code ?? error.message;
  });
  socket.on('close', onClose);

  return {
    send(message) {
      if (closedBecause !== null || failure !== null || !socket.writable) return true;
      const line = `${JSON.stringify(message)}\n`;
      if (Buffer.byteLength(line) > limits.maxLineBytes) return false;
      socket.write(line);
      if (socket.writableLength > limits.maxQueuedBytes) fail(`the other end left more than ${limits.maxQueuedBytes} bytes unread`);
      return true;
    },
    onMessage: (listener) => {
      const subscription = messages.event(listener);
      socket.resume();
      return subscription;
    },
    onClosed: (listener) => {
      if (closedBecause === null) return closings.event(listener);
      const late = new Emitter<string>(deps.onListenerError);
      const subscription = late.event(listener);
      const reason = closedBecause;
      queueMicrotask(() => late.fire(reason));
      return subscription;
    },
    close() {
      if (closedBecause !== null || socket.destroyed) return;
      failure ??= 'closed by this end';
      // Reading goes on so that the other end's farewell is seen; what it still says is dropped.
      socket.resume();
      socket.end();
      const cut = deps.clock.schedule(closeGraceMs, () => socket.destroy());
      socket.once('close', () => cut.dispose());
    },
    get queuedBytes() {
      return socket.writableLength;
    },
    drained: () =>
      closedBecause !== null || failure !== null || !socket.writableNeedDrain
        ? Promise.resolve()
        : new Promise((resolve) => waitingForDrain.add(resolve)),
  };
}

function parsed(line: string): { readonly value: unknown } | undefined {
  try {
    return { value: JSON.parse(line) };
  } catch {
    return undefined;
  }
}
