import { eventSchemas } from '../../core/journal/events.ts';
import { type EvolveRun, foldRun, isOpen, type ProjectedRun, taskNumber } from '../../core/journal/foldRun.ts';
import { damagedEntry } from '../../core/journal/storedData.ts';
import type { RunCosts } from '../../core/projections/costs/runCosts.ts';
import { readCosts, storedCosts } from '../../core/projections/costs/storedCosts.ts';
import type { RunState } from '../../core/run/state.ts';
import type { Connection, Row } from './connection.ts';
import { decodeEntry, readRawEntries } from './rawEntry.ts';
import { projectionTables } from './schema.ts';
import { sha256 } from './sha256.ts';

/** Count this up when the fold of a run makes something else of the same entries. A new type of entry counts by itself. */
const FOLD_VERSION = 11;
export const PROJECTION_VERSION = `${FOLD_VERSION}-${sha256(Object.keys(eventSchemas).sort().join()).slice(0, 12)}`;

/** Entries folded in one transaction while the projection is made again. */
const CHUNK = 5000;
/** Entries in memory at once meanwhile; messages can be long. */
const PAGE = 250;

/** The materialised states of the runs and the counts beside them, in the file (`main`) or in a reader's memory (`temp`). */
export class Projection {
  readonly #connection: Connection;
  readonly #schema: 'main' | 'temp';
  readonly #evolve: EvolveRun;

  constructor(connection: Connection, schema: 'main' | 'temp', evolve: EvolveRun) {
    this.#connection = connection;
    this.#schema = schema;
    this.#evolve = evolve;
  }

  /** Whether the states were made by this version's fold. */
  isOfThisVersion(): boolean {
    return this.meta('projection') === PROJECTION_VERSION;
  }

  meta(key: string): string | null {
    const value = this.#connection.get(`SELECT value FROM ${this.#schema}.meta WHERE key = ?`, key)?.['value'];
    return typeof value === 'string' ? value : null;
  }

  setMeta(key: string, value: string): void {
    this.#connection.run(
      `INSERT INTO ${this.#schema}.meta (key, value) VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value`,
      key,
      value,
    );
  }

  count(key: 'projected' | 'unknown' | 'highestTask'): number {
    return Number(this.meta(key) ?? 0);
  }

  run(run: string): ProjectedRun | null {
    const row = this.#connection.get(
      `SELECT firstSeq, state, data FROM ${this.#schema}.runs LEFT JOIN ${this.#schema}.costs USING (firstSeq) WHERE run = ?`,
      run,
    );
    return row === undefined ? null : projectedRun(row);
  }

  /** Oldest first. */
  openRuns(): ProjectedRun[] {
    return this.#connection
      .all(
        `SELECT firstSeq, state, data FROM ${this.#schema}.runs LEFT JOIN ${this.#schema}.costs USING (firstSeq) WHERE open = 1 ORDER BY firstSeq`,
      )
      .map(projectedRun);
  }

  recentRuns(limit: number): ProjectedRun[] {
    return this.#connection
      .all(
        `SELECT firstSeq, state, data FROM ${this.#schema}.runs LEFT JOIN ${this.#schema}.costs USING (firstSeq) ORDER BY firstSeq DESC LIMIT ?`,
        Math.max(0, limit),
      )
      .map(projectedRun);
  }

  runsOfTask(task: string): ProjectedRun[] {
    return this.#connection
      .all(
        `SELECT firstSeq, state, data FROM ${this.#schema}.runs LEFT JOIN ${this.#schema}.costs USING (firstSeq) WHERE task = ? ORDER BY firstSeq`,
        task,
      )
      .map(projectedRun);
  }

  /** Costs of the runs that were charged or changed since, in the order in which they were asked for. */
  costs(since: number): RunCosts[] {
    return this.#connection
      .all(`SELECT firstSeq, data FROM ${this.#schema}.costs WHERE lastAt >= ? ORDER BY firstSeq`, since)
      .map((row) => parsed(row, 'data', readCosts));
  }

  saveRun({ firstSeq, state, costs }: ProjectedRun): void {
    if (costs !== null) {
      this.#connection.run(
        `INSERT INTO ${this.#schema}.costs (firstSeq, lastAt, data) VALUES (?, ?, ?)
         ON CONFLICT (firstSeq) DO UPDATE SET lastAt = excluded.lastAt, data = excluded.data`,
        firstSeq,
        costs.lastAt,
        storedCosts(costs),
      );
    }
    this.#connection.run(
      `INSERT INTO ${this.#schema}.runs (firstSeq, run, task, open, seq, state) VALUES (?, ?, ?, ?, ?, ?)
       ON CONFLICT (firstSeq) DO UPDATE SET open = excluded.open, seq = excluded.seq, state = excluded.state`,
      firstSeq,
      state.run,
      state.task,
      isOpen(state) ? 1 : 0,
      state.seq,
      JSON.stringify(state),
    );
  }

  /** Forgets everything that can be made again. */
  reset(): void {
    this.#connection.exec(projectionTables(this.#schema));
    for (const table of ['runs', 'costs']) this.#connection.run(`DELETE FROM ${this.#schema}.${table}`);
    for (const key of ['projected', 'unknown', 'highestTask']) this.setMeta(key, '0');
    this.setMeta('projection', PROJECTION_VERSION);
  }

  /**
   * Folds the entries that the states have not seen, a chunk at most. Call it inside a transaction, until it returns 0.
   * @throws UserFacingError `journalBroken` at an entry whose data is damaged.
   */
  foldChunk(): number {
    const touched = new Map<string, ProjectedRun>();
    const counts = { projected: this.count('projected'), unknown: this.count('unknown'), highestTask: this.count('highestTask') };
    let folded = 0;
    while (folded < CHUNK) {
      const page = readRawEntries(this.#connection, { from: counts.projected + 1, limit: PAGE });
      for (const raw of page) {
        const { entry, known } = decodeEntry(raw);
        counts.projected = entry.seq;
        if (!known) counts.unknown += 1;
        if (entry.run === null) continue;
        const after = foldRun(this.#evolve, touched.get(entry.run) ?? this.run(entry.run), entry, known);
        if (after === null) continue;
        touched.set(entry.run, after);
        counts.highestTask = Math.max(counts.highestTask, taskNumber(after.state.task));
      }
      folded += page.length;
      if (page.length < PAGE) break;
    }
    if (folded === 0) return 0;
    for (const projected of touched.values()) this.saveRun(projected);
    for (const [key, value] of Object.entries(counts)) this.setMeta(key, String(value));
    return folded;
  }
}

function projectedRun(row: Row): ProjectedRun {
  return {
    firstSeq: Number(row['firstSeq']),
    state: parsed(row, 'state', (text) => JSON.parse(text) as RunState),
    costs: row['data'] === null ? null : parsed(row, 'data', readCosts),
  };
}

/** What is stored is this program's own output, so its shape is trusted; only that the text is whole is checked. */
function parsed<T>(row: Row, column: string, read: (text: string) => T): T {
  try {
    return read(String(row[column]));
  } catch (error) {
    throw damagedEntry(Number(row['firstSeq']), 'the state of the run that begins there is not whole', error);
  }
}
