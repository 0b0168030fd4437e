import type { SQLOutputValue } from 'node:sqlite';
import { UserFacingError } from '../../base/userFacingError.ts';
import { entryText, firstPrevHash } from '../../core/journal/entry.ts';
import type { Connection } from './connection.ts';
import { storedHead, writtenHead } from './head.ts';
import { ENTRY_COLUMNS } from './rawEntry.ts';
import { sha256 } from './sha256.ts';

export type Verification =
  | { readonly ok: true; readonly entries: number }
  /** `what` is one sentence. `entries` were in order before the first broken one. */
  | { readonly ok: false; readonly entries: number; readonly firstBroken: number; readonly what: string };

/** Few enough that even long messages take little memory. */
const PAGE = 250;
const PROGRESS_EVERY = 2000;

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
    for (const [column, at, run, cell, actor, type, version, data, previous, written] of page) {
      const found = Number(column);
      if (found > seq + 1) return broken(seq + 1, `Entry ${seq + 1} is missing.`);
      if (found < seq + 1) return broken(found, `Entry ${found} does not belong here: it was inserted.`);
      const prevHash = String(previous);
      const envelope = {
        seq: found,
        at: Number(at),
        run: textOrNull(run),
        cell: textOrNull(cell),
        actor: String(actor),
        type: String(type),
        version: Number(version),
        prevHash,
      };
      if (sha256(entryText(envelope, String(data))) !== written) return broken(found, `Entry ${found} was changed after it was written.`);
      if (prevHash !== hash) return broken(found, `Entry ${found} does not follow from the one before it: one of the two was replaced.`);
      seq = found;
      hash = String(written);
    }
    if (page.length < PAGE || seq % PROGRESS_EVERY === 0) onProgress(seq);
    if (page.length < PAGE) break;
    from = seq + 1;
  }
  if (seq < written.seq) return broken(seq + 1, `Entry ${seq + 1} is missing: the journal was cut off; entry ${written.seq} was its last.`);
  if (seq > written.seq) return broken(written.seq + 1, `Entry ${written.seq + 1} was inserted: entry ${written.seq} was written last.`);
  if (hash !== written.hash) return broken(seq, `Entry ${seq} is not the one that was written last: it was replaced.`);
  return { ok: true, entries: seq };
}

const textOrNull = (value: SQLOutputValue | undefined): string | null => (value === null || value === undefined ? null : String(value));

/** Null when the page can't be read because the file is damaged. */
function readPage(connection: Connection, from: number, to: number): SQLOutputValue[][] | null {
  const page = (columns: string) =>
    connection.lists(`SELECT ${columns} FROM entries WHERE seq BETWEEN ? AND ? ORDER BY seq LIMIT ${PAGE}`, from, to);
  try {
    return page(ENTRY_COLUMNS);
  } catch (error) {
    if (!(error instanceof UserFacingError) || error.code !== 'journalBroken') throw error;
  }
  try {
    // As text, a number that no writer uses and the driver refuses is found changed like any other value.
    return page(ENTRY_COLUMNS.replace(' at,', ' CAST(at AS TEXT),').replace(' version,', ' CAST(version AS TEXT),'));
  } catch (error) {
    if (!(error instanceof UserFacingError) || error.code !== 'journalBroken') throw error;
    return null;
  }
}
