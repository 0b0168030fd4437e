import { Emitter } from '../../../src/base/event.ts';
import { UserFacingError } from '../../../src/base/userFacingError.ts';
import type { Entry } from '../../../src/core/journal/entry.ts';
import type { DomainEvent } from '../../../src/core/journal/events.ts';
import { evolveRun } from '../../../src/core/run/evolve.ts';
import type { RunState } from '../../../src/core/run/state.ts';
import { EngineClient } from '../../../src/protocol/engineClient.ts';
import type { Method, Params } from '../../../src/protocol/messages.ts';

interface Subscriber {
  send(message: unknown): void;
  close(reason: string): void;
  subscription: { readonly after: number; readonly runs: readonly string[] | null } | null;
}

type Handlers = { [M in Method]?: (params: Params<M>) => unknown };

/** The engine's side of the protocol over memory: a journal that the test writes, answers that the test gives. */
export class FakeEngine {
  readonly entries: Entry[] = [];
  readonly states = new Map<string, RunState>();
  /** Every request but reading ones, as `method {…params}`. */
  readonly asked: string[] = [];
  /** Names of submissions, which differ from test to test, as they were asked for. */
  readonly submissions: (string | null)[] = [];
  readonly attended: boolean[] = [];
  handlers: Handlers = {};
  /** When set, connecting fails with it. */
  refuses: UserFacingError | null = null;
  at = 0;
  readonly #clients = new Set<Subscriber>();

  /** Appends events of a run, one second apart, and tells who has subscribed. @returns the last sequence number */
  tell(run: string, ...events: readonly DomainEvent[]): number {
    return this.tellAs('engine', run, ...events);
  }

  tellAs(actor: string, run: string, ...events: readonly DomainEvent[]): number {
    for (const { type, data } of events) {
      this.at += 1000;
      const seq = this.entries.length + 1;
      const entry: Entry = { seq, at: this.at, run, cell: null, actor, type, version: 1, data, prevHash: '', hash: '' };
      this.entries.push(entry);
      const state = evolveRun(this.states.get(run) ?? null, entry);
      if (state !== null) this.states.set(run, state);
      for (const client of this.#clients) if (wants(client, run) && seq > (client.subscription?.after ?? 0)) client.send({ entry });
    }
    return this.entries.length;
  }

  live(run: string, kind: 'text' | 'toolStarted' | 'retrying' | 'note' | 'queued', text: string): void {
    for (const client of this.#clients) if (wants(client, run)) client.send({ live: { run, kind, text } });
  }

  state(run: string): RunState {
    const state = this.states.get(run);
    if (state === undefined) throw new Error(`no run ${run}`);
    return state;
  }

  get clients(): number {
    return this.#clients.size;
  }

  die(reason = 'killed'): void {
    for (const client of [...this.#clients]) client.close(reason);
  }

  /** Its journal is gone, and a new one begun. */
  beginAnew(): void {
    this.entries.length = 0;
    this.states.clear();
  }

  connect(attends: boolean): EngineClient {
    if (this.refuses !== null) throw this.refuses;
    this.attended.push(attends);
    const messages = new Emitter<unknown>(rethrow);
    const closed = new Emitter<string>(rethrow);
    let isOpen = true;
    const end = (reason: string) => {
      if (!isOpen) return;
      isOpen = false;
      this.#clients.delete(client);
      closed.fire(reason);
    };
    const client: Subscriber = {
      send: (message) => queueMicrotask(() => (isOpen ? messages.fire(message) : undefined)),
      close: end,
      subscription: null,
    };
    this.#clients.add(client);
    return new EngineClient(
      {
        send: (message) => {
          queueMicrotask(() => (isOpen ? this.#receive(client, message as { id: number; method: Method; params: never }) : undefined));
          return true;
        },
        onMessage: messages.event,
        onClosed: closed.event,
        drained: () => Promise.resolve(),
        close: () => end('closed by this client'),
      },
      rethrow,
    );
  }

  #receive(client: Subscriber, { id, method, params }: { id: number; method: Method; params: never }): void {
    try {
      client.send({ id, result: this.#answer(client, method, params) });
    } catch (error) {
      if (!(error instanceof UserFacingError)) throw error;
      client.send({ id, error: { code: error.code, message: error.message, actions: error.actions } });
    }
  }

  #answer(client: Subscriber, method: Method, params: unknown): unknown {
    const handler = this.handlers[method] as ((given: unknown) => unknown) | undefined;
    switch (method) {
      case 'subscribe': {
        const { after, runs } = params as Params<'subscribe'>;
        client.subscription = { after, runs };
        for (const entry of this.entries) if (entry.seq > after && entry.run !== null && wants(client, entry.run)) client.send({ entry });
        return { head: this.entries.length };
      }
      case 'run': {
        const { run } = params as Params<'run'>;
        return { state: this.states.get(run) ?? [...this.states.values()].findLast(({ task }) => task === run) ?? null };
      }
      case 'runs':
        return { runs: [...this.states.values()].reverse() };
      case 'entries': {
        const { from, run, limit } = params as Params<'entries'>;
        return { entries: this.entries.filter((entry) => entry.seq >= from && (run === null || entry.run === run)).slice(0, limit) };
      }
      case 'status':
        return {
          runs: [...this.states.values()].filter(({ phase }) => phase !== 'ended'),
          cells: [],
          inbox: [],
          head: this.entries.length,
        };
      default:
        this.asked.push(`${method} ${JSON.stringify({ ...(params as object), submission: undefined })}`);
        if (method === 'submit') this.submissions.push((params as Params<'submit'>).submission ?? null);
        if (handler === undefined) throw new UserFacingError('notPossibleNow', `the fake engine has no answer to ${method}`);
        return handler(params);
    }
  }
}

const wants = ({ subscription }: Subscriber, run: string): boolean =>
  subscription !== null && (subscription.runs === null || subscription.runs.includes(run));

const rethrow = (error: unknown): void => {
  throw error;
};
