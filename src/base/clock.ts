import type { Disposable } from './lifecycle.ts';

/** The only source of time. Tests use a clock that is advanced by hand. */
export interface Clock {
  /** Milliseconds since the Unix epoch; may jump. */
  now(): number;
  /** Milliseconds from an arbitrary start; never goes back. Use it for durations. */
  monotonic(): number;
  /** Resolves after `ms`; rejects with the signal's reason when aborted. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
  /** Calls `run` once after `ms` unless disposed before. Does not keep the process alive by itself. */
  schedule(ms: number, run: () => void): Disposable;
}
