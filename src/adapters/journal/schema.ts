import { closeSync, mkdirSync, openSync } from 'node:fs';
import { dirname } from 'node:path';
import { UserFacingError } from '../../base/userFacingError.ts';
import { Connection } from './connection.ts';

/** `user_version` of the files this Reactor writes. */
export const SCHEMA_VERSION = 1;

/** What can be made again from the entries at any time. Readers make it in `temp` when the file's own is of another version. */
export const projectionTables = (schema: 'main' | 'temp'): string => `
  CREATE TABLE IF NOT EXISTS ${schema}.runs (
    firstSeq INTEGER PRIMARY KEY,
    run TEXT NOT NULL UNIQUE,
    task TEXT NOT NULL,
    open INTEGER NOT NULL,
    seq INTEGER NOT NULL,
    state TEXT NOT NULL
  ) STRICT;
  CREATE INDEX IF NOT EXISTS ${schema}.runsOpen ON runs (firstSeq) WHERE open = 1;
  CREATE INDEX IF NOT EXISTS ${schema}.runsTask ON runs (task, firstSeq);
  CREATE TABLE IF NOT EXISTS ${schema}.costs (firstSeq INTEGER PRIMARY KEY, lastAt INTEGER NOT NULL, data TEXT NOT NULL) STRICT;
  CREATE INDEX IF NOT EXISTS ${schema}.costsLastAt ON costs (lastAt);
  CREATE TABLE IF NOT EXISTS ${schema}.meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID;
`;

/** The lease table keeps its shape for ever: an older or newer Reactor must be able to see who holds the repository. */
const VERSION_1 = `
  CREATE TABLE entries (
    seq INTEGER PRIMARY KEY,
    at INTEGER NOT NULL,
    run TEXT,
    cell TEXT,
    actor TEXT NOT NULL,
    type TEXT NOT NULL,
    version INTEGER NOT NULL,
    data TEXT NOT NULL,
    prevHash TEXT NOT NULL,
    hash TEXT NOT NULL
  ) STRICT;
  CREATE INDEX entriesRun ON entries (run, seq) WHERE run IS NOT NULL;
  CREATE TABLE lease (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    token INTEGER NOT NULL,
    engine TEXT NOT NULL,
    pid INTEGER NOT NULL,
    startTime TEXT NOT NULL,
    bootId TEXT,
    socket TEXT NOT NULL,
    version TEXT NOT NULL,
    acquiredAt INTEGER NOT NULL,
    heartbeatAt INTEGER NOT NULL,
    released INTEGER NOT NULL
  ) STRICT;
  ${projectionTables('main')}
`;

/** The statements that bring a file from version n to n + 1, at place n. */
const migrations: readonly string[] = [VERSION_1];

export const schemaVersion = (connection: Connection): number => Number(connection.get('PRAGMA user_version')?.['user_version'] ?? 0);

/** @throws UserFacingError `engineVersion` when a newer Reactor has written the file. */
export function refuseNewerSchema(connection: Connection): void {
  const version = schemaVersion(connection);
  if (version <= SCHEMA_VERSION) return;
  throw new UserFacingError(
    'engineVersion',
    `The journal ${connection.file} was written by a newer Reactor (format ${version}; this one knows ${SCHEMA_VERSION}). It was not touched.`,
    { actions: ['update Reactor'] },
  );
}

/** Must run inside a write transaction, so that two processes can't both do it. */
export function migrate(connection: Connection): void {
  refuseNewerSchema(connection);
  const version = schemaVersion(connection);
  for (const statements of migrations.slice(version)) connection.exec(statements);
  if (version < SCHEMA_VERSION) connection.exec(`PRAGMA user_version = ${SCHEMA_VERSION}`);
}

/**
 * Opens a journal for writing and makes the file, and the folder it is in, when there is none, readable by its owner only. An existing file keeps its
 * version here: only the holder of the lease may migrate it.
 */
export function openForWriting(file: string): Connection {
  try {
    // One level only: Node's recursive mkdir never returns where the system refuses with ENOENT, as /proc does.
    try {
      mkdirSync(dirname(file), { mode: 0o700 });
    } catch (error) {
      if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error;
    }
    closeSync(openSync(file, 'a', 0o600));
  } catch (error) {
    throw new UserFacingError(
      'environment',
      `The journal ${file} can't be written (${error instanceof Error ? error.message : String(error)}).`,
      {
        actions: ['make the folder writable, or set REACTOR_HOME'],
        cause: error,
      },
    );
  }
  const connection = new Connection(file, 'write');
  try {
    refuseNewerSchema(connection);
    if (schemaVersion(connection) === 0) connection.writing(() => migrate(connection));
  } catch (error) {
    connection.close();
    throw error;
  }
  return connection;
}
