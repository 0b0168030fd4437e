import type { Event } from '../base/event.ts';

/** One end of a byte stream that carries one JSON message per line. Implemented over a local socket. */
export interface Connection {
  /** Sends one message; drops it silently when the connection has closed. False when it is too long for one message: then nothing is sent. */
  send(message: unknown): boolean;
  /** A parsed line from the other end. */
  readonly onMessage: Event<unknown>;
  /** Fires once. */
  readonly onClosed: Event<string>;
  close(): void;
  /** Resolves when what was sent has mostly been taken. A writer of much waits for it between parts. */
  drained(): Promise<void>;
}
