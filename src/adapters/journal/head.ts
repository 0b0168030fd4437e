import { UserFacingError } from '../../base/userFacingError.ts';
import { firstPrevHash } from '../../core/journal/entry.ts';
import type { Connection } from './connection.ts';

export interface Head {
  readonly seq: number;
  readonly hash: string;
}

/** The last entry there is. */
export function storedHead(connection: Connection): Head {
  const row = connection.get('SELECT seq, hash FROM entries ORDER BY seq DESC LIMIT 1');
  return row === undefined ? { seq: 0, hash: firstPrevHash } : { seq: Number(row['seq']), hash: String(row['hash']) };
}

/** The last entry that was written. A chain alone can't show that its end was cut off; this can. */
export function writtenHead(connection: Connection): Head {
  const value = connection.get("SELECT value FROM main.meta WHERE key = 'head'")?.['value'];
  const [seq = '0', hash = firstPrevHash] = typeof value === 'string' ? value.split(':') : [];
  return { seq: Number(seq), hash };
}

export function writeHead(connection: Connection, head: Head): void {
  connection.run(
    "INSERT INTO main.meta (key, value) VALUES ('head', ?), ('projected', ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value",
    `${head.seq}:${head.hash}`,
    String(head.seq),
  );
}

/**
 * The head to go on from.
 * @throws UserFacingError `journalBroken` when the last entry is not the one written last: to append would hide it.
 */
export function checkedHead(connection: Connection): Head {
  const stored = storedHead(connection);
  const written = writtenHead(connection);
  if (stored.seq === written.seq && stored.hash === written.hash) return stored;
  throw new UserFacingError(
    'journalBroken',
    `The journal ${connection.file} ends with entry ${stored.seq}, but entry ${written.seq} was written last: something else has changed it. It was left as it is, and nothing is recorded in it any more.`,
    { actions: ['reactor export --verify', 'restore the file from a backup'] },
  );
}
