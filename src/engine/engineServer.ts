import { type Disposable, DisposableStore } from '../base/lifecycle.ts';
import { errorText, type Log } from '../base/log.ts';
import { UserFacingError } from '../base/userFacingError.ts';
import type { Entry } from '../core/journal/entry.ts';
import type { Connection } from '../protocol/connection.ts';
import { type Method, methods, PROTOCOL_VERSION, RequestMessage } from '../protocol/messages.ts';
import type { Engine } from './engine.ts';

export interface ServerIdentity {
  readonly version: string;
  readonly engine: string;
  readonly pid: number;
}

const PAGE = 500;

const tooLarge = (method: string): UserFacingError =>
  new UserFacingError('environment', `The answer to the request ${method} is too large for one message of the engine.`, {
    actions: ['reactor export, which reads the journal without the engine'],
  });

/** Speaks the protocol with one client. The first request must be `hello`; every message is parsed before it is used. */
export class ClientSession implements Disposable {
  readonly #engine: Engine;
  readonly #connection: Connection;
  readonly #identity: ServerIdentity;
  readonly #log: Log;
  readonly #onShutdown: (drain: boolean) => void;
  readonly #store = new DisposableStore();
  #actor: string | null = null;
  #subscribed: DisposableStore | null = null;

  constructor(engine: Engine, connection: Connection, identity: ServerIdentity, log: Log, onShutdown: (drain: boolean) => void) {
    this.#engine = engine;
    this.#connection = connection;
    this.#identity = identity;
    this.#log = log;
    this.#onShutdown = onShutdown;
    this.#store.add(connection.onMessage((message) => void this.#receive(message)));
    this.#store.add(connection.onClosed(() => this.dispose()));
  }

  async #receive(raw: unknown): Promise<void> {
    const request = RequestMessage.safeParse(raw);
    if (!request.success) {
      this.#connection.close();
      return;
    }
    const { id, method, params } = request.data;
    try {
      if (!this.#connection.send({ id, result: await this.#answer(method, params) })) throw tooLarge(method);
    } catch (error) {
      this.#connection.send({ id, error: this.#explain(method, error) });
    }
  }

  #explain(method: string, error: unknown): { code: string; message: string; actions: readonly string[] } {
    if (error instanceof UserFacingError) return { code: error.code, message: error.message, actions: error.actions };
    this.#log.log('error', 'a request failed', { method, error: errorText(error) });
    const text = error instanceof Error ? error.message : String(error);
    return { code: 'environment', message: `The engine could not do this: ${text}. Its log has the details.`, actions: [] };
  }

  async #answer(method: string, raw: unknown): Promise<unknown> {
    if (!Object.hasOwn(methods, method))
      throw new UserFacingError(
        'engineVersion',
        `This engine does not know the request ${method}: it is of another version than the client.`,
        {
          actions: ['reactor engine --stop, and run the command again'],
        },
      );
    const parsed = methods[method as Method].params.safeParse(raw);
    if (!parsed.success)
      throw new UserFacingError('configuration', `The request ${method} is malformed: ${parsed.error.issues[0]?.message ?? ''}`);
    if (method === 'hello') return this.#hello(methods.hello.params.parse(raw));
    // A client of any version may ask the engine to end.
    if (method === 'shutdown') return this.#shutDown(raw);
    if (this.#actor === null) throw new UserFacingError('engineVersion', 'The client did not say hello first.');
    return this.#dispatch(method as Exclude<Method, 'hello' | 'shutdown'>, raw, this.#actor);
  }

  #hello(params: { protocol: number; version: string; person: string; attends: boolean }) {
    if (params.protocol !== PROTOCOL_VERSION) {
      throw new UserFacingError(
        'engineVersion',
        `The running engine is Reactor ${this.#identity.version} and speaks protocol ${PROTOCOL_VERSION}; this client is ${params.version} and speaks ${params.protocol}. Let its runs end, or stop it.`,
        { actions: ['reactor engine --stop'] },
      );
    }
    this.#actor = `person:${params.person.replace(/\s+/g, ' ').slice(0, 64) || 'unknown'}`;
    if (params.attends) this.#store.add(this.#engine.attendance.arrive());
    const head = this.#engine.status().head;
    return { protocol: PROTOCOL_VERSION, version: this.#identity.version, engine: this.#identity.engine, pid: this.#identity.pid, head };
  }

  #shutDown(raw: unknown): Record<string, never> {
    this.#onShutdown(methods.shutdown.params.parse(raw).drain);
    return {};
  }

  async #dispatch(method: Exclude<Method, 'hello' | 'shutdown'>, raw: unknown, actor: string): Promise<unknown> {
    const engine = this.#engine;
    switch (method) {
      case 'submit':
        return engine.submit(methods.submit.params.parse(raw), actor);
      case 'subscribe':
        return this.#subscribe(methods.subscribe.params.parse(raw));
      case 'ping':
        return {};
      case 'status':
        return engine.status();
      case 'runs':
        return { runs: engine.recent(methods.runs.params.parse(raw).limit) };
      case 'run':
        return { state: engine.find(methods.run.params.parse(raw).run) };
      case 'entries':
        return { entries: engine.entries(methods.entries.params.parse(raw)) };
      case 'answer':
        return engine.answer(methods.answer.params.parse(raw), actor);
      case 'revise':
        return engine.revise(methods.revise.params.parse(raw), actor);
      case 'cancel':
        return engine.cancel(methods.cancel.params.parse(raw).run, actor);
      case 'resume': {
        const { run, ...changes } = methods.resume.params.parse(raw);
        return engine.resume(run, changes, actor);
      }
      case 'restore': {
        const { run, attempt, tree } = methods.restore.params.parse(raw);
        return engine.restore(run, attempt, tree);
      }
      case 'clean':
        return { orphans: await engine.clean(methods.clean.params.parse(raw)) };
    }
  }

  /**
   * What is in the journal first, page by page as the client takes it, then what comes. Nothing is missed between the two: the last,
   * short page is read and the listener registered in one turn of the loop.
   */
  async #subscribe(params: { after: number; runs: readonly string[] | null; live: boolean }): Promise<{ head: number }> {
    this.#subscribed?.dispose();
    const own = this.#store.add(new DisposableStore());
    this.#subscribed = own;
    const wanted = params.runs === null ? null : new Set(params.runs);
    const only = wanted?.size === 1 ? ([...wanted][0] ?? null) : null;
    const send = (entry: Entry): void => {
      // A client that missed one would show what is not so.
      if ((wanted === null || (entry.run !== null && wanted.has(entry.run))) && !this.#connection.send({ entry })) this.#connection.close();
    };
    let seen = params.after;
    for (;;) {
      const page = this.#engine.entries({ from: seen + 1, run: only, limit: PAGE });
      for (const entry of page) {
        send(entry);
        seen = entry.seq;
      }
      if (page.length < PAGE) break;
      await this.#connection.drained();
      if (own.isDisposed) return { head: seen };
    }
    own.add(
      this.#engine.onAppended((entry) => {
        if (entry.seq > seen) send(entry);
      }),
    );
    if (params.live) {
      own.add(
        this.#engine.onLive((live) => {
          if (wanted === null || wanted.has(live.run)) this.#connection.send({ live });
        }),
      );
    }
    return { head: this.#engine.status().head };
  }

  dispose(): void {
    this.#store.dispose();
  }
}
