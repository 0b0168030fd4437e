import { type AppendRequest, type Journal, JournalRefused, type ReadQuery } from '../ports/journal.ts';
import type { RunCosts } from '../projections/costs/runCosts.ts';
import type { RunState } from '../run/state.ts';
import { type Entry, firstPrevHash } from './entry.ts';
import { type EvolveRun, isOpen, type ProjectedRun } from './foldRun.ts';
import { JournalDraft } from './journalDraft.ts';
import { encodeEntry } from './storedData.ts';

/** A journal that lives as long as the object: for tests, and for trying things out. Keeps the whole contract but durability. */
export class MemoryJournal implements Journal {
  readonly #evolve: EvolveRun;
  readonly #hash: (text: string) => string;
  readonly #entries: Entry[] = [];
  readonly #lastSeqs = new Map<string, number>();
  readonly #runs = new Map<string, ProjectedRun>();
  #unknown = 0;
  #highestTask = 0;
  #fenced = false;
  #closed = false;

  /** @param deps.hash SHA-256 in hex of a text. */
  constructor(deps: { readonly evolve: EvolveRun; readonly hash: (text: string) => string }) {
    this.#evolve = deps.evolve;
    this.#hash = deps.hash;
  }

  /** Behaves from now on as if another engine had taken the lease. */
  fence(): void {
    this.#fenced = true;
  }

  async append(request: AppendRequest): Promise<readonly Entry[]> {
    if (this.#closed) throw new Error('the journal is closed');
    const encoded = request.entries.map(encodeEntry);
    if (this.#fenced) throw new JournalRefused({ code: 'fenced', message: 'another engine holds the lease' });
    const last = this.#entries.at(-1);
    const draft = new JournalDraft(
      {
        head: { seq: last?.seq ?? 0, hash: last?.hash ?? firstPrevHash },
        lastSeq: (run) => this.#lastSeqs.get(run) ?? 0,
        run: (run) => this.#runs.get(run) ?? null,
      },
      this.#evolve,
      this.#hash,
    );
    const stored = draft.add(encoded, request.expected);
    for (const entry of stored) {
      this.#entries.push(entry);
      if (entry.run !== null) this.#lastSeqs.set(entry.run, entry.seq);
    }
    for (const [run, projected] of draft.runs) this.#runs.set(run, projected);
    this.#unknown += draft.unknown;
    this.#highestTask = Math.max(this.#highestTask, draft.highestTask);
    return stored;
  }

  head(): number {
    return this.#entries.length;
  }

  read(query: ReadQuery): readonly Entry[] {
    const { from = 1, to = this.#entries.length, run, types, limit = 1000 } = query;
    const range = this.#entries.slice(Math.max(0, from - 1), Math.max(0, to));
    const isWanted = (entry: Entry) => (run === undefined || entry.run === run) && (types === undefined || types.includes(entry.type));
    return range.filter(isWanted).slice(0, limit);
  }

  run(run: string): RunState | null {
    return this.#runs.get(run)?.state ?? null;
  }

  openRuns(): readonly RunState[] {
    return this.#states().filter(isOpen);
  }

  recentRuns(limit: number): readonly RunState[] {
    return this.#states().reverse().slice(0, limit);
  }

  runsOfTask(task: string): readonly RunState[] {
    return this.#states().filter((state) => state.task === task);
  }

  costs(since = 0): { readonly seq: number; readonly runs: readonly RunCosts[] } {
    const runs = [...this.#runs.values()].sort((a, b) => a.firstSeq - b.firstSeq).flatMap(({ costs }) => costs ?? []);
    return { seq: this.head(), runs: runs.filter(({ lastAt }) => lastAt >= since) };
  }

  highestTaskNumber(): number {
    return this.#highestTask;
  }

  unknownCount(): number {
    return this.#unknown;
  }

  close(): void {
    this.#closed = true;
  }

  /** Oldest first. */
  #states(): RunState[] {
    return [...this.#runs.values()].sort((a, b) => a.firstSeq - b.firstSeq).map(({ state }) => state);
  }
}
