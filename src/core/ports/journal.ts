import type { Entry, NewEntry } from '../journal/entry.ts';
import type { RunCosts } from '../projections/costs/runCosts.ts';
import type { RunState } from '../run/state.ts';

export type AppendRefusal = {
  readonly code: 'fenced' | 'conflict';
  /** fenced: another engine holds the lease. conflict: the stream has moved past the expected sequence number. */
  readonly message: string;
};

export class JournalRefused extends Error {
  readonly refusal: AppendRefusal;
  constructor(refusal: AppendRefusal) {
    super(refusal.message);
    this.name = 'JournalRefused';
    this.refusal = refusal;
  }
}

/** `full`: on disk before it resolves (approvals, commits, landings, money). `normal`: survives a process's death, not a power cut. */
export type Durability = 'full' | 'normal';

export interface AppendRequest {
  readonly entries: readonly NewEntry[];
  readonly durability: Durability;
  /** Expected sequence number of the last entry of the run these entries belong to; 0 for a new run; absent: not checked. */
  readonly expected?: { readonly run: string; readonly seq: number };
}

export interface ReadQuery {
  /** First sequence number, inclusive; 1 by default. */
  readonly from?: number;
  /** Last sequence number, inclusive. */
  readonly to?: number;
  readonly run?: string;
  /** Only entries of these types. */
  readonly types?: readonly string[];
  /** Most rows; 1,000 by default. Page on with `from`. */
  readonly limit?: number;
}

/** Reading never blocks the writer. Every answer is of one instant. */
export interface JournalReader {
  /** Sequence number of the last entry; 0 when empty. */
  head(): number;
  read(query: ReadQuery): readonly Entry[];
  /** The materialised state of one run. */
  run(run: string): RunState | null;
  /** Runs not ended (parked ones included), oldest first. */
  openRuns(): readonly RunState[];
  /** Newest first, open and ended. */
  recentRuns(limit: number): readonly RunState[];
  /** Runs of one task, oldest first. */
  runsOfTask(task: string): readonly RunState[];
  /** Materialised costs of the runs charged or changed at `since` (milliseconds since the epoch) or later, oldest run first, as of entry `seq`. */
  costs(since?: number): { readonly seq: number; readonly runs: readonly RunCosts[] };
  /** Highest number used in a task id of the form TASK-nnn; 0 when none. */
  highestTaskNumber(): number;
  /** Entries of unknown type that were kept and skipped in folding. */
  unknownCount(): number;
  close(): void;
}

export interface Journal extends JournalReader {
  /** Appends all or none; resolves with the stored entries once they are as durable as asked. Batches of one tick share a transaction. */
  append(request: AppendRequest): Promise<readonly Entry[]>;
}
