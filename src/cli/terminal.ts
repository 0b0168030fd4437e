import type { Clock } from '../base/clock.ts';
import type { Disposable } from '../base/lifecycle.ts';

/** A stream that a person or another program reads. */
export interface OutputStream {
  readonly isTTY: boolean;
  /** Width and height now; 80 by 24 where nobody says. */
  readonly columns: number;
  readonly rows: number;
  /** Does nothing when the reader has gone. */
  write(text: string): void;
  /** Resolves when everything written has been taken, or the reader has gone. */
  flush(): Promise<void>;
  /** Aborted when the reader has gone (`reactor logs -f | head`), or nothing more can be written. */
  readonly readerGone: AbortSignal;
  /** Why not all was written although somebody wants it, such as a full disk; null when all was, or the reader has gone. */
  readonly failure: Error | null;
}

/** What the command line sits in: the process's streams, keys, signals, environment and time. Tests give one of their own. */
export interface Terminal {
  /** Arguments after the command's own name. */
  readonly argv: readonly string[];
  /** The present working folder, absolute. */
  readonly folder: string;
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly version: string;
  readonly stdout: OutputStream;
  readonly stderr: OutputStream;
  readonly stdinIsTTY: boolean;
  readonly clock: Clock;
  /**
   * Shows `question` on standard error and reads one line. Null at the end of the input.
   * Rejects with the signal's reason when aborted. Ctrl-C goes to the interrupt handlers and leaves the question open.
   */
  ask(question: string, signal?: AbortSignal): Promise<string | null>;
  /** Everything on standard input. @throws RangeError past `maxBytes`. */
  readInput(maxBytes: number): Promise<string>;
  /** Single keys without Enter, as text, until disposed. Ctrl-C goes to the interrupt handlers. */
  onKey(listener: (key: string) => void): Disposable;
  /** SIGINT or SIGTERM; while a handler is registered they don't end the process. */
  onInterrupt(handler: (signal: 'SIGINT' | 'SIGTERM') => void): Disposable;
  /** Local time of day, as `14:03:09`. */
  timeOfDay(at: number): string;
  /** Local day, as `2026-05-20`. */
  dayOf(at: number): string;
}
