import { type AppendRequest, JournalRefused } from '../ports/journal.ts';
import { type Entry, entryText } from './entry.ts';
import { type EvolveRun, foldRun, type ProjectedRun, taskNumber } from './foldRun.ts';
import type { EncodedEntry } from './storedData.ts';

/** What a draft continues. */
export interface DraftBase {
  readonly head: { readonly seq: number; readonly hash: string };
  /** Sequence number of the run's last entry; 0 when it has none. */
  lastSeq(run: string): number;
  run(run: string): ProjectedRun | null;
}

export interface DraftEntry {
  readonly entry: Entry;
  readonly text: string;
}

interface Addition {
  readonly head: { readonly seq: number; readonly hash: string };
  readonly entries: readonly DraftEntry[];
  readonly runs: ReadonlyMap<string, ProjectedRun>;
  readonly lastSeqs: ReadonlyMap<string, number>;
  readonly unknown: number;
  readonly highestTask: number;
}

/** The entries of one transaction, numbered, chained and folded before anything is written. Requests join one by one, whole or not at all. */
export class JournalDraft {
  readonly entries: DraftEntry[] = [];
  /** The runs touched, in their new state. */
  readonly runs = new Map<string, ProjectedRun>();
  unknown = 0;
  highestTask = 0;
  readonly #base: DraftBase;
  readonly #evolve: EvolveRun;
  readonly #hash: (text: string) => string;
  readonly #lastSeqs = new Map<string, number>();
  #head: { readonly seq: number; readonly hash: string };

  constructor(base: DraftBase, evolve: EvolveRun, hash: (text: string) => string) {
    this.#base = base;
    this.#evolve = evolve;
    this.#hash = hash;
    this.#head = base.head;
  }

  get head(): { readonly seq: number; readonly hash: string } {
    return this.#head;
  }

  /** @throws JournalRefused `conflict` when the run has moved on. After any error the draft is as it was before. */
  add(encoded: readonly EncodedEntry[], expected: AppendRequest['expected']): readonly Entry[] {
    if (expected !== undefined) {
      const last = this.#lastSeq(expected.run);
      if (last !== expected.seq) {
        const message = `run ${expected.run} has moved to entry ${last}; ${expected.seq} was expected`;
        throw new JournalRefused({ code: 'conflict', message });
      }
    }
    const addition = this.#build(encoded);
    this.#head = addition.head;
    this.entries.push(...addition.entries);
    for (const [run, projected] of addition.runs) this.runs.set(run, projected);
    for (const [run, seq] of addition.lastSeqs) this.#lastSeqs.set(run, seq);
    this.unknown += addition.unknown;
    this.highestTask = Math.max(this.highestTask, addition.highestTask);
    return addition.entries.map(({ entry }) => entry);
  }

  #lastSeq(run: string): number {
    return this.#lastSeqs.get(run) ?? this.#base.lastSeq(run);
  }

  #build(encoded: readonly EncodedEntry[]): Addition {
    let head = this.#head;
    let unknown = 0;
    let highestTask = 0;
    const entries: DraftEntry[] = [];
    const runs = new Map<string, ProjectedRun>();
    const lastSeqs = new Map<string, number>();
    for (const { entry: given, text, data, known } of encoded) {
      const { at, run, cell, actor, type, version } = given;
      const unhashed = { seq: head.seq + 1, at, run, cell, actor, type, version, prevHash: head.hash };
      const entry: Entry = { ...unhashed, data, hash: this.#hash(entryText(unhashed, text)) };
      head = { seq: entry.seq, hash: entry.hash };
      entries.push({ entry, text });
      if (!known) unknown += 1;
      if (run === null) continue;
      lastSeqs.set(run, entry.seq);
      const before = runs.get(run) ?? this.runs.get(run) ?? this.#base.run(run);
      const after = foldRun(this.#evolve, before, entry, known);
      if (after === null) continue;
      runs.set(run, after);
      highestTask = Math.max(highestTask, taskNumber(after.state.task));
    }
    return { head, entries, runs, lastSeqs, unknown, highestTask };
  }
}
