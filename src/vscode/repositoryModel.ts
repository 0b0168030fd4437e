import { exponentialBackoff } from '../base/backoff.ts';
import { Emitter, type Event } from '../base/event.ts';
import { type Disposable, DisposableStore } from '../base/lifecycle.ts';
import { errorText } from '../base/log.ts';
import { UserFacingError } from '../base/userFacingError.ts';
import type { Entry } from '../core/journal/entry.ts';
import type { RunState } from '../core/run/state.ts';
import { inboxOf } from '../engine/queries.ts';
import type { EngineClient } from '../protocol/engineClient.ts';
import type { InboxItem, LiveMessage, Method, Params, Reply } from '../protocol/messages.ts';
import type { EditorHost } from './editorHost.ts';
import { RunFold } from './runFold.ts';

/** A repository as the editor knows it. */
export interface RepositoryPlace {
  /** The common git directory: the same for all worktrees and windows. */
  readonly id: string;
  /** Short name for people. */
  readonly name: string;
  /** A folder of the workspace that lies in it, absolute. */
  readonly folder: string;
}

/** `resting`: read from the journal, no engine needed now. `live`: entries arrive from the engine. `lost`: it ended, and is looked for again. */
export type ModelState = 'closed' | 'resting' | 'live' | 'lost';

/** A connection with nothing open is given up after this time, so that the engine may end. */
const RELEASE_AFTER_MS = 60_000;
const retryDelay = exponentialBackoff(1000, 30_000);

/**
 * What the editor knows of one repository's runs: the journal's states, then every entry folded in. With an engine it follows that one;
 * without, and with no run to go on with, it reads the journal again when the file changes. Starts an engine only for a request, or when
 * runs were left in the middle. Never acts on the repository.
 */
export class RepositoryModel implements Disposable {
  readonly place: RepositoryPlace;
  readonly #host: EditorHost;
  readonly #store = new DisposableStore();
  readonly #runs: RunFold;
  readonly #changedRun: Emitter<RunState>;
  readonly #changedInbox: Emitter<readonly InboxItem[]>;
  readonly #entry: Emitter<Entry>;
  readonly #live: Emitter<LiveMessage>;
  readonly #reset: Emitter<void>;
  readonly #changedState: Emitter<ModelState>;
  #state: ModelState = 'closed';
  #opening: Promise<void> | null = null;
  #connecting: Promise<EngineClient | null> | null = null;
  #client: EngineClient | null = null;
  #clientStore: DisposableStore | null = null;
  #watch: Disposable | null = null;
  #release: Disposable | null = null;
  #retry: Disposable | null = null;
  #requests = 0;
  #inbox: readonly InboxItem[] = [];

  constructor(place: RepositoryPlace, host: EditorHost) {
    this.place = place;
    this.#host = host;
    const onError = (error: unknown): void => host.log.log('error', 'a view failed', { error: errorText(error) });
    this.#changedRun = this.#store.add(new Emitter<RunState>(onError));
    this.#changedInbox = this.#store.add(new Emitter<readonly InboxItem[]>(onError));
    this.#entry = this.#store.add(new Emitter<Entry>(onError));
    this.#live = this.#store.add(new Emitter<LiveMessage>(onError));
    this.#reset = this.#store.add(new Emitter<void>(onError));
    this.#changedState = this.#store.add(new Emitter<ModelState>(onError));
    this.#runs = new RunFold((run) => this.#changed(run));
  }

  /** One run has changed or is new. After `onDidReset` all of them may have. */
  get onDidChangeRun(): Event<RunState> {
    return this.#changedRun.event;
  }
  get onDidChangeInbox(): Event<readonly InboxItem[]> {
    return this.#changedInbox.event;
  }
  /** Entries as they are appended, in order, also those that bring a new connection up to date. Not without an engine. */
  get onEntry(): Event<Entry> {
    return this.#entry.event;
  }
  get onLive(): Event<LiveMessage> {
    return this.#live.event;
  }
  /** Everything was read anew. */
  get onDidReset(): Event<void> {
    return this.#reset.event;
  }
  get onDidChangeState(): Event<ModelState> {
    return this.#changedState.event;
  }

  get state(): ModelState {
    return this.#state;
  }
  /** Every run known, in the order in which they were asked for. */
  get runs(): ReadonlyMap<string, RunState> {
    return this.#runs.states;
  }
  get inbox(): readonly InboxItem[] {
    return this.#inbox;
  }
  /** Sequence number of the last entry seen. */
  get head(): number {
    return this.#runs.head;
  }
  /** By run id, or the last run of a task. */
  run(name: string): RunState | null {
    return this.#runs.states.get(name) ?? this.lastRunOf(name);
  }
  lastRunOf(task: string): RunState | null {
    const run = this.#runs.lastOfTask.get(task);
    return run === undefined ? null : (this.#runs.states.get(run) ?? null);
  }
  /** The last run of each task, newest task first. */
  tasks(): RunState[] {
    return [...this.#runs.lastOfTask.values()].flatMap((run) => this.#runs.states.get(run) ?? []).reverse();
  }

  /** Reads the journal and, when an engine lives or is needed, follows it. Twice does it once. @throws UserFacingError; then it can be tried again */
  open(): Promise<void> {
    this.#opening ??= this.#begin().catch((error: unknown) => {
      this.#opening = null;
      throw error;
    });
    return this.#opening;
  }

  async #begin(): Promise<void> {
    await this.#refresh();
    const client = await this.#connect('ifRunsOpen');
    if (client === null) await this.#rest();
  }

  /** Asks the engine, which is started when there is none. @throws UserFacingError as the engine refused */
  async request<M extends Method>(method: M, params: Params<M>): Promise<Reply<M>> {
    await this.open();
    this.#requests += 1;
    try {
      const client = await this.#connect('always');
      if (client === null) throw new UserFacingError('engineUnavailable', 'The engine could not be reached. Nothing was changed.');
      return await client.request(method, params);
    } finally {
      this.#requests -= 1;
      this.#considerRelease();
    }
  }

  /** Entries of one run or of all, in order, at most `limit`; read from the journal, with or without an engine. */
  async entries(query: { readonly from: number; readonly run: string | null; readonly limit: number }): Promise<readonly Entry[]> {
    const reader = await this.#host.reader(this.place.folder);
    try {
      const { from, run, limit } = query;
      return reader.read({ from, limit, ...(run === null ? {} : { run }) });
    } finally {
      reader.close();
    }
  }

  /** @returns whether there was anything new */
  async #refresh(): Promise<boolean> {
    const reader = await this.#host.reader(this.place.folder);
    try {
      if (this.#runs.head > 0 && reader.head() === this.#runs.head) return false;
      this.#runs.replace(reader);
    } finally {
      reader.close();
    }
    this.#reset.fire();
    this.#updateInbox();
    return true;
  }

  #connect(start: 'always' | 'ifRunsOpen' | 'never'): Promise<EngineClient | null> {
    if (this.#client !== null) return Promise.resolve(this.#client);
    const before = this.#connecting;
    const mine = (async () => {
      // One at a time; one that may start an engine still tries after one that may not has found none.
      const found = before === null ? null : await before.catch(() => null);
      return found ?? this.#client ?? (await this.#host.connect(this.place.folder, { start, attends: true }).then((c) => this.#follow(c)));
    })();
    this.#connecting = mine;
    const clear = (): void => {
      if (this.#connecting === mine) this.#connecting = null;
    };
    mine.then(clear, clear);
    return mine;
  }

  async #follow(client: EngineClient | null): Promise<EngineClient | null> {
    if (client === null) return null;
    if (this.#store.isDisposed) {
      client.dispose();
      return null;
    }
    const own = new DisposableStore();
    own.add(client);
    own.add(client.onEntry((entry) => this.#receive(entry)));
    own.add(client.onLive((live) => this.#live.fire(live)));
    own.add(client.onClosed(() => this.#closed(client)));
    this.#client = client;
    this.#clientStore = own;
    this.#watch?.dispose();
    this.#watch = null;
    try {
      await client.request('subscribe', { after: this.#runs.head, runs: null, live: true });
    } catch (error) {
      if (this.#client === client) this.#drop();
      throw error;
    }
    if (this.#client === client) this.#setState('live');
    this.#considerRelease();
    return client;
  }

  #receive(entry: Entry): void {
    const wasOpen = this.#runs.openCount;
    const unknown = this.#runs.fold(entry);
    if (unknown !== null) this.#fetch(unknown);
    this.#entry.fire(entry);
    if (wasOpen !== this.#runs.openCount) this.#considerRelease();
  }

  /** An old run that the first reading left out has stirred again. */
  #fetch(run: string): void {
    const client = this.#client;
    if (client === null) return;
    client.request('run', { run }).then(
      ({ state }) => (state === null ? undefined : this.#runs.put(state)),
      (error: unknown) => this.#host.log.log('warn', 'a run could not be read', { run, error: errorText(error) }),
    );
  }

  #changed(run: RunState): void {
    this.#changedRun.fire(run);
    this.#updateInbox();
  }

  #updateInbox(): void {
    const next = inboxOf([...this.#runs.states.values()].filter(({ phase }) => phase !== 'ended'));
    const key = (items: readonly InboxItem[]) => items.map(({ run, id, tree }) => `${run}/${id}/${tree}`).join('\n');
    if (key(next) === key(this.#inbox)) return;
    this.#inbox = next;
    this.#changedInbox.fire(next);
  }

  #closed(client: EngineClient): void {
    if (this.#client !== client) return;
    this.#drop();
    if (this.#store.isDisposed) return;
    this.#setState('lost');
    this.#reconnect(1);
  }

  #drop(): void {
    const own = this.#clientStore;
    this.#client = null;
    this.#clientStore = null;
    this.#release?.dispose();
    this.#release = null;
    own?.dispose();
  }

  #reconnect(retry: number): void {
    if (this.#client !== null) return;
    this.#retry?.dispose();
    this.#retry = this.#host.clock.schedule(retryDelay(retry), () => {
      if (this.#client !== null || this.#store.isDisposed) return;
      this.#connect('ifRunsOpen')
        .then(async (client) => {
          if (client === null) await this.#rest();
        })
        .catch((error: unknown) => {
          this.#host.log.log('warn', 'the engine could not be reached', { retry, error: errorText(error) });
          this.#reconnect(retry + 1);
        });
    });
  }

  /** Without an engine: the file is looked at again when it changes, and an engine that another client started is followed. */
  async #rest(): Promise<void> {
    if (this.#client !== null || this.#store.isDisposed) return;
    if (this.#watch === null) {
      const watch = await this.#host.watchJournal(this.place.folder, () => this.#lookAgain());
      if (this.#client !== null || this.#store.isDisposed || this.#watch !== null) watch.dispose();
      else this.#watch = watch;
    }
    await this.#refresh();
    if (this.#client === null) this.#setState('resting');
  }

  /** An engine's sign of life changes the file too: only entries count, or two resting windows would keep an idle engine alive. */
  #lookAgain(): void {
    if (this.#client !== null || this.#store.isDisposed) return;
    this.#refresh()
      .then((isNew) => (isNew && this.#runs.openCount > 0 ? this.#connect('ifRunsOpen') : null))
      .catch((error: unknown) => this.#host.log.log('warn', 'the journal could not be read', { error: errorText(error) }));
  }

  /** Gives the connection up some time after the last run has come to rest. */
  #considerRelease(): void {
    this.#release?.dispose();
    this.#release = null;
    if (this.#client === null || this.#runs.openCount > 0 || this.#requests > 0) return;
    this.#release = this.#host.clock.schedule(RELEASE_AFTER_MS, () => {
      if (this.#client === null || this.#runs.openCount > 0 || this.#requests > 0) return;
      this.#drop();
      this.#rest().catch((error: unknown) => this.#host.log.log('warn', 'the journal could not be read', { error: errorText(error) }));
    });
  }

  #setState(state: ModelState): void {
    if (this.#state === state) return;
    this.#state = state;
    this.#changedState.fire(state);
  }

  dispose(): void {
    if (this.#store.isDisposed) return;
    this.#store.dispose();
    this.#watch?.dispose();
    this.#retry?.dispose();
    this.#drop();
    this.#state = 'closed';
  }
}
