import { createOpencodeClient, type OpencodeClient } from '@opencode-ai/sdk/v2/client';
import { Agent, fetch as undiciFetch } from 'undici';
import type { Clock } from '../../base/clock.ts';

/** A call to the server that did not succeed. `status` is null when there was no answer at all. */
export class ServerCallFailed extends Error {
  readonly status: number | null;
  constructor(what: string, status: number | null, detail: string) {
    super(`${what}: ${status === null ? 'no answer' : `status ${status}`}${detail ? `: ${detail}` : ''}`);
    this.name = 'ServerCallFailed';
    this.status = status;
  }
}

interface SdkResult<T> {
  readonly data?: T;
  readonly error?: unknown;
  readonly response?: { readonly status: number; readonly ok: boolean } | undefined;
}

export interface CallOptions {
  readonly signal?: AbortSignal | undefined;
  /** No answer after this many milliseconds fails the call; 30,000 by default; null for calls that last as long as their work. */
  readonly timeoutMs?: number | null;
}

const CALL_TIMEOUT_MS = 30_000;

/** The way to one server: its address and its password, and no other (INV-004). */
export class ServerConnection {
  readonly url: string;
  readonly #headers: Record<string, string>;
  readonly #clock: Clock;
  readonly #dispatcher = new Agent({ headersTimeout: 0, bodyTimeout: 0, keepAliveTimeout: 30_000, connections: null });
  readonly sdk: OpencodeClient;
  #answeredAt: number | null = null;

  constructor(options: { readonly url: string; readonly password: string; readonly directory: string; readonly clock: Clock }) {
    this.url = options.url;
    this.#clock = options.clock;
    this.#headers = { authorization: `Basic ${Buffer.from(`opencode:${options.password}`).toString('base64')}` };
    this.sdk = createOpencodeClient({
      baseUrl: options.url,
      headers: this.#headers,
      directory: options.directory,
      fetch: (input) => this.#fetch(input),
    });
  }

  /** Node's own fetch gives up on an answer after 300 s, which a command may well take. */
  async #fetch(input: string | URL | Request): Promise<Response> {
    const request = input instanceof Request ? input : new Request(input);
    const body = request.body === null ? null : await request.arrayBuffer();
    const response = await undiciFetch(request.url, {
      method: request.method,
      headers: [...request.headers],
      body,
      redirect: 'error',
      signal: request.signal,
      dispatcher: this.#dispatcher,
    });
    return response;
  }

  /**
   * Runs one call of the SDK and unwraps its answer.
   * @throws ServerCallFailed when it fails or times out; the signal's reason when aborted.
   */
  async call<T>(what: string, run: (signal: AbortSignal) => Promise<SdkResult<T>>, options: CallOptions = {}): Promise<NonNullable<T>> {
    options.signal?.throwIfAborted();
    const deadline = new AbortController();
    const timeoutMs = options.timeoutMs === undefined ? CALL_TIMEOUT_MS : options.timeoutMs;
    const timer =
      timeoutMs === null ? null : this.#clock.schedule(timeoutMs, () => deadline.abort(new Error(`no answer within ${timeoutMs} ms`)));
    try {
      const running = run(options.signal ? AbortSignal.any([options.signal, deadline.signal]) : deadline.signal);
      const result = await untilAborted(running, [deadline.signal, ...(options.signal ? [options.signal] : [])]);
      if (result.response !== undefined) this.#answeredAt = this.#clock.monotonic();
      if (result.response?.ok && result.error === undefined) return result.data as NonNullable<T>;
      options.signal?.throwIfAborted();
      throw new ServerCallFailed(what, result.response?.status ?? null, describe(result.error));
    } catch (error) {
      options.signal?.throwIfAborted();
      throw error instanceof ServerCallFailed ? error : new ServerCallFailed(what, null, describe(error));
    } finally {
      timer?.dispose();
    }
  }

  /** Whether the server has answered anything in the last so many milliseconds. */
  hasAnsweredWithin(ms: number): boolean {
    return this.#answeredAt !== null && this.#clock.monotonic() - this.#answeredAt <= ms;
  }

  /** True when the server says that it is healthy; false when it says anything else or nothing. */
  async isHealthy(timeoutMs: number, signal?: AbortSignal): Promise<{ readonly healthy: boolean; readonly version: string }> {
    try {
      const body = await this.call('health', (own) => this.sdk.global.health({ signal: own }), { timeoutMs, signal });
      return { healthy: body.healthy === true, version: body.version };
    } catch (error) {
      signal?.throwIfAborted();
      if (error instanceof ServerCallFailed) return { healthy: false, version: '' };
      throw error;
    }
  }

  /** Whether the server says anything at all within the time. @throws the signal's reason when aborted. */
  async answers(timeoutMs: number, signal?: AbortSignal): Promise<boolean> {
    try {
      await this.call('health', (own) => this.sdk.global.health({ signal: own }), { timeoutMs, signal });
      return true;
    } catch (error) {
      signal?.throwIfAborted();
      if (error instanceof ServerCallFailed) return error.status !== null;
      throw error;
    }
  }

  close(): void {
    this.#dispatcher.destroy().catch(() => {});
  }
}

/**
 * The promise, or the reason of the first signal that aborts. A request follows its signal by weak references, which the garbage collector
 * may cut: then it would never end.
 */
async function untilAborted<T>(running: Promise<T>, signals: readonly AbortSignal[]): Promise<T> {
  const { promise: aborted, reject } = Promise.withResolvers<never>();
  const onAbort = (event: Event): void => reject((event.target as AbortSignal).reason);
  for (const signal of signals) signal.addEventListener('abort', onAbort, { once: true });
  running.catch(() => {});
  try {
    return await Promise.race([running, aborted]);
  } finally {
    for (const signal of signals) signal.removeEventListener('abort', onAbort);
  }
}

function describe(error: unknown): string {
  if (error instanceof Error) return error.cause instanceof Error ? `${error.message} (${error.cause.message})` : error.message;
  const text = typeof error === 'string' ? error : (JSON.stringify(error) ?? '');
  return text.slice(0, 500);
}
