import { exponentialBackoff } from '../base/backoff.ts';
import { type Disposable, DisposableStore } from '../base/lifecycle.ts';
import { errorText } from '../base/log.ts';
import { UserFacingError } from '../base/userFacingError.ts';
import type { Entry } from '../core/journal/entry.ts';
import type { EngineClient } from '../protocol/engineClient.ts';
import type { LiveMessage, Method, Params, Reply } from '../protocol/messages.ts';
import type { EditorHost } from './editorHost.ts';

/** `resting`: read from the journal, no engine needed now. `live`: entries arrive from the engine. `lost`: it ended, and is looked for again. */
export type LinkState = 'closed' | 'resting' | 'live' | 'lost';

/** What a link needs of the one it brings entries to. */
export interface LinkOwner {
  /** Sequence number of the last entry known. */
  head(): number;
  /** Runs that an engine would have to go on with. */
  openCount(): number;
  /** Reads the journal anew. @returns whether there was anything new */
  refresh(): Promise<boolean>;
  receive(entry: Entry): void;
  live(message: LiveMessage): void;
  changedState(state: LinkState): void;
}

/** A connection with nothing open is given up after this time, so that the engine may end. */
const RELEASE_AFTER_MS = 60_000;
const retryDelay = exponentialBackoff(1000, 30_000);

/**
 * The way to the engine of one repository, when there is one. It connects when something is asked or runs were left in the middle, follows what
 * the engine says, comes back after a loss, and gives the connection up when nothing is open; then it watches the journal's file.
 */
export class EngineLink implements Disposable {
  readonly #folder: string;
  readonly #host: EditorHost;
  readonly #owner: LinkOwner;
  #state: LinkState = 'closed';
  #isDisposed = false;
  #connecting: Promise<EngineClient | null> | null = null;
  #client: EngineClient | null = null;
  #clientStore: DisposableStore | null = null;
  #watch: Disposable | null = null;
  #release: Disposable | null = null;
  #retry: Disposable | null = null;
  #requests = 0;

  constructor(folder: string, host: EditorHost, owner: LinkOwner) {
    this.#folder = folder;
    this.#host = host;
    this.#owner = owner;
  }

  get state(): LinkState {
    return this.#state;
  }
  /** The engine followed now, or null. */
  get client(): EngineClient | null {
    return this.#client;
  }

  /** Follows an engine when one lives or runs were left in the middle, else watches the file. @throws UserFacingError */
  async begin(): Promise<void> {
    const client = await this.#connect('ifRunsOpen');
    if (client === null) await this.#rest();
  }

  /** Asks the engine, which is started when there is none. @throws UserFacingError as the engine refused */
  async request<M extends Method>(method: M, params: Params<M>): Promise<Reply<M>> {
    this.#requests += 1;
    try {
      const client = await this.#connect('always');
      if (client === null) throw new UserFacingError('engineUnavailable', 'The engine could not be reached. Nothing was changed.');
      return await client.request(method, params);
    } finally {
      this.#requests -= 1;
      this.considerRelease();
    }
  }

  /** Gives the connection up some time after the last run has come to rest. To be called when the number of open runs has changed. */
  considerRelease(): void {
    this.#release?.dispose();
    this.#release = null;
    if (!this.#isIdle()) return;
    this.#release = this.#host.clock.schedule(RELEASE_AFTER_MS, () => {
      if (!this.#isIdle()) return;
      this.#drop();
      this.#rest().catch((error: unknown) => this.#host.log.log('warn', 'the journal could not be read', { error: errorText(error) }));
    });
  }

  #isIdle(): boolean {
    return this.#client !== null && this.#owner.openCount() === 0 && this.#requests === 0;
  }

  #connect(start: 'always' | 'ifRunsOpen' | 'never'): Promise<EngineClient | null> {
    if (this.#client !== null) return Promise.resolve(this.#client);
    const before = this.#connecting;
    const mine = (async () => {
      // One at a time; one that may start an engine still tries after one that may not has found none.
      const found = before === null ? null : await before.catch(() => null);
      return found ?? this.#client ?? (await this.#host.connect(this.#folder, { start, attends: true }).then((c) => this.#follow(c)));
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
    if (this.#isDisposed) {
      client.dispose();
      return null;
    }
    const own = new DisposableStore();
    own.add(client);
    own.add(client.onEntry((entry) => this.#owner.receive(entry)));
    own.add(client.onLive((live) => this.#owner.live(live)));
    own.add(client.onClosed(() => this.#closed(client)));
    this.#client = client;
    this.#clientStore = own;
    this.#watch?.dispose();
    this.#watch = null;
    try {
      await this.#subscribe(client);
    } catch (error) {
      if (this.#client === client) this.#drop();
      throw error;
    }
    if (this.#client === client) this.#setState('live');
    this.considerRelease();
    return client;
  }

  async #subscribe(client: EngineClient): Promise<void> {
    const after = this.#owner.head();
    const { head } = await client.request('subscribe', { after, runs: null, live: true });
    // Not the journal that was read: it was removed or replaced, and a new one begun.
    if (head < after && (await this.#owner.refresh()))
      await client.request('subscribe', { after: this.#owner.head(), runs: null, live: true });
  }

  #closed(client: EngineClient): void {
    if (this.#client !== client) return;
    this.#drop();
    if (this.#isDisposed) return;
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
      if (this.#client !== null || this.#isDisposed) return;
      this.begin().catch((error: unknown) => {
        this.#host.log.log('warn', 'the engine could not be reached', { retry, error: errorText(error) });
        this.#reconnect(retry + 1);
      });
    });
  }

  /** Without an engine: the file is looked at again when it changes, and an engine that another client started is followed. */
  async #rest(): Promise<void> {
    if (this.#client !== null || this.#isDisposed) return;
    if (this.#watch === null) {
      const watch = await this.#host.watchJournal(this.#folder, () => this.#lookAgain());
      if (this.#client !== null || this.#isDisposed || this.#watch !== null) watch.dispose();
      else this.#watch = watch;
    }
    await this.#owner.refresh();
    if (this.#client === null) this.#setState('resting');
  }

  /**
   * Reads the journal again where no engine tells of it, and follows an engine when there is something to go on with. An engine's sign of life
   * changes the file too: only entries count, or two resting windows would keep an idle engine alive. @throws UserFacingError
   */
  async look(): Promise<void> {
    if (this.#client !== null || this.#isDisposed) return;
    if (this.#state === 'lost') return this.begin();
    if ((await this.#owner.refresh()) && this.#owner.openCount() > 0) await this.#connect('ifRunsOpen');
  }

  #lookAgain(): void {
    this.look().catch((error: unknown) => this.#host.log.log('warn', 'the journal could not be read', { error: errorText(error) }));
  }

  #setState(state: LinkState): void {
    if (this.#state === state) return;
    this.#state = state;
    this.#owner.changedState(state);
  }

  dispose(): void {
    if (this.#isDisposed) return;
    this.#isDisposed = true;
    this.#watch?.dispose();
    this.#retry?.dispose();
    this.#drop();
    this.#setState('closed');
  }
}
