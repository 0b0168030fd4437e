import { entryText, firstPrevHash } from '../../core/journal/entry.ts';
import type { Connection, Row } from './connection.ts';
import { storedHead, writtenHead } from './head.ts';
import { ENTRY_COLUMNS } from './rawEntry.ts';
import { sha256 } from './sha256.ts';
import { sqliteCode } from './sqliteFailure.ts';

export type Verification =
  | { readonly ok: true; readonly entries: number }
  /** `what` is one sentence. `entries` were in order before the first broken one. */
  | { readonly ok: false; readonly entries: number; readonly firstBroken: number; readonly what: string };

const PAGE = 2000;

/** Walks the whole chain up to the entry that is last now, page by page, so that it holds up neither the writer nor a checkpoint. */
export function verifyChain(connection: Connection, onProgress: (entries: number) => void): Verification {
  const { written, stored } = connection.snapshot(() => ({ written: writtenHead(connection), stored: storedHead(connection) }));
  let seq = 0;
  let hash = firstPrevHash;
  const broken = (firstBroken: number, what: string): Verification => ({ ok: false, entries: seq, firstBroken, what });
  let from = Number.MIN_SAFE_INTEGER;
  while (true) {
    const page = readPage(connection, from, stored.seq);
    if (page === null) return broken(seq + 1, `Entry ${seq + 1} can't be read: the file is damaged.`);
    for (const row of page) {
      const found = Number(row['seq']);
      if (found > seq + 1) return broken(seq + 1, `Entry ${seq + 1} is missing.`);
      if (found < seq + 1) return broken(found, `Entry ${found} does not belong here: it was inserted.`);
      const prevHash = String(row['prevHash']);
      if (sha256(textOf(row, found, prevHash)) !== row['hash']) return broken(found, `Entry ${found} was changed after it was written.`);
      if (prevHash !== hash) return broken(found, `Entry ${found} does not follow from the one before it: one of the two was replaced.`);
      seq = found;
      hash = String(row['hash']);
    }
    onProgress(seq);
    if (page.length < PAGE) break;
    from = seq + 1;
  }
  if (seq < written.seq) return broken(seq + 1, `Entry ${seq + 1} is missing: the journal was cut off; entry ${written.seq} was its last.`);
  if (seq > written.seq) return broken(written.seq + 1, `Entry ${written.seq + 1} was inserted: entry ${written.seq} was written last.`);
  if (hash !== written.hash) return broken(seq, `Entry ${seq} is not the one that was written last: it was replaced.`);
  return { ok: true, entries: seq };
}

function textOf(row: Row, seq: number, prevHash: string): string {
  const text = (column: string): string | null => (row[column] === null ? null : String(row[column]));
  const envelope = {
    seq,
    at: Number(row['at']),
    run: text('run'),
    cell: text('cell'),
    actor: String(row['actor']),
    type: String(row['type']),
    version: Number(row['version']),
    prevHash,
  };
  return entryText(envelope, String(row['data']));
}

/** Null when the page can't be read because the file is damaged. */
function readPage(connection: Connection, from: number, to: number): Row[] | null {
  try {
    return connection.all(
      // As text, numbers that no writer uses and the driver refuses are seen as changed like any other.
      `SELECT ${ENTRY_COLUMNS.replace('at,', 'CAST(at AS TEXT) AS at,').replace('version,', 'CAST(version AS TEXT) AS version,')}
       FROM entries WHERE seq BETWEEN ? AND ? ORDER BY seq LIMIT ${PAGE}`,
      from,
      to,
    );
  } catch (error) {
    if (sqliteCode(error instanceof Error ? error.cause : null) !== CORRUPT) throw error;
    return null;
  }
}

const CORRUPT = 11;
