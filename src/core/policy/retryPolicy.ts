import { type Backoff, exponentialBackoff, linearBackoff } from '../../base/backoff.ts';

export interface RetryPolicy {
  /** Name in the journal. */
  readonly code: 'R3' | 'BOOT_RETRY';
  /** Tries after the first one. */
  readonly retries: number;
  readonly backoff: Backoff;
}

/** For what fails in passing: 3 retries after 0.5, 1 and 2 s. */
export const r3: RetryPolicy = { code: 'R3', retries: 3, backoff: exponentialBackoff(500, 8000) };

/** For an agent server that does not become healthy: killed and started anew 2 times, after 1 and 2 s. */
export const bootRetry: RetryPolicy = { code: 'BOOT_RETRY', retries: 2, backoff: linearBackoff(1000) };
