import type { Event as ServerEvent } from '@opencode-ai/sdk/v2/client';
import type { Clock } from '../../base/clock.ts';
import { Emitter } from '../../base/event.ts';
import { errorText, type Log } from '../../base/log.ts';
import type { ServerConnection } from './serverConnection.ts';

const FIRST_RETRY_MS = 100;
const LAST_RETRY_MS = 2_000;
/** The server sends a heartbeat every 10 s; a stream silent for this long is dead though nobody closed it. */
const SILENCE_MS = 45_000;

/**
 * The events of one server, connected again whenever the stream ends. The stream has no replay: after `onDidReconnect` the
 * listener reads the state again.
 */
export class EventStream {
  readonly #connection: ServerConnection;
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #ending = new AbortController();
  readonly #events: Emitter<ServerEvent>;
  readonly #reconnects: Emitter<void>;

  constructor(connection: ServerConnection, clock: Clock, log: Log) {
    this.#connection = connection;
    this.#clock = clock;
    this.#log = log;
    const onError = (error: unknown): void => log.log('error', 'a listener of the event stream failed', { error: errorText(error) });
    this.#events = new Emitter<ServerEvent>(onError);
    this.#reconnects = new Emitter<void>(onError);
  }

  get onEvent(): Emitter<ServerEvent>['event'] {
    return this.#events.event;
  }

  get onDidReconnect(): Emitter<void>['event'] {
    return this.#reconnects.event;
  }

  /** Resolves when the server has greeted; goes on in the background until `close`. Rejects when `signal` aborts first. */
  connect(signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      const abort = (): void => {
        this.close();
        reject(signal.reason);
      };
      if (signal.aborted) return abort();
      signal.addEventListener('abort', abort, { once: true });
      let greeted = false;
      const onConnected = (): void => {
        if (greeted) return this.#reconnects.fire();
        greeted = true;
        signal.removeEventListener('abort', abort);
        resolve();
      };
      this.#follow(onConnected).catch((error: unknown) => {
        if (!this.#ending.signal.aborted) this.#log.log('error', 'the event stream stopped', { error: errorText(error) });
      });
    });
  }

  close(): void {
    this.#ending.abort(new Error('the event stream was closed'));
    this.#events.dispose();
    this.#reconnects.dispose();
  }

  async #follow(onConnected: () => void): Promise<void> {
    let retryMs = FIRST_RETRY_MS;
    while (!this.#ending.signal.aborted) {
      const attempt = new AbortController();
      const signal = AbortSignal.any([this.#ending.signal, attempt.signal]);
      let silence = this.#clock.schedule(SILENCE_MS, () => attempt.abort());
      try {
        const { stream } = await this.#connection.sdk.event.subscribe({}, { signal, sseMaxRetryAttempts: 1 });
        for await (const event of stream) {
          silence.dispose();
          silence = this.#clock.schedule(SILENCE_MS, () => attempt.abort());
          if (event.type === 'server.connected') {
            retryMs = FIRST_RETRY_MS;
            onConnected();
          } else this.#events.fire(event);
        }
      } catch (error) {
        if (!signal.aborted) this.#log.log('debug', 'the event stream broke', { error: errorText(error) });
      } finally {
        silence.dispose();
      }
      if (this.#ending.signal.aborted) return;
      await this.#clock.sleep(retryMs, this.#ending.signal).catch(() => {});
      retryMs = Math.min(LAST_RETRY_MS, retryMs * 2);
    }
  }
}
