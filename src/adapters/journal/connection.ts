import { existsSync } from 'node:fs';
import { DatabaseSync, type SQLInputValue, type SQLOutputValue, type StatementSync } from 'node:sqlite';
import { UserFacingError } from '../../base/userFacingError.ts';
import { type Readable, readableCopy } from './readableCopy.ts';
import { sqliteCode, sqliteFailure } from './sqliteFailure.ts';

export type Row = Record<string, SQLOutputValue>;

/** How long a statement waits for another process's lock, milliseconds. */
const LOCK_TIMEOUT_MS = 5000;
const WAL_PAUSE_MS = 50;
const BUSY = 5;
/** What SQLite answers to a reader that can't make, or write, the memory that readers share: READONLY, IOERR, FULL, CANTOPEN. */
const UNWRITABLE: ReadonlySet<number> = new Set([8, 10, 13, 14]);
const MAX_WAL_BYTES = 16 * 1024 * 1024;

/** Whether another process is writing to the file at this instant, or was stopped while it did. False when it can't be told. */
export function isBeingWritten(file: string): boolean {
  // Opening it would make it.
  if (!existsSync(file)) return false;
  let db: DatabaseSync | null = null;
  try {
    db = new DatabaseSync(file, { timeout: 0 });
    db.exec('BEGIN IMMEDIATE');
    db.exec('ROLLBACK');
    return false;
  } catch (error) {
    return sqliteCode(error) === BUSY;
  } finally {
    db?.close();
  }
}

/** One connection with its prepared statements. SQLite's errors leave it as `sqliteFailure` words them. */
export class Connection {
  readonly file: string;
  readonly #db: DatabaseSync;
  /** What stands in for the file where it can't be opened as it is. */
  #copy: Readable | null = null;
  readonly #statements = new Map<string, StatementSync>();
  #synchronous = '';

  constructor(file: string, mode: 'read' | 'write') {
    this.file = file;
    this.#db = this.#guard(() => (mode === 'read' ? this.#openToRead(file) : new DatabaseSync(file, { timeout: LOCK_TIMEOUT_MS })));
    try {
      if (mode === 'write') this.#prepareForWriting();
      else this.exec('PRAGMA temp_store = MEMORY');
    } catch (error) {
      this.close();
      throw error;
    }
  }

  get(sql: string, ...values: SQLInputValue[]): Row | undefined {
    return this.#guard(() => this.#statement(sql).get(...values));
  }

  all(sql: string, ...values: SQLInputValue[]): Row[] {
    return this.#guard(() => this.#statement(sql).all(...values));
  }

  /** Like `all`, but each row as the list of its columns, which costs a third less. Not for a statement that `get` or `all` use too. */
  lists(sql: string, ...values: SQLInputValue[]): SQLOutputValue[][] {
    return this.#guard(() => {
      const statement = this.#statement(sql);
      statement.setReturnArrays(true);
      // The types know rows as objects only.
      return statement.all(...values) as unknown as SQLOutputValue[][];
    });
  }

  run(sql: string, ...values: SQLInputValue[]): void {
    this.#guard(() => this.#statement(sql).run(...values));
  }

  exec(sql: string): void {
    this.#guard(() => this.#db.exec(sql));
  }

  /** Takes effect for the transactions that follow; must not be called inside one. */
  synchronous(level: 'FULL' | 'NORMAL'): void {
    if (this.#synchronous === level) return;
    this.exec(`PRAGMA synchronous = ${level}`);
    this.#synchronous = level;
  }

  /** Runs `work` in one transaction that holds the write lock from its start. An error undoes all of it. */
  writing<T>(work: () => T): T {
    return this.#transaction('BEGIN IMMEDIATE', work);
  }

  /** Runs `work` on one instant of the database. */
  snapshot<T>(work: () => T): T {
    return this.#transaction('BEGIN', work);
  }

  /** Whether it reads the file, or a copy of what the file is now. */
  get isCurrent(): boolean {
    return this.#copy?.isCurrent() ?? true;
  }

  close(): void {
    if (this.#db.isOpen) this.#db.close();
    this.#copy?.dispose();
    this.#copy = null;
  }

  /** SQLite looks at the file with the first question only. */
  #openToRead(file: string): DatabaseSync {
    const open = (location: string | URL): DatabaseSync => {
      const db = new DatabaseSync(location, { readOnly: true, timeout: LOCK_TIMEOUT_MS });
      try {
        db.prepare('SELECT count(*) FROM sqlite_schema').get();
        return db;
      } catch (error) {
        db.close();
        throw error;
      }
    };
    try {
      return open(file);
    } catch (error) {
      this.#copy = UNWRITABLE.has(sqliteCode(error) ?? 0) ? readableCopy(file) : null;
      if (this.#copy === null) throw error;
      try {
        return open(this.#copy.location);
      } catch (second) {
        this.#copy.dispose();
        throw second;
      }
    }
  }

  #transaction<T>(begin: string, work: () => T): T {
    this.run(begin);
    try {
      const value = work();
      this.run('COMMIT');
      return value;
    } catch (error) {
      // SQLite has already rolled back by itself after some errors, a full disk among them.
      if (this.#db.isTransaction) this.run('ROLLBACK');
      throw error;
    }
  }

  #statement(sql: string): StatementSync {
    const known = this.#statements.get(sql);
    if (known !== undefined) return known;
    const made = this.#db.prepare(sql);
    this.#statements.set(sql, made);
    return made;
  }

  #guard<T>(work: () => T): T {
    try {
      return work();
    } catch (error) {
      throw sqliteFailure(this.file, error);
    }
  }

  #prepareForWriting(): void {
    this.#enterWal();
    this.exec(`PRAGMA journal_size_limit = ${MAX_WAL_BYTES}`);
    // Without it a synced write may still be in the drive's cache on macOS; no effect elsewhere.
    this.exec('PRAGMA fullfsync = ON');
    this.synchronous('NORMAL');
  }

  /** Changing to WAL does not always wait for locks as other statements do, so two processes that meet a new file could fail. */
  #enterWal(): void {
    const pause = new Int32Array(new SharedArrayBuffer(4));
    this.exec(`PRAGMA busy_timeout = ${WAL_PAUSE_MS}`);
    for (let left = LOCK_TIMEOUT_MS / WAL_PAUSE_MS; ; left -= 1) {
      try {
        if (this.get('PRAGMA journal_mode')?.['journal_mode'] === 'wal') break;
        if (this.get('PRAGMA journal_mode = WAL')?.['journal_mode'] === 'wal') break;
        throw new UserFacingError(
          'environment',
          `The journal ${this.file} is on a file system without the shared memory that it needs (a network drive?).`,
          { actions: ['set REACTOR_HOME to a folder on a local disk'] },
        );
      } catch (error) {
        if (left <= 0 || sqliteCode(error instanceof Error ? error.cause : null) !== BUSY) throw error;
        Atomics.wait(pause, 0, 0, WAL_PAUSE_MS);
      }
    }
    this.exec(`PRAGMA busy_timeout = ${LOCK_TIMEOUT_MS}`);
  }
}
