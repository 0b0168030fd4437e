import { statSync } from 'node:fs';
import type { Clock } from '../../base/clock.ts';
import type { Log } from '../../base/log.ts';
import { UserFacingError } from '../../base/userFacingError.ts';
import type { Entry } from '../../core/journal/entry.ts';
import { type EvolveRun, isOpen, type ProjectedRun } from '../../core/journal/foldRun.ts';
import { JournalDraft } from '../../core/journal/journalDraft.ts';
import { type EncodedEntry, encodeEntry } from '../../core/journal/storedData.ts';
import { type AppendRequest, type Journal, JournalRefused, type ReadQuery } from '../../core/ports/journal.ts';
import type { RunCosts } from '../../core/projections/costs/runCosts.ts';
import type { RunState } from '../../core/run/state.ts';
import type { Connection } from './connection.ts';
import { checkedHead, storedHead, writeHead } from './head.ts';
import { fencedBecause, type LeaseHolder } from './lease.ts';
import { Projection } from './projection.ts';
import { decodeEntry, readRawEntries } from './rawEntry.ts';
import { migrate, openForWriting } from './schema.ts';
import { sha256 } from './sha256.ts';

/** Entries in one transaction at most, so that a batch holds up the event loop for a few milliseconds only. */
const MAX_BATCH = 500;
/** Requests that may wait for their turn; more means that a caller does not wait for its appends. */
const MAX_WAITING = 50_000;

export interface OpenJournalOptions {
  readonly file: string;
  readonly clock: Clock;
  readonly log: Log;
  readonly evolve: EvolveRun;
  /** From `acquireLease`; every append checks that it is still the newest. */
  readonly token: number;
  readonly holder: Pick<LeaseHolder, 'engine'>;
}

/**
 * Opens a journal for the engine that holds its lease: brings the file up to this version, and the states of the runs up to the entries.
 * @throws JournalRefused `fenced` without the lease; UserFacingError `engineVersion` for a file of a newer Reactor, `journalBroken`
 * for a damaged one, `environment` when it can't be written.
 */
export function openJournal(options: OpenJournalOptions): Journal {
  const { file, clock, log, evolve, token, holder } = options;
  const connection = openForWriting(file);
  try {
    const fence = () => {
      const message = fencedBecause(connection, token, holder.engine);
      if (message !== null) throw new JournalRefused({ code: 'fenced', message });
    };
    const projection = new Projection(connection, 'main', evolve);
    connection.writing(() => {
      fence();
      migrate(connection);
      checkedHead(connection);
      if (!projection.isOfThisVersion() || projection.count('projected') > storedHead(connection).seq) projection.reset();
    });
    const began = clock.monotonic();
    let folded = 0;
    let chunk: number;
    do {
      chunk = connection.writing(() => {
        fence();
        return projection.foldChunk();
      });
      folded += chunk;
    } while (chunk > 0);
    if (folded > 0) log.log('info', 'the states of the runs were folded anew', { entries: folded, durationMs: clock.monotonic() - began });
    return new FileJournal(connection, projection, evolve, fence);
  } catch (error) {
    connection.close();
    throw error;
  }
}

interface Waiting {
  readonly request: AppendRequest;
  readonly encoded: readonly EncodedEntry[];
  readonly resolve: (entries: readonly Entry[]) => void;
  readonly reject: (error: unknown) => void;
}

class FileJournal implements Journal {
  readonly #connection: Connection;
  readonly #projection: Projection;
  readonly #evolve: EvolveRun;
  readonly #fence: () => void;
  readonly #inode: number;
  #waiting: Waiting[] = [];
  #scheduled = false;
  #closed = false;
  /** Open runs as of entry `#cachedHead`. Only the holder of the lease appends, so nothing else changes them. */
  #open = new Map<string, ProjectedRun>();
  #cachedHead = -1;

  constructor(connection: Connection, projection: Projection, evolve: EvolveRun, fence: () => void) {
    this.#connection = connection;
    this.#projection = projection;
    this.#evolve = evolve;
    this.#fence = fence;
    this.#inode = statSync(connection.file).ino;
  }

  append(request: AppendRequest): Promise<readonly Entry[]> {
    return new Promise((resolve, reject) => {
      if (this.#closed) throw new Error('the journal is closed');
      if (this.#waiting.length >= MAX_WAITING) throw new Error(`${MAX_WAITING} appends are waiting for the journal`);
      this.#waiting.push({ request, encoded: request.entries.map(encodeEntry), resolve, reject });
      this.#schedule();
    });
  }

  head(): number {
    return storedHead(this.#connection).seq;
  }

  read(query: ReadQuery): readonly Entry[] {
    return readRawEntries(this.#connection, query).map((raw) => decodeEntry(raw).entry);
  }

  run(run: string): RunState | null {
    return this.#run(run)?.state ?? null;
  }

  openRuns(): readonly RunState[] {
    return [...this.#openRuns().values()].sort((a, b) => a.firstSeq - b.firstSeq).map(({ state }) => state);
  }

  recentRuns(limit: number): readonly RunState[] {
    return this.#projection.recentRuns(limit).map(({ state }) => state);
  }

  runsOfTask(task: string): readonly RunState[] {
    return this.#projection.runsOfTask(task).map(({ state }) => state);
  }

  costs(since = 0): { readonly seq: number; readonly runs: readonly RunCosts[] } {
    return this.#connection.snapshot(() => ({ seq: this.head(), runs: this.#projection.costs(since) }));
  }

  highestTaskNumber(): number {
    return this.#projection.count('highestTask');
  }

  unknownCount(): number {
    return this.#projection.count('unknown');
  }

  /** Writes what waits first. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    while (this.#waiting.length > 0) this.#writeBatch();
    this.#connection.close();
  }

  #schedule(): void {
    if (this.#scheduled) return;
    this.#scheduled = true;
    // After the input of this tick has been handled, so that what all its events append shares a transaction.
    setImmediate(() => {
      this.#scheduled = false;
      if (this.#waiting.length === 0) return;
      this.#writeBatch();
      if (this.#waiting.length > 0) this.#schedule();
    });
  }

  #writeBatch(): void {
    const batch = this.#takeBatch();
    try {
      const stored = this.#write(batch);
      for (const one of batch) {
        const outcome = stored.get(one);
        if (outcome === undefined) continue;
        if (outcome.ok) one.resolve(outcome.entries);
        else one.reject(outcome.error);
      }
    } catch (error) {
      for (const one of batch) one.reject(error);
    }
  }

  #takeBatch(): Waiting[] {
    let entries = 0;
    let count = 0;
    for (const { encoded } of this.#waiting) {
      if (count > 0 && entries + encoded.length > MAX_BATCH) break;
      entries += encoded.length;
      count += 1;
    }
    return this.#waiting.splice(0, count);
  }

  #write(batch: readonly Waiting[]): Map<Waiting, Outcome> {
    this.#refuseReplacedFile();
    const outcomes = new Map<Waiting, Outcome>();
    this.#connection.synchronous(batch.some(({ request }) => request.durability === 'full') ? 'FULL' : 'NORMAL');
    const draft = this.#connection.writing(() => {
      this.#fence();
      const made = this.#draft();
      for (const one of batch)
        outcomes.set(
          one,
          attempt(() => made.add(one.encoded, one.request.expected)),
        );
      this.#store(made);
      return made;
    });
    for (const [run, projected] of draft.runs) {
      if (isOpen(projected.state)) this.#open.set(run, projected);
      else this.#open.delete(run);
    }
    this.#cachedHead = draft.head.seq;
    return outcomes;
  }

  #draft(): JournalDraft {
    const head = checkedHead(this.#connection);
    const open = this.#openRuns(head.seq);
    const lastSeq = (run: string): number =>
      open.get(run)?.state.seq ?? Number(this.#connection.get('SELECT max(seq) AS seq FROM entries WHERE run = ?', run)?.['seq'] ?? 0);
    return new JournalDraft({ head, lastSeq, run: (run) => this.#run(run) }, this.#evolve, sha256);
  }

  #store(draft: JournalDraft): void {
    if (draft.entries.length === 0) return;
    for (const { entry, text } of draft.entries) {
      this.#connection.run(
        'INSERT INTO entries (seq, at, run, cell, actor, type, version, data, prevHash, hash) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)',
        entry.seq,
        entry.at,
        entry.run,
        entry.cell,
        entry.actor,
        entry.type,
        entry.version,
        text,
        entry.prevHash,
        entry.hash,
      );
    }
    for (const projected of draft.runs.values()) this.#projection.saveRun(projected);
    writeHead(this.#connection, draft.head);
    if (draft.unknown > 0) this.#projection.setMeta('unknown', String(this.#projection.count('unknown') + draft.unknown));
    if (draft.highestTask > this.#projection.count('highestTask')) this.#projection.setMeta('highestTask', String(draft.highestTask));
  }

  #run(run: string): ProjectedRun | null {
    return this.#openRuns().get(run) ?? this.#projection.run(run);
  }

  #openRuns(head = this.#cachedHead): Map<string, ProjectedRun> {
    if (this.#cachedHead === -1 || this.#cachedHead !== head) {
      this.#open = new Map(this.#projection.openRuns().map((projected) => [projected.state.run, projected]));
      this.#cachedHead = head === -1 ? storedHead(this.#connection).seq : head;
    }
    return this.#open;
  }

  /** What is appended to a file that has been removed would be gone with the last handle to it. */
  #refuseReplacedFile(): void {
    const { file } = this.#connection;
    if (statSync(file, { throwIfNoEntry: false })?.ino === this.#inode) return;
    throw new UserFacingError(
      'journalBroken',
      `The journal ${file} was removed or replaced while the engine used it. Nothing more is recorded.`,
      {
        actions: ['put the file back, or restart the engine to begin a new journal'],
      },
    );
  }
}

type Outcome = { readonly ok: true; readonly entries: readonly Entry[] } | { readonly ok: false; readonly error: unknown };

function attempt(work: () => readonly Entry[]): Outcome {
  try {
    return { ok: true, entries: work() };
  } catch (error) {
    return { ok: false, error };
  }
}
