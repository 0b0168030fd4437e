import { existsSync } from 'node:fs';
import type { Clock } from '../../base/clock.ts';
import type { ProcessIdentity } from '../../core/ports/processes.ts';
import { readBootId } from './bootId.ts';
import { Connection, type Row } from './connection.ts';
import { openForWriting, schemaVersion } from './schema.ts';

/** The engine that holds, or asks for, a repository. */
export interface LeaseHolder {
  readonly engine: string;
  readonly process: ProcessIdentity;
  /** Path of the socket on which it serves clients. */
  readonly socket: string;
  readonly version: string;
}

export interface Lease extends LeaseHolder {
  /** Grows with each engine that takes the lease, and never goes back. */
  readonly token: number;
  readonly bootId: string | null;
  readonly acquiredAt: number;
  readonly heartbeatAt: number;
  readonly released: boolean;
}

export type LeaseAnswer = { readonly ok: true; readonly token: number } | { readonly ok: false; readonly holder: Lease };

interface AcquireOptions {
  readonly file: string;
  readonly clock: Clock;
  readonly holder: LeaseHolder;
  readonly isAlive: (process: ProcessIdentity) => boolean;
  /** A lease whose last heartbeat is older may be taken although its process lives; absent: only the process counts. */
  readonly staleAfterMs?: number;
}

/**
 * Takes the repository's one lease for an engine. It is free when nobody held it, when it was released, when its process is gone
 * (the machine has restarted since, or pid and start time match nothing that lives), or when its heartbeat is too old.
 * Makes the journal when there is none. Never waits longer than the database's lock does.
 */
export function acquireLease({ file, clock, holder, isAlive, staleAfterMs }: AcquireOptions): LeaseAnswer {
  const connection = openForWriting(file);
  try {
    connection.synchronous('FULL');
    return connection.writing((): LeaseAnswer => {
      const bootId = readBootId();
      const now = clock.now();
      const held = storedLease(connection);
      if (held !== null && !isFree(held, { bootId, now, isAlive, staleAfterMs })) return { ok: false, holder: held };
      const token = (held?.token ?? 0) + 1;
      connection.run(
        `INSERT OR REPLACE INTO lease (id, token, engine, pid, startTime, bootId, socket, version, acquiredAt, heartbeatAt, released)
         VALUES (1, ?, ?, ?, ?, ?, ?, ?, ?, ?, 0)`,
        token,
        holder.engine,
        holder.process.pid,
        holder.process.startTime,
        bootId,
        holder.socket,
        holder.version,
        now,
        now,
      );
      return { ok: true, token };
    });
  } finally {
    connection.close();
  }
}

/**
 * Says that the engine lives. It opens the file by its path each time, so that an engine whose data folder was removed or replaced notices.
 * @returns false when the lease is no longer held: the engine must stop acting.
 */
export const heartbeat = (options: { readonly file: string; readonly clock: Clock; readonly token: number }): boolean =>
  change(options.file, options.token, (connection) => connection.run('UPDATE lease SET heartbeatAt = ?', options.clock.now()));

/** Gives the lease back. Does nothing when it is already another's. */
export const releaseLease = (options: { readonly file: string; readonly token: number }): boolean =>
  change(options.file, options.token, (connection) => connection.run('UPDATE lease SET released = 1'));

/** The last sign of life is too old. One from the time to come was given before the machine's clock was set back, and counts as old, too. */
export const isStale = ({ heartbeatAt }: Pick<Lease, 'heartbeatAt'>, now: number, staleAfterMs: number): boolean =>
  Math.abs(now - heartbeatAt) > staleAfterMs;

/** The lease as it stands, for those who look for the engine; null when there never was one. Any version of the file can be asked. */
export function readLease(file: string): Lease | null {
  if (!existsSync(file)) return null;
  const connection = new Connection(file, 'read');
  try {
    return schemaVersion(connection) === 0 ? null : storedLease(connection);
  } finally {
    connection.close();
  }
}

/** Why an engine may not append, or null while it may. */
export function fencedBecause(connection: Connection, token: number, engine: string): string | null {
  const row = connection.get('SELECT token, engine, released FROM lease WHERE id = 1');
  if (row === undefined) return 'no engine holds the lease of this repository';
  if (row['token'] === token && row['engine'] === engine) return row['released'] === 0 ? null : 'this engine has given back its lease';
  return `engine ${String(row['engine'])} holds the lease of this repository (token ${String(row['token'])}, ours is ${token})`;
}

function change(file: string, token: number, update: (connection: Connection) => void): boolean {
  if (!existsSync(file)) return false;
  const connection = new Connection(file, 'write');
  try {
    if (schemaVersion(connection) === 0) return false;
    return connection.writing(() => {
      const held = storedLease(connection);
      if (held === null || held.token !== token || held.released) return false;
      update(connection);
      return true;
    });
  } finally {
    connection.close();
  }
}

interface Surroundings {
  readonly bootId: string | null;
  readonly now: number;
  readonly isAlive: (process: ProcessIdentity) => boolean;
  readonly staleAfterMs: number | undefined;
}

function isFree(lease: Lease, { bootId, now, isAlive, staleAfterMs }: Surroundings): boolean {
  if (lease.released) return true;
  if (lease.bootId !== null && bootId !== null && lease.bootId !== bootId) return true;
  if (!isAlive(lease.process)) return true;
  return staleAfterMs !== undefined && isStale(lease, now, staleAfterMs);
}

function storedLease(connection: Connection): Lease | null {
  const row: Row | undefined = connection.get('SELECT * FROM lease WHERE id = 1');
  if (row === undefined) return null;
  return {
    token: Number(row['token']),
    engine: String(row['engine']),
    process: { pid: Number(row['pid']), startTime: String(row['startTime']) },
    socket: String(row['socket']),
    version: String(row['version']),
    bootId: row['bootId'] === null ? null : String(row['bootId']),
    acquiredAt: Number(row['acquiredAt']),
    heartbeatAt: Number(row['heartbeatAt']),
    released: row['released'] === 1,
  };
}
