import { exponentialBackoff } from '../../base/backoff.ts';
import type { Clock } from '../../base/clock.ts';
import type { GitOutput } from './gitCommand.ts';
import { isTransient } from './gitRefusals.ts';

/** How long a lock of another git is waited for. */
export const LOCK_WAIT_MS = 5_000;
const backoff = exponentialBackoff(20, 500);

/** Repeats a call that failed on somebody else's lock until it gets through or LOCK_WAIT_MS have passed; then its last output. */
export async function retryLocked(clock: Clock, call: () => Promise<GitOutput>, signal?: AbortSignal): Promise<GitOutput> {
  const startedAt = clock.monotonic();
  for (let retry = 1; ; retry += 1) {
    const output = await call();
    if (!isTransient(output) || clock.monotonic() - startedAt >= LOCK_WAIT_MS) return output;
    await clock.sleep(backoff(retry), signal);
  }
}
