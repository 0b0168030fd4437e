import type { Entry } from '../core/journal/entry.ts';
import type { JournalReader } from '../core/ports/journal.ts';
import { evolveRun } from '../core/run/evolve.ts';
import type { RunState } from '../core/run/state.ts';

/** Ended runs beyond this many are left in the journal. */
const MOST_RUNS = 2500;

/** A run that an engine would have to go on with: neither ended nor parked. */
export const isMoving = (state: RunState): boolean =>
  state.phase !== 'ended' && (state.parked === null || (state.cell?.server ?? null) !== null);

/** States of runs from one reading of the journal, kept up to date by its entries. */
export class RunFold {
  readonly #states = new Map<string, RunState>();
  readonly #lastOfTask = new Map<string, string>();
  readonly #changed: (state: RunState) => void;
  #moving = 0;
  #head = 0;

  constructor(changed: (state: RunState) => void) {
    this.#changed = changed;
  }

  get states(): ReadonlyMap<string, RunState> {
    return this.#states;
  }
  /** Task id to the id of its last run, in the order of those runs. */
  get lastOfTask(): ReadonlyMap<string, string> {
    return this.#lastOfTask;
  }
  get head(): number {
    return this.#head;
  }
  /** Runs that are neither ended nor at rest. */
  get openCount(): number {
    return this.#moving;
  }

  replace(reader: JournalReader): void {
    // Read before the states: entries between the two are folded again and found to be known.
    const head = reader.head();
    const open = reader.openRuns();
    const recent = reader.recentRuns(MOST_RUNS);
    const known = new Set(recent.map(({ run }) => run));
    const states = [...open.filter(({ run }) => !known.has(run)), ...recent.toReversed()];
    this.#states.clear();
    this.#lastOfTask.clear();
    this.#moving = 0;
    this.#head = head;
    for (const state of states) this.#set(state);
  }

  /** @returns the run of an entry that can't be folded because its beginning is not known, else null */
  fold(entry: Entry): string | null {
    if (entry.seq > this.#head) this.#head = entry.seq;
    if (entry.run === null) return null;
    const before = this.#states.get(entry.run) ?? null;
    if (before !== null && entry.seq <= before.seq) return null;
    const next = evolveRun(before, entry);
    if (next === null) return entry.run;
    this.#set(next);
    this.#changed(next);
    return null;
  }

  /** Takes a state read elsewhere unless a later one is known. */
  put(state: RunState): void {
    const before = this.#states.get(state.run);
    if (before !== undefined && before.seq >= state.seq) return;
    this.#set(state);
    this.#changed(state);
  }

  /** Notes what a waiting run waits for as it is now, which the journal does not tell each time. @returns its state when that is new */
  wait(run: string, text: string): RunState | null {
    const before = this.#states.get(run);
    if (before === undefined || before.queued === null || before.queued.text === text) return null;
    const next = { ...before, queued: { ...before.queued, text } };
    this.#states.set(run, next);
    return next;
  }

  #set(state: RunState): void {
    const before = this.#states.get(state.run);
    this.#moving += Number(isMoving(state)) - Number(before !== undefined && isMoving(before));
    this.#states.set(state.run, state);
    const last = this.#lastOfTask.get(state.task);
    const lastState = last === undefined ? undefined : this.#states.get(last);
    if (last === state.run || (lastState !== undefined && lastState.requestedAt > state.requestedAt)) return;
    this.#lastOfTask.delete(state.task);
    this.#lastOfTask.set(state.task, state.run);
  }
}
