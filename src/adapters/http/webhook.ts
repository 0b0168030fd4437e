import { createHmac, randomUUID } from 'node:crypto';
import { request } from 'undici';
import { exponentialBackoff } from '../../base/backoff.ts';
import type { Clock } from '../../base/clock.ts';
import type { Disposable } from '../../base/lifecycle.ts';
import { errorText, type Log } from '../../base/log.ts';
import type { MoneyNotice, Notifier } from '../../core/ports/notices.ts';

const LONGEST_PAUSE_MS = 60_000;

export interface WebhookOptions {
  readonly clock: Clock;
  readonly log: Log;
  /** Holds the secrets by which notices are signed. */
  readonly env: NodeJS.ProcessEnv;
  /** Limit of one try, milliseconds. */
  readonly timeoutMs: number;
  /** Pause before the second try; doubles with each further one. */
  readonly firstRetryMs: number;
  readonly tries: number;
  /** Notices under way at most; what comes beyond is dropped and logged. */
  readonly most: number;
}

interface Delivery {
  readonly id: string;
  readonly url: string;
  readonly kind: string;
  readonly body: string;
  readonly secret: string | null;
}

/**
 * Posts notices as JSON. Each carries `x-reactor-delivery`, the same for every try of one notice, and `x-reactor-timestamp` (seconds); with a secret also
 * `x-reactor-signature: sha256=<hex>`, the HMAC-SHA256 of `<timestamp>.<body>`. A try that times out, fails, or is answered with 408, 429 or 5xx is
 * repeated; any other answer is final. Redirects are not followed.
 */
export function createWebhook(options: WebhookOptions): Notifier & Disposable {
  const { log, env, most } = options;
  const ending = new AbortController();
  let underWay = 0;
  return {
    notify({ url, secretEnv }, notice) {
      const to = hostOf(url);
      const secret = secretEnv === null ? null : (env[secretEnv] ?? '');
      // Unsigned where a signature was asked for, it could not be told from somebody else's.
      if (secret === '')
        return log.log('warn', 'a notice was not sent: the variable with its secret is not set', { to, variable: secretEnv ?? '' });
      if (underWay >= most) return log.log('warn', 'a notice was dropped: too many are under way', { to });
      underWay += 1;
      deliver(options, deliveryOf(url, secret, notice), ending.signal)
        .then((outcome) => {
          if (outcome !== null) log.log('warn', 'a notice could not be delivered', { to, error: outcome });
        })
        .catch((error: unknown) => log.log('error', 'a notice failed', { to, error: errorText(error) }))
        .finally(() => {
          underWay -= 1;
        });
    },
    dispose: () => ending.abort(new Error('the engine ends')),
  };
}

const deliveryOf = (url: string, secret: string | null, notice: MoneyNotice): Delivery => {
  const id = randomUUID();
  return { id, url, kind: notice.kind, secret, body: JSON.stringify({ version: 1, id, ...notice }) };
};

/** Null when it was taken, else what went wrong last. */
async function deliver(options: WebhookOptions, delivery: Delivery, signal: AbortSignal): Promise<string | null> {
  const { clock, tries, firstRetryMs } = options;
  const pause = exponentialBackoff(firstRetryMs, LONGEST_PAUSE_MS);
  let last = '';
  for (let attempt = 1; attempt <= tries; attempt += 1) {
    if (attempt > 1) await clock.sleep(pause(attempt - 1), signal).catch(() => {});
    if (signal.aborted) return last === '' ? 'the engine ended' : last;
    const outcome = await post(options, delivery, signal);
    if (outcome === null) return null;
    last = outcome.error;
    if (!outcome.isPassing) break;
  }
  return last;
}

async function post(
  { clock, timeoutMs }: WebhookOptions,
  { id, url, kind, body, secret }: Delivery,
  ending: AbortSignal,
): Promise<{ readonly error: string; readonly isPassing: boolean } | null> {
  const timestamp = String(Math.floor(clock.now() / 1000));
  const late = new AbortController();
  const timer = clock.schedule(timeoutMs, () => late.abort(new Error(`no answer within ${timeoutMs} ms`)));
  try {
    const response = await request(url, {
      method: 'POST',
      body,
      signal: AbortSignal.any([ending, late.signal]),
      headers: {
        'content-type': 'application/json',
        'user-agent': 'reactor',
        'x-reactor-event': `budget.${kind}`,
        'x-reactor-delivery': id,
        'x-reactor-timestamp': timestamp,
        ...(secret === null
          ? {}
          : { 'x-reactor-signature': `sha256=${createHmac('sha256', secret).update(`${timestamp}.${body}`).digest('hex')}` }),
      },
    });
    await response.body.dump({ limit: 64 * 1024 }).catch(() => {});
    const { statusCode } = response;
    if (statusCode >= 200 && statusCode < 300) return null;
    return { error: `answered with status ${statusCode}`, isPassing: statusCode === 408 || statusCode === 429 || statusCode >= 500 };
  } catch (error) {
    return { error: error instanceof Error ? error.message : String(error), isPassing: true };
  } finally {
    timer.dispose();
  }
}

/** Without path and query, where a token may stand. */
const hostOf = (url: string): string => {
  try {
    return new URL(url).host;
  } catch {
    return 'an invalid address';
  }
};
