import type { ReadQuery } from '../../core/ports/journal.ts';
import type { RawEntry } from './rawEntry.ts';

export type ExportFormat = 'ndjson' | 'csv';

export interface ExportOptions {
  readonly format: ExportFormat;
  readonly run?: string;
  /** First sequence number, inclusive. */
  readonly from?: number;
}

interface RawSource {
  head(): number;
  readRaw(query: ReadQuery): readonly RawEntry[];
}

const PAGE = 500;
/** The columns and their order are a promise to those who read exports. */
const COLUMNS = ['seq', 'at', 'time', 'run', 'cell', 'actor', 'type', 'version', 'data', 'prevHash', 'hash'] as const;

/**
 * Writes the entries up to the one that is last now, oldest first, page by page; waits for each `write` before it reads on.
 * NDJSON: one object per line, `data` as a JSON value (as text where it is damaged and not JSON). CSV (RFC 4180): a header line;
 * `at` in milliseconds, `time` the same as ISO 8601, `data` as JSON text; cells that a spreadsheet would take for a formula begin with '.
 * @returns the number of entries written. Rejects with the signal's reason when aborted, between two pages.
 */
export async function exportEntries(
  source: RawSource,
  options: ExportOptions,
  write: (text: string) => void | Promise<void>,
  signal?: AbortSignal,
): Promise<number> {
  const to = source.head();
  const line = options.format === 'csv' ? csvLine : jsonLine;
  const filter = options.run === undefined ? {} : { run: options.run };
  if (options.format === 'csv') await write(`${COLUMNS.join(',')}\r\n`);
  let written = 0;
  let from = options.from ?? 1;
  while (true) {
    signal?.throwIfAborted();
    const page = source.readRaw({ from, to, limit: PAGE, ...filter });
    if (page.length > 0) await write(page.map(line).join(''));
    written += page.length;
    const last = page.at(-1);
    if (last === undefined || page.length < PAGE) return written;
    from = last.seq + 1;
  }
}

function jsonLine({ seq, at, run, cell, actor, type, version, data, prevHash, hash }: RawEntry): string {
  const before = JSON.stringify({ seq, at, run, cell, actor, type, version }).slice(0, -1);
  const after = JSON.stringify({ prevHash, hash }).slice(1);
  return `${before},"data":${oneLineJson(data)},${after}\n`;
}

/** The stored text itself wherever it can stand in a line of its own, so that numbers and the order of keys stay as they are. */
function oneLineJson(text: string): string {
  try {
    const value: unknown = JSON.parse(text);
    return /[\r\n]/.test(text) ? JSON.stringify(value) : text;
  } catch {
    return JSON.stringify(text);
  }
}

function csvLine(entry: RawEntry): string {
  const time = Math.abs(entry.at) <= 8.64e15 ? new Date(entry.at).toISOString() : '';
  const cells = { ...entry, time };
  return `${COLUMNS.map((column) => csvCell(cells[column])).join(',')}\r\n`;
}

function csvCell(value: string | number | null): string {
  if (value === null) return '';
  if (typeof value === 'number') return String(value);
  const harmless = /^[=+\-@\t\r]/.test(value) ? `'${value}` : value;
  return /[",\r\n]/.test(harmless) ? `"${harmless.replaceAll('"', '""')}"` : harmless;
}
