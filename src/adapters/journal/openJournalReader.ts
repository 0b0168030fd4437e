import { existsSync } from 'node:fs';
import type { Entry } from '../../core/journal/entry.ts';
import type { EvolveRun } from '../../core/journal/foldRun.ts';
import type { JournalReader, ReadQuery } from '../../core/ports/journal.ts';
import type { RunCosts } from '../../core/projections/costs/runCosts.ts';
import type { RunState } from '../../core/run/state.ts';
import { Connection } from './connection.ts';
import { storedHead } from './head.ts';
import { Projection } from './projection.ts';
import { decodeEntry, type RawEntry, readRawEntries } from './rawEntry.ts';
import { refuseNewerSchema, schemaVersion } from './schema.ts';

/** Entries with their data as text, page by page, for export and recording. */
export interface RawJournalReader extends JournalReader {
  readRaw(query: ReadQuery): readonly RawEntry[];
}

/**
 * Opens a journal for reading only, from any process. A file that does not exist (yet) reads as empty, and is found when it appears.
 * When the states in the file were made by another version, they are folded anew in memory; the file is never changed.
 */
export const openJournalReader = (deps: { readonly file: string; readonly evolve: EvolveRun }): RawJournalReader =>
  new FileJournalReader(deps.file, deps.evolve);

class FileJournalReader implements RawJournalReader {
  readonly #file: string;
  readonly #evolve: EvolveRun;
  #connection: Connection | null = null;
  #ownProjection: Projection | null = null;
  #closed = false;

  constructor(file: string, evolve: EvolveRun) {
    this.#file = file;
    this.#evolve = evolve;
  }

  head(): number {
    const connection = this.#open();
    return connection === null ? 0 : storedHead(connection).seq;
  }

  read(query: ReadQuery): readonly Entry[] {
    return this.readRaw(query).map((raw) => decodeEntry(raw).entry);
  }

  readRaw(query: ReadQuery): readonly RawEntry[] {
    const connection = this.#open();
    return connection === null ? [] : readRawEntries(connection, query);
  }

  run(run: string): RunState | null {
    return this.#ask((projection) => projection.run(run)?.state ?? null, null);
  }

  openRuns(): readonly RunState[] {
    return this.#ask((projection) => projection.openRuns().map(({ state }) => state), []);
  }

  recentRuns(limit: number): readonly RunState[] {
    return this.#ask((projection) => projection.recentRuns(limit).map(({ state }) => state), []);
  }

  runsOfTask(task: string): readonly RunState[] {
    return this.#ask((projection) => projection.runsOfTask(task).map(({ state }) => state), []);
  }

  costs(since = 0): { readonly seq: number; readonly runs: readonly RunCosts[] } {
    return this.#ask<{ seq: number; runs: readonly RunCosts[] }>(
      (projection) => ({ seq: projection.count('projected'), runs: projection.costs(since) }),
      { seq: 0, runs: [] },
    );
  }

  highestTaskNumber(): number {
    return this.#ask((projection) => projection.count('highestTask'), 0);
  }

  unknownCount(): number {
    return this.#ask((projection) => projection.count('unknown'), 0);
  }

  close(): void {
    this.#closed = true;
    this.#connection?.close();
    this.#connection = null;
  }

  #ask<T>(question: (projection: Projection) => T, empty: T): T {
    const connection = this.#open();
    return connection === null ? empty : connection.snapshot(() => question(this.#projection(connection)));
  }

  /** The file's own states when they are of this version, else ours, brought up to this instant. */
  #projection(connection: Connection): Projection {
    const stored = new Projection(connection, 'main', this.#evolve);
    if (stored.isOfThisVersion() && stored.count('projected') === storedHead(connection).seq) return stored;
    const own = this.#ownProjection ?? new Projection(connection, 'temp', this.#evolve);
    if (this.#ownProjection === null) own.reset();
    while (own.foldChunk() > 0);
    this.#ownProjection = own;
    return own;
  }

  #open(): Connection | null {
    if (this.#closed) throw new Error('the journal reader is closed');
    if (this.#connection?.isCurrent === true) return this.#connection;
    this.#connection?.close();
    this.#connection = null;
    this.#ownProjection = null;
    if (!existsSync(this.#file)) return null;
    const connection = new Connection(this.#file, 'read');
    try {
      refuseNewerSchema(connection);
      // An engine that has made the file is about to fill it.
      if (schemaVersion(connection) === 0) {
        connection.close();
        return null;
      }
    } catch (error) {
      connection.close();
      throw error;
    }
    this.#connection = connection;
    return connection;
  }
}
