import type { Entry } from '../../core/journal/entry.ts';
import { damagedEntry, decodeData } from '../../core/journal/storedData.ts';
import type { ReadQuery } from '../../core/ports/journal.ts';
import type { Connection, Row } from './connection.ts';

/** An entry exactly as it is stored: `data` is the text that was hashed. */
export interface RawEntry extends Omit<Entry, 'data'> {
  readonly data: string;
}

export const ENTRY_COLUMNS = 'seq, at, run, cell, actor, type, version, data, prevHash, hash';

const DEFAULT_LIMIT = 1000;
const MAX_LIMIT = 10_000;

/** @throws UserFacingError `journalBroken` when a column holds what no writer puts there. */
export function rawEntry(row: Row): RawEntry {
  const seq = typeof row['seq'] === 'number' ? row['seq'] : 0;
  const text = (column: string): string => {
    const value = row[column];
    if (typeof value !== 'string') throw damagedEntry(seq, `its ${column} is not text`);
    return value;
  };
  const number = (column: string): number => {
    const value = row[column];
    if (typeof value !== 'number') throw damagedEntry(seq, `its ${column} is not a number`);
    return value;
  };
  return {
    seq: number('seq'),
    at: number('at'),
    run: row['run'] === null ? null : text('run'),
    cell: row['cell'] === null ? null : text('cell'),
    actor: text('actor'),
    type: text('type'),
    version: number('version'),
    data: text('data'),
    prevHash: text('prevHash'),
    hash: text('hash'),
  };
}

export interface DecodedEntry {
  readonly entry: Entry;
  readonly known: boolean;
}

export function decodeEntry(raw: RawEntry): DecodedEntry {
  const { data, known } = decodeData(raw, raw.data);
  return { entry: { ...raw, data }, known };
}

/** At most 10,000 entries in one call, whatever was asked. */
export function readRawEntries(connection: Connection, query: ReadQuery): RawEntry[] {
  const from = query.from ?? 1;
  const to = query.to ?? Number.MAX_SAFE_INTEGER;
  const limit = Math.max(0, Math.min(query.limit ?? DEFAULT_LIMIT, MAX_LIMIT));
  const conditions = ['seq BETWEEN ? AND ?'];
  const values: (string | number)[] = [from, to];
  if (query.run !== undefined) {
    conditions.push('run = ?');
    values.push(query.run);
  }
  if (query.types !== undefined) {
    conditions.push(`type IN (${query.types.map(() => '?').join()})`);
    values.push(...query.types);
  }
  const rows = connection.all(
    `SELECT ${ENTRY_COLUMNS} FROM entries WHERE ${conditions.join(' AND ')} ORDER BY seq LIMIT ?`,
    ...values,
    limit,
  );
  return rows.map(rawEntry);
}
