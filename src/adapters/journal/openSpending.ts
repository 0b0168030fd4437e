import { closeSync, openSync } from 'node:fs';
import { addUsd, compareUsd, maxUsd, subtractUsd, type Usd, zeroUsd } from '../../core/model/usd.ts';
import type { ProcessIdentity } from '../../core/ports/processes.ts';
import type { IsAlive, SharedMoney, Spending } from '../../core/ports/spending.ts';
import { Connection } from './connection.ts';

/** Keys of charges are kept this long; older ones can't come again, because the cursor is past them. */
const KEEP_DAYS = 70;
const DAY_MS = 86_400_000;

const TABLES = `
  CREATE TABLE IF NOT EXISTS days (day TEXT NOT NULL, repository TEXT NOT NULL, usd TEXT NOT NULL, PRIMARY KEY (day, repository)) STRICT, WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS counted (repository TEXT NOT NULL, key TEXT NOT NULL, day TEXT NOT NULL, PRIMARY KEY (repository, key)) STRICT, WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS cursors (repository TEXT PRIMARY KEY, seq INTEGER NOT NULL) STRICT, WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS held (
    repository TEXT NOT NULL, key TEXT NOT NULL, usd TEXT NOT NULL, pid INTEGER NOT NULL, startTime TEXT NOT NULL, PRIMARY KEY (repository, key)
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS told (what TEXT PRIMARY KEY, at INTEGER NOT NULL) STRICT, WITHOUT ROWID;
`;

export interface OpenSpendingOptions {
  /** One file for all repositories of a person; its folder exists. */
  readonly file: string;
  /** Tells this repository's money from that of others. */
  readonly repository: string;
  readonly process: ProcessIdentity;
  readonly isAlive: IsAlive;
  readonly now: () => number;
}

/** Opens the file in which all engines of a person keep what was spent and what is set aside. @throws UserFacingError when it can't be used. */
export function openSpending({ file, repository, process, isAlive, now }: OpenSpendingOptions): Spending {
  closeSync(openSync(file, 'a', 0o600));
  const connection = new Connection(file, 'write');
  try {
    connection.writing(() => connection.exec(TABLES));
    const oldest = new Date(now() - KEEP_DAYS * DAY_MS).toISOString().slice(0, 10);
    connection.run('DELETE FROM counted WHERE repository = ? AND day < ?', repository, oldest);
    connection.run('DELETE FROM told WHERE at < ?', now() - KEEP_DAYS * DAY_MS);
  } catch (error) {
    connection.close();
    throw error;
  }

  const sum = (amounts: readonly { readonly usd?: unknown }[]): Usd =>
    amounts.reduce((total, { usd }) => addUsd(total, String(usd)), zeroUsd);
  const money = (key: string | null): SharedMoney => ({
    spent: (of, from, to) =>
      sum(
        of === 'everything'
          ? connection.all('SELECT usd FROM days WHERE day BETWEEN ? AND ?', from, to)
          : connection.all('SELECT usd FROM days WHERE day BETWEEN ? AND ? AND repository = ?', from, to, repository),
      ),
    held: (of, keys) =>
      sum(
        connection
          .all('SELECT repository, key, usd, pid, startTime FROM held')
          .filter((row) => of === 'everything' || row['repository'] === repository)
          .filter((row) => keys === undefined || (row['repository'] === repository && keys.has(String(row['key']))))
          .filter((row) => row['repository'] !== repository || row['key'] !== key)
          .filter((row) => isAlive({ pid: Number(row['pid']), startTime: String(row['startTime']) })),
      ),
  });

  const addTo = (day: string, usd: Usd): void => {
    const before = connection.get('SELECT usd FROM days WHERE day = ? AND repository = ?', day, repository)?.['usd'];
    const after = addUsd(before === undefined ? zeroUsd : String(before), usd);
    connection.run('INSERT OR REPLACE INTO days (day, repository, usd) VALUES (?, ?, ?)', day, repository, after);
  };

  const takeFrom = (key: string, usd: Usd): void => {
    const held = connection.get('SELECT usd FROM held WHERE repository = ? AND key = ?', repository, key)?.['usd'];
    if (held === undefined) return;
    const left = maxUsd(subtractUsd(String(held), usd), zeroUsd);
    connection.run('UPDATE held SET usd = ? WHERE repository = ? AND key = ?', left, repository, key);
  };

  return {
    cursor: () => Number(connection.get('SELECT seq FROM cursors WHERE repository = ?', repository)?.['seq'] ?? 0),
    count: (charges, cursor, paidBy) =>
      connection.writing(() => {
        for (const { key, day, usd } of charges) {
          if (connection.get('SELECT 1 FROM counted WHERE repository = ? AND key = ?', repository, key) !== undefined) continue;
          connection.run('INSERT INTO counted (repository, key, day) VALUES (?, ?, ?)', repository, key, day);
          if (compareUsd(usd, zeroUsd) === 0) continue;
          addTo(day, usd);
          if (paidBy !== undefined) takeFrom(paidBy, usd);
        }
        connection.run(
          'INSERT INTO cursors (repository, seq) VALUES (?, ?) ON CONFLICT (repository) DO UPDATE SET seq = max(seq, excluded.seq)',
          repository,
          cursor,
        );
      }),
    look: (read) => connection.snapshot(() => read(money(null))),
    hold: (key, decide) =>
      connection.writing(() => {
        const usd = decide(money(key));
        if (usd === null) return;
        connection.run(
          'INSERT OR REPLACE INTO held (repository, key, usd, pid, startTime) VALUES (?, ?, ?, ?, ?)',
          repository,
          key,
          usd,
          process.pid,
          process.startTime,
        );
      }),
    release: (key) => connection.run('DELETE FROM held WHERE repository = ? AND key = ?', repository, key),
    releaseAll: () =>
      connection.writing(() => {
        const keys = connection.all('SELECT key FROM held WHERE repository = ?', repository).map((row) => String(row['key']));
        connection.run('DELETE FROM held WHERE repository = ?', repository);
        return keys;
      }),
    tellOnce: (what) =>
      connection.writing(() => {
        if (connection.get('SELECT 1 FROM told WHERE what = ?', what) !== undefined) return false;
        connection.run('INSERT INTO told (what, at) VALUES (?, ?)', what, now());
        return true;
      }),
    close: () => connection.close(),
  };
}
