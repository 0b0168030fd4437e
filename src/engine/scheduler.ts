import { type Disposable, DisposableStore, toDisposable } from '../base/lifecycle.ts';
import { errorText } from '../base/log.ts';
import type { Entry } from '../core/journal/entry.ts';
import { event, type QueueCode } from '../core/journal/events.ts';
import type { RunState } from '../core/run/state.ts';
import { dependencyOf } from '../core/scheduling/dependencies.ts';
import { type PlacedRun, planStarts, type StartPlan, type WaitingRun } from '../core/scheduling/planStarts.ts';
import type { EngineDeps } from './deps.ts';
import type { Ledger } from './ledger.ts';
import type { WarmCells } from './warmCells.ts';

/** Memory is freed by other programs too, and nobody tells: so it is looked at again while a run waits for it. */
const LOOK_AT_MEMORY_MS = 2000;
/** Runnable processes per processor from which on one cell less is started at a time. */
const BUSY_LOAD = 2;
/** Longer than a person takes who is just about to answer. */
const REST_MS = 5000;
/** Entries after which another run may start. */
const WAKES: ReadonlySet<string> = new Set(['cell/ready', 'run/concluded', 'run/parked', 'run/resumed', 'run/finished', 'run/queued']);

/** Tells clients what is not journaled: where a run stands in line. */
type Announce = (live: { readonly run: string; readonly kind: 'queued'; readonly text: string }) => void;

export type Admission = { readonly admitted: true } | { readonly admitted: false; readonly reason: string };

interface Place extends PlacedRun {
  /** Kind of the cell made ahead that it was admitted for; null without one. */
  readonly warm: string | null;
}

/** A run that holds its place and only waits for a person. */
interface Resting {
  readonly since: number;
  readonly giveWay: () => void;
}

interface Waiter {
  readonly run: string;
  /** Runs ask for a place in the order in which they were asked for. */
  readonly order: number;
  readonly settle: (admission: Admission) => void;
  /** What was last journaled and last shown. */
  code: QueueCode | null;
  text: string;
  /** As in `Place`, if it were admitted now. */
  warm: string | null;
}

/** Hands out places: says which run may have a cell now, and why the others wait. A run holds its place while it has a server. */
export class Scheduler implements Disposable {
  readonly #deps: Pick<EngineDeps, 'options' | 'clock' | 'log'>;
  readonly #ledger: Ledger;
  readonly #warm: Pick<WarmCells, 'countFor' | 'discardAll'>;
  readonly #announce: Announce;
  readonly #store = new DisposableStore();
  readonly #waiters = new Map<string, Waiter>();
  readonly #placed = new Map<string, Place>();
  readonly #resting = new Map<string, Resting>();
  /** Runs that were asked to give way and are about to leave. */
  readonly #leaving = new Set<string>();
  readonly #turns = new Map<string, number>();
  #turn = 0;
  #order = 0;
  #isPlanned = false;
  #look: Disposable | null = null;
  #rested: Disposable | null = null;

  constructor(
    deps: Pick<EngineDeps, 'options' | 'clock' | 'log'>,
    ledger: Ledger,
    warm: Pick<WarmCells, 'countFor' | 'discardAll'>,
    announce: Announce,
  ) {
    this.#deps = deps;
    this.#ledger = ledger;
    this.#warm = warm;
    this.#announce = announce;
    this.#store.add(ledger.onAppended((entry) => this.#heard(entry)));
  }

  /**
   * Resolves when the run has a place, or at once when it has one already; not admitted when it can never start.
   * Abort gives up waiting, and rejects with the signal's reason.
   */
  enter(run: string, signal: AbortSignal): Promise<Admission> {
    signal.throwIfAborted();
    if (this.#placed.has(run)) return Promise.resolve({ admitted: true });
    const { submission } = placeOf(this.#ledger.expect(run));
    if (!this.#turns.has(submission)) this.#turns.set(submission, this.#turn);
    const { promise, resolve, reject } = Promise.withResolvers<Admission>();
    const giveUp = (): void => {
      this.#waiters.delete(run);
      reject(signal.reason);
      this.#replan();
    };
    signal.addEventListener('abort', giveUp, { once: true });
    const settle = (admission: Admission): void => {
      signal.removeEventListener('abort', giveUp);
      this.#waiters.delete(run);
      resolve(admission);
    };
    this.#order += 1;
    const { queued } = this.#ledger.expect(run);
    this.#waiters.set(run, { run, order: this.#order, settle, code: queued?.code ?? null, text: queued?.text ?? '', warm: null });
    this.#replan();
    return promise;
  }

  /** A run whose cell lives already, of an engine before this one, has a place, whatever the limits say now. */
  hold(run: string): void {
    const { submission, ports } = placeOf(this.#ledger.expect(run));
    this.#placed.set(run, { submission, isStarting: false, ports, warm: null });
  }

  hasPlace(run: string): boolean {
    return this.#placed.has(run);
  }

  /** Gives the place back, when the run has one. */
  leave(run: string): void {
    this.#leaving.delete(run);
    if (this.#placed.delete(run)) this.#replan();
  }

  /**
   * The run does nothing for now but wait for a person, until the result is disposed. When it has for some seconds and another could start in its
   * place, `giveWay` is called, once: it ends its server then and leaves.
   */
  rest(run: string, giveWay: () => void): Disposable {
    const resting: Resting = { since: this.#deps.clock.monotonic(), giveWay };
    this.#resting.set(run, resting);
    this.#replan();
    return toDisposable(() => {
      if (this.#resting.get(run) === resting) this.#resting.delete(run);
    });
  }

  /** It waits for what only a person can move on, so that nothing comes of it by itself. */
  restsOnPerson(run: string): boolean {
    return this.#waiters.get(run)?.code === 'person';
  }

  /** The run's state with what it waits for as it is now. */
  withPlace(state: RunState): RunState {
    const waiter = this.#waiters.get(state.run);
    return waiter === undefined || waiter.code === null ? state : { ...state, queued: { code: waiter.code, text: waiter.text } };
  }

  #heard({ type, run }: Entry): void {
    if (run === null || !WAKES.has(type)) return;
    const placed = this.#placed.get(run);
    if (type === 'cell/ready' && placed !== undefined) this.#placed.set(run, { ...placed, isStarting: false });
    this.#replan();
  }

  /** Once per turn of the loop, however much has changed in it. */
  #replan(): void {
    if (this.#isPlanned || this.#waiters.size === 0) return;
    this.#isPlanned = true;
    queueMicrotask(() => {
      this.#isPlanned = false;
      if (!this.#store.isDisposed) this.#act(this.#plan());
    });
  }

  /** @param without runs whose places are counted as free. */
  #plan(without: ReadonlySet<string> = new Set()): StartPlan {
    const { options } = this.#deps;
    const placed = [...this.#placed].filter(([run]) => !without.has(run));
    const busy = options.loadPerCore() > BUSY_LOAD;
    const capacity = {
      cells: options.cellLimit,
      // One more than can start at full speed: its files are written while the servers of the others come up.
      starts: options.parallelBoots + (busy ? 0 : 1),
      freeBytes: options.freeMemoryBytes() + (this.#placed.size - placed.length) * options.cellBytes,
      cellBytes: options.cellBytes,
      ports: options.portRange,
    };
    return planStarts(
      this.#waiting(),
      placed.map(([, place]) => place),
      capacity,
      this.#turns,
    );
  }

  #waiting(): WaitingRun[] {
    const left = new Map<string, number>();
    return [...this.#waiters.values()].map((waiter) => {
      const { run } = waiter;
      const state = this.#ledger.expect(run);
      const { after, ...place } = placeOf(state);
      const { key, count } = state.cell === null ? this.#warm.countFor(state.spec) : { key: '', count: 0 };
      const free = left.get(key) ?? count - this.#promised(key);
      left.set(key, free - 1);
      waiter.warm = free > 0 ? key : null;
      return {
        run,
        ...place,
        seq: waiter.order,
        hasBegun: state.startedAt !== null,
        hasCell: free > 0,
        dependencies: state.startedAt !== null ? [] : after.map((one) => dependencyOf(one.task, this.#ledger.state(one.run))),
      };
    });
  }

  /** Cells made ahead that are promised to runs that have not come to take them. */
  #promised(kind: string): number {
    return [...this.#placed].filter(([run, { warm }]) => warm === kind && this.#ledger.state(run)?.cell === null).length;
  }

  #act({ starts, refused, waits }: StartPlan): void {
    for (const run of starts) {
      const { submission, ports } = placeOf(this.#ledger.expect(run));
      this.#turn += 1;
      this.#turns.set(submission, this.#turn);
      const waiter = this.#waiters.get(run);
      const warm = waiter?.warm ?? null;
      this.#placed.set(run, { submission, isStarting: warm === null, ports, warm });
      waiter?.settle({ admitted: true });
    }
    for (const { run, reason } of refused) this.#waiters.get(run)?.settle({ admitted: false, reason });
    for (const { run, code, text } of waits) this.#tell(run, code, text);
    if (this.#waiters.size === 0) this.#forgetTurns();
    this.#lookAgain(waits.some(({ code }) => code === 'memory'));
    this.#rested?.dispose();
    this.#rested = null;
    if (waits.some(({ code }) => code === 'limit' || code === 'memory')) this.#makeRoom();
  }

  /** Has those that have rested longest give way, as many as it takes for others to start. */
  #makeRoom(): void {
    const { clock } = this.#deps;
    for (const [run, { since, giveWay }] of this.#resting) {
      if (this.#leaving.has(run) || !this.#placed.has(run)) continue;
      const now = this.#plan(this.#leaving).starts.length;
      if (this.#plan(new Set([...this.#leaving, run])).starts.length <= now) continue;
      const dueMs = since + REST_MS - clock.monotonic();
      if (dueMs > 0) {
        this.#rested = clock.schedule(dueMs, () => this.#replan());
        return;
      }
      this.#leaving.add(run);
      giveWay();
    }
  }

  /** Why a run waits is journaled; where it stands in line is only shown. */
  #tell(run: string, code: QueueCode, text: string): void {
    const waiter = this.#waiters.get(run);
    if (waiter === undefined || (waiter.code === code && waiter.text === text)) return;
    const isNew = waiter.code !== code;
    waiter.code = code;
    waiter.text = text;
    this.#announce({ run, kind: 'queued', text: `queued: ${text}` });
    if (!isNew) return;
    this.#ledger.append(run, 'engine', event('run/queued', { code, text })).catch((error: unknown) => {
      this.#deps.log.log('warn', 'why a run waits could not be recorded', { run, error: errorText(error) });
    });
  }

  #lookAgain(waitsForMemory: boolean): void {
    if (!waitsForMemory) {
      this.#look?.dispose();
      this.#look = null;
    }
    if (!waitsForMemory || this.#look !== null) return;
    // What is made ahead is the first to go.
    this.#warm.discardAll();
    this.#look = this.#deps.clock.schedule(LOOK_AT_MEMORY_MS, () => {
      this.#look = null;
      this.#replan();
    });
  }

  #forgetTurns(): void {
    if (this.#placed.size === 0) this.#turns.clear();
  }

  dispose(): void {
    this.#look?.dispose();
    this.#rested?.dispose();
    this.#store.dispose();
  }
}

/** Runs of journals of earlier versions were each asked for alone. */
const placeOf = ({ run, spec }: RunState) => {
  const { submission, priority, parallel, after } = spec.queue ?? { submission: run, priority: 0, parallel: null, after: [] };
  // One is the agent server's.
  return { submission, priority, parallel, after, ports: 1 + (spec.ports ?? 0) };
};
