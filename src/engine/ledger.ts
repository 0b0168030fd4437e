import { Emitter, type Event } from '../base/event.ts';
import type { Disposable } from '../base/lifecycle.ts';
import type { Entry } from '../core/journal/entry.ts';
import type { DomainEvent, EventType } from '../core/journal/events.ts';
import type { Durability } from '../core/ports/journal.ts';
import { evolveRun } from '../core/run/evolve.ts';
import type { RunState } from '../core/run/state.ts';
import type { EngineDeps } from './deps.ts';

/** What must be on disk before anything is done because of it: words of people, commits, landings, money. */
const durable: ReadonlySet<EventType> = new Set<EventType>([
  'run/requested',
  'run/cancelRequested',
  'run/concluded',
  'approval/answered',
  'attempt/committed',
  'landing/landed',
  'message/finished',
  'charge/recorded',
  'run/budgetRaised',
]);

/** The engine's way to the journal: stamps and appends events, keeps the fold of open runs, announces what was appended. */
export class Ledger implements Disposable {
  readonly #deps: Pick<EngineDeps, 'journal' | 'clock' | 'log' | 'secrets'>;
  readonly #states = new Map<string, RunState>();
  readonly #appended: Emitter<Entry>;

  constructor(deps: Pick<EngineDeps, 'journal' | 'clock' | 'log' | 'secrets'>) {
    this.#deps = deps;
    this.#appended = new Emitter<Entry>((error) => deps.log.log('error', 'a listener of the journal failed', { error: String(error) }));
    for (const state of deps.journal.openRuns()) this.#states.set(state.run, state);
  }

  /** Fires after an entry is stored and folded. */
  get onAppended(): Event<Entry> {
    return this.#appended.event;
  }

  /** The run's state now: an open run from memory, an ended one from the journal. */
  state(run: string): RunState | null {
    return this.#states.get(run) ?? this.#deps.journal.run(run);
  }

  /** @throws Error when the run is unknown: a bug of the caller. */
  expect(run: string): RunState {
    const state = this.state(run);
    if (state === null) throw new Error(`no run ${run}`);
    return state;
  }

  openRuns(): readonly RunState[] {
    return [...this.#states.values()];
  }

  /** Appends events of one run (or of none) in one transaction. Resolves when they are as durable as their kind needs. */
  async append(run: string | null, actor: string, ...events: readonly DomainEvent[]): Promise<number> {
    const { journal, clock } = this.#deps;
    const at = clock.now();
    const cell = run === null ? null : (this.#states.get(run)?.cell?.id ?? null);
    return this.#store(
      events.map((event) => ({ at, run, cell, actor, type: event.type, version: 1, data: event.data })),
      events.some((event) => durable.has(event.type)) ? 'full' : 'normal',
      journal.append.bind(journal),
    );
  }

  /** As `append`, for the entry that gives a run its cell. */
  async appendForCell(run: string, cell: string, actor: string, event: DomainEvent): Promise<number> {
    const { journal, clock } = this.#deps;
    const entry = { at: clock.now(), run, cell, actor, type: event.type, version: 1, data: event.data };
    return this.#store([entry], 'normal', journal.append.bind(journal));
  }

  async #store(
    entries: Parameters<EngineDeps['journal']['append']>[0]['entries'],
    durability: Durability,
    append: EngineDeps['journal']['append'],
  ): Promise<number> {
    // The one way in: nothing that is told of a run gets on a disk, or to a client, with a secret in it.
    const stored = await append({
      entries: entries.map((entry) => ({ ...entry, data: this.#deps.secrets.redactIn(entry.data) })),
      durability,
    });
    for (const entry of stored) {
      if (entry.run !== null) this.#fold(entry.run, entry);
      this.#appended.fire(entry);
    }
    return stored.at(-1)?.seq ?? this.#deps.journal.head();
  }

  #fold(run: string, entry: Entry): void {
    const next = evolveRun(this.#states.get(run) ?? null, entry);
    if (next === null) return;
    if (next.phase === 'ended') this.#states.delete(run);
    else this.#states.set(run, next);
  }

  dispose(): void {
    this.#appended.dispose();
  }
}
