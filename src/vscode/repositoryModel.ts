import { Emitter, type Event } from '../base/event.ts';
import { type Disposable, DisposableStore } from '../base/lifecycle.ts';
import { localDay } from '../base/localDay.ts';
import { errorText } from '../base/log.ts';
import type { Entry } from '../core/journal/entry.ts';
import type { JournalReader } from '../core/ports/journal.ts';
import type { RunState } from '../core/run/state.ts';
import { inboxOf } from '../engine/queries.ts';
import type { InboxItem, LiveMessage, Method, Params, Reply } from '../protocol/messages.ts';
import type { EditorHost } from './editorHost.ts';
import { EngineLink, type LinkState } from './engineLink.ts';
import { dayStart } from './notice/spending.ts';
import { RunFold } from './runFold.ts';

/** A repository as the editor knows it. */
export interface RepositoryPlace {
  /** The common git directory: the same for all worktrees and windows. */
  readonly id: string;
  /** Short name for people. */
  readonly name: string;
  /** The first folder of the workspace that lies in it, absolute. */
  readonly folder: string;
}

/**
 * What the editor knows of one repository's runs: the journal's states, then every entry folded in. With an engine it follows that one;
 * without, and with no run to go on with, it reads the journal again when the file changes. Starts an engine only for a request, or when
 * runs were left in the middle. Never acts on the repository.
 */
export class RepositoryModel implements Disposable {
  readonly place: RepositoryPlace;
  /** All folders of the workspace that lie in it or in a worktree of it, in the workspace's order. */
  folders: readonly string[];
  readonly #host: EditorHost;
  readonly #store = new DisposableStore();
  readonly #runs: RunFold;
  readonly #changedRun: Emitter<RunState>;
  readonly #changedInbox: Emitter<readonly InboxItem[]>;
  readonly #entry: Emitter<Entry>;
  readonly #live: Emitter<LiveMessage>;
  readonly #reset: Emitter<void>;
  readonly #changedState: Emitter<LinkState>;
  readonly #link: EngineLink;
  #opening: Promise<void> | null = null;
  #inbox: readonly InboxItem[] = [];
  #readOnly: string | null = null;
  #midnight: Disposable | null = null;

  constructor(place: RepositoryPlace, host: EditorHost) {
    this.place = place;
    this.folders = [place.folder];
    this.#host = host;
    const onError = (error: unknown): void => host.log.log('error', 'a view failed', { error: errorText(error) });
    this.#changedRun = this.#store.add(new Emitter<RunState>(onError));
    this.#changedInbox = this.#store.add(new Emitter<readonly InboxItem[]>(onError));
    this.#entry = this.#store.add(new Emitter<Entry>(onError));
    this.#live = this.#store.add(new Emitter<LiveMessage>(onError));
    this.#reset = this.#store.add(new Emitter<void>(onError));
    this.#changedState = this.#store.add(new Emitter<LinkState>(onError));
    this.#runs = new RunFold((run) => this.#changed(run));
    this.#link = this.#store.add(
      new EngineLink(place.folder, host, {
        head: () => this.#runs.head,
        openCount: () => this.#runs.openCount,
        refresh: () => this.#refresh(),
        receive: (entry) => this.#receive(entry),
        live: (message) => this.#hear(message),
        changedState: (state) => this.#turn(state),
      }),
    );
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
  get onDidChangeState(): Event<LinkState> {
    return this.#changedState.event;
  }

  get state(): LinkState {
    return this.#link.state;
  }
  /** Every run known, in the order in which they were asked for. */
  get runs(): ReadonlyMap<string, RunState> {
    return this.#runs.states;
  }
  get inbox(): readonly InboxItem[] {
    return this.#inbox;
  }
  /** Why nothing can be recorded and this only shows what was before, in one line; null when it can. After `open` and `refresh`. */
  get readOnly(): string | null {
    return this.#readOnly;
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

  /** Opens it, or, when it is open, reads again what no engine tells. @throws UserFacingError */
  async refresh(): Promise<void> {
    if (this.state === 'closed') return this.open();
    await this.#link.look();
    await this.#learnReadOnly();
  }

  async #begin(): Promise<void> {
    await this.#refresh();
    await this.#link.begin();
    await this.#learnReadOnly();
  }

  async #learnReadOnly(): Promise<void> {
    const before = this.#readOnly;
    this.#readOnly = await this.#host.readOnly(this.place.folder);
    if (this.#readOnly !== before) this.#reset.fire();
  }

  /** Asks the engine, which is started when there is none. @throws UserFacingError as the engine refused */
  async request<M extends Method>(method: M, params: Params<M>): Promise<Reply<M>> {
    await this.open();
    return this.#link.request(method, params);
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

  /** The costs of the runs charged or changed since, as of entry `seq`; read from the journal, with or without an engine. */
  async costs(since?: number): Promise<ReturnType<JournalReader['costs']>> {
    const reader = await this.#host.reader(this.place.folder);
    try {
      return reader.costs(since);
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
    const changed = this.#readInbox();
    this.#reset.fire();
    if (changed) this.#changedInbox.fire(this.#inbox);
    return true;
  }

  #receive(entry: Entry): void {
    const wasOpen = this.#runs.openCount;
    const unknown = this.#runs.fold(entry);
    if (unknown !== null) this.#fetch(unknown);
    this.#entry.fire(entry);
    if (wasOpen !== this.#runs.openCount) this.#link.considerRelease();
  }

  #hear(message: LiveMessage): void {
    if (message.kind === 'queued') this.#wait(message.run, message.text.replace(/^queued: /, ''));
    this.#live.fire(message);
  }

  #wait(run: string, text: string): void {
    const state = this.#runs.wait(run, text);
    if (state !== null) this.#changedRun.fire(state);
  }

  /** The journal tells why a run waits, but not where in line it has come to since. */
  #turn(state: LinkState): void {
    this.#changedState.fire(state);
    const client = this.#link.client;
    if (state !== 'live' || client === null || ![...this.#runs.states.values()].some(({ queued }) => queued !== null)) return;
    client.request('status', {}).then(
      ({ runs }) => {
        for (const { run, queued } of runs) if (queued !== null) this.#wait(run, queued.text);
      },
      (error: unknown) => this.#host.log.log('debug', 'what runs wait for could not be read', { error: errorText(error) }),
    );
  }

  /** An old run that the first reading left out has stirred again. */
  #fetch(run: string): void {
    this.#link.client?.request('run', { run }).then(
      ({ state }) => (state === null ? undefined : this.#runs.put(state)),
      (error: unknown) => this.#host.log.log('warn', 'a run could not be read', { run, error: errorText(error) }),
    );
  }

  #changed(run: RunState): void {
    this.#changedRun.fire(run);
    this.#updateInbox();
  }

  #updateInbox(): void {
    if (this.#readInbox()) this.#changedInbox.fire(this.#inbox);
  }

  /** @returns whether it is another one now, in what waits or in what is said of it */
  #readInbox(): boolean {
    const open = [...this.#runs.states.values()].filter(({ phase }) => phase !== 'ended');
    this.#waitForNewBudget(open);
    const next = inboxOf(open, localDay(this.#host.clock.now()));
    if (JSON.stringify(next) === JSON.stringify(this.#inbox)) return false;
    this.#inbox = next;
    return true;
  }

  /** While the budget of a day, week or month has parked something: a new one comes with midnight, without an entry in the journal. */
  #waitForNewBudget(open: readonly RunState[]): void {
    if (!open.some(({ parked }) => parked?.budget !== undefined)) {
      this.#midnight?.dispose();
      this.#midnight = null;
      return;
    }
    const { clock } = this.#host;
    const now = clock.now();
    this.#midnight ??= clock.schedule(dayStart(now, 1) - now, () => {
      this.#midnight = null;
      this.#updateInbox();
    });
  }

  dispose(): void {
    this.#midnight?.dispose();
    this.#store.dispose();
  }
}
