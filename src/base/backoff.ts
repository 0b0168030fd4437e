/** Delay in milliseconds before retry number `retry` (1 is the first retry). */
export type Backoff = (retry: number) => number;

/** `stepMs`, 2·`stepMs`, 3·`stepMs`, … */
export const linearBackoff =
  (stepMs: number): Backoff =>
  (retry) =>
    stepMs * retry;

/** `firstMs`, 2·`firstMs`, 4·`firstMs`, … up to `maxMs`. */
export const exponentialBackoff =
  (firstMs: number, maxMs: number): Backoff =>
  (retry) =>
    Math.min(maxMs, firstMs * 2 ** (retry - 1));
