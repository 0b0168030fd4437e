import type { Clock } from '../base/clock.ts';
import { Emitter, type Event } from '../base/event.ts';
import { type Disposable, DisposableStore } from '../base/lifecycle.ts';
import { type UserErrorCode, UserFacingError } from '../base/userFacingError.ts';
import type { Entry } from '../core/journal/entry.ts';
import type { Connection } from './connection.ts';
import { EngineMessage, type LiveMessage, type Method, methods, type Params, type Reply } from './messages.ts';
import { watchForSilence } from './silenceWatch.ts';

/** A typed client of the engine: requests in, journal entries and live messages out. */
export class EngineClient implements Disposable {
  readonly #connection: Connection;
  readonly #store = new DisposableStore();
  readonly #waiting = new Map<number, { method: Method; resolve: (value: unknown) => void; reject: (error: unknown) => void }>();
  readonly #entries: Emitter<Entry>;
  readonly #live: Emitter<LiveMessage>;
  readonly #closed: Emitter<string>;
  #nextId = 1;
  #heard = 0;
  #isSubscribed = false;
  #closedBecause: string | null = null;

  constructor(connection: Connection, onListenerError: (error: unknown) => void) {
    this.#connection = connection;
    this.#entries = this.#store.add(new Emitter<Entry>(onListenerError));
    this.#live = this.#store.add(new Emitter<LiveMessage>(onListenerError));
    this.#closed = this.#store.add(new Emitter<string>(onListenerError));
    this.#store.add(connection.onMessage((message) => this.#receive(message)));
    this.#store.add(connection.onClosed((reason) => this.#end(reason)));
  }

  /** Entries of the present subscription, in journal order. */
  get onEntry(): Event<Entry> {
    return this.#entries.event;
  }
  get onLive(): Event<LiveMessage> {
    return this.#live.event;
  }
  /** The engine has gone or closed the connection; open requests have been rejected with `engineUnavailable`. */
  get onClosed(): Event<string> {
    return this.#closed.event;
  }

  /**
   * From now on the connection ends when the engine says nothing for `silentMs` while a request is open or a subscription stands: then whoever
   * waits learns that it is stopped or stuck.
   */
  endWhenSilent(clock: Clock, silentMs: number): void {
    const listening = {
      heard: () => this.#heard,
      isWaiting: () => this.#isSubscribed || this.#waiting.size > 0,
      // Any answer will do, also that of an engine which does not know the request.
      askForSign: () => void this.request('ping', {}).catch(() => {}),
      giveUp: (reason: string) => {
        this.#connection.close();
        this.#end(reason);
      },
    };
    this.#store.add(watchForSilence(listening, clock, silentMs));
  }

  /** @throws UserFacingError as the engine refused, or `engineUnavailable` when the connection ended first. */
  async request<M extends Method>(method: M, params: Params<M>): Promise<Reply<M>> {
    if (this.#closedBecause !== null) throw gone(this.#closedBecause);
    if (method === 'subscribe') this.#isSubscribed = true;
    const id = this.#nextId++;
    const result = await new Promise<unknown>((resolve, reject) => {
      this.#waiting.set(id, { method, resolve, reject });
      if (this.#connection.send({ id, method, params })) return;
      this.#waiting.delete(id);
      const message = `The request ${method} is too large for one message to the engine, and was not sent. Ask for less at once.`;
      reject(new UserFacingError('environment', message));
    });
    return methods[method].result.parse(result) as Reply<M>;
  }

  #receive(raw: unknown): void {
    this.#heard += 1;
    const parsed = EngineMessage.safeParse(raw);
    if (!parsed.success) {
      this.#connection.close();
      this.#end('the engine said something this version does not understand; end it with: reactor engine --stop');
      return;
    }
    const message = parsed.data;
    if ('entry' in message) return this.#entries.fire(message.entry);
    if ('live' in message) return this.#live.fire(message.live);
    const waiting = this.#waiting.get(message.id);
    if (waiting === undefined) return;
    this.#waiting.delete(message.id);
    if ('error' in message) {
      const { code, message: text, actions } = message.error;
      waiting.reject(new UserFacingError(code as UserErrorCode, text, { actions }));
    } else waiting.resolve(message.result);
  }

  #end(reason: string): void {
    if (this.#closedBecause !== null) return;
    this.#closedBecause = reason;
    for (const { reject } of this.#waiting.values()) reject(gone(reason));
    this.#waiting.clear();
    this.#closed.fire(reason);
  }

  dispose(): void {
    this.#connection.close();
    this.#end('closed by this client');
    this.#store.dispose();
  }
}

const gone = (reason: string) =>
  new UserFacingError(
    'engineUnavailable',
    `The connection to the engine has ended (${reason}). Work in cells is kept; run the command again to go on.`,
  );
