import { event } from '../core/journal/events.ts';
import { bootRetry, r3 } from '../core/policy/retryPolicy.ts';
import type { RunContext } from './runContext.ts';

const policies = { R3: r3, BOOT_RETRY: bootRetry } as const;

/**
 * Tries again by a recovery code while `attempt` returns a retryable failure. Each retry is journaled before it waits.
 * @returns the first success, or the last failure.
 */
export async function withRetries<T, F extends { readonly message: string }>(
  context: RunContext,
  code: keyof typeof policies,
  what: string,
  signal: AbortSignal,
  attempt: (
    retry: number,
  ) => Promise<{ readonly ok: true; readonly value: T } | { readonly ok: false; readonly error: F; readonly retryable: boolean }>,
): Promise<{ readonly ok: true; readonly value: T } | { readonly ok: false; readonly error: F }> {
  const { retries, backoff } = policies[code];
  for (let retry = 0; ; retry += 1) {
    const result = await attempt(retry);
    if (result.ok || !result.retryable || retry >= retries) return result;
    const delayMs = backoff(retry + 1);
    const { message } = result.error;
    await context.record(event('run/recoveryApplied', { code, what: `${what}: ${message}`.slice(0, 500), retry: retry + 1, delayMs }));
    await context.deps.clock.sleep(delayMs, signal);
  }
}
