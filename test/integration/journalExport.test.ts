import assert from 'node:assert/strict';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { after, before, describe, it } from 'mocha';
import { type ExportOptions, exportEntries } from '../../src/adapters/journal/exportEntries.ts';
import { openJournalReader, type RawJournalReader } from '../../src/adapters/journal/openJournalReader.ts';
import { evolveRun } from '../../src/core/run/evolve.ts';
import { openSampleJournal, requested, stamped, started, temporaryFolder, warned } from '../support/journalSamples.ts';

/** Reads CSV as RFC 4180 says, strictly. */
function parseCsv(text: string): string[][] {
  const rows: string[][] = [];
  const cell = /(?:"((?:[^"]|"")*)"|([^",\r\n]*))(,|\r\n)/y;
  let row: string[] = [];
  while (cell.lastIndex < text.length) {
    const match = cell.exec(text);
    assert.ok(match, 'malformed CSV');
    row.push(match[1] === undefined ? (match[2] ?? '') : match[1].replaceAll('""', '"'));
    if (match[3] === ',') continue;
    rows.push(row);
    row = [];
  }
  return rows;
}

describe('the export of a journal', function () {
  this.timeout(60_000);
  const folder = temporaryFolder();
  const file = join(folder.path, 'journal.db');
  let reader: RawJournalReader;
  before(async () => {
    const { journal } = openSampleJournal(file);
    const awkward = 'a "quoted", text\r\nof two lines';
    await journal.append({
      entries: [
        requested('r1'),
        warned('r1', awkward),
        { ...started('=2+5'), actor: 'person:@eve' },
        { ...started('+r'), actor: 'person:"x", y' },
        { ...started('-r'), cell: '\tcell' },
        { ...started('@r'), cell: '\rcell' },
        stamped(null, { type: 'moon/landed', data: { big: 1e21, list: [] } }),
        ...Array.from({ length: 1200 }, (_, index) => warned('r1', `${index}`)),
      ],
      durability: 'normal',
    });
    journal.close();
    reader = openJournalReader({ file, evolve: evolveRun });
  });
  after(() => {
    reader.close();
    folder.remove();
  });
  const exported = async (options: ExportOptions) => {
    let text = '';
    const entries = await exportEntries(reader, options, (more) => {
      text += more;
    });
    return { text, entries };
  };

  it('gives each entry as one line of JSON', async () => {
    const { text, entries } = await exported({ format: 'ndjson' });
    const lines = text.split('\n').slice(0, -1);
    assert.deepEqual([entries, lines.length], [1207, 1207]);
    const raw = [...reader.readRaw({ limit: 10_000 })];
    assert.deepEqual(
      lines.map((line) => JSON.parse(line) as unknown),
      raw.map((entry) => ({ ...entry, data: JSON.parse(entry.data) as unknown })),
    );
    assert.deepEqual(Object.keys(JSON.parse(lines[0] ?? '') as object), [
      'seq',
      'at',
      'run',
      'cell',
      'actor',
      'type',
      'version',
      'data',
      'prevHash',
      'hash',
    ]);
  });

  it('gives CSV that spreadsheets read back and never take for formulas', async () => {
    const { text } = await exported({ format: 'csv' });
    const [header, ...rows] = parseCsv(text);
    assert.deepEqual(header, ['seq', 'at', 'time', 'run', 'cell', 'actor', 'type', 'version', 'data', 'prevHash', 'hash']);
    const raw = reader.readRaw({ limit: 10_000 });
    assert.deepEqual(
      rows.map((row) => row[8]),
      raw.map((entry) => entry.data),
    );
    assert.deepEqual(
      rows.slice(2, 6).map((row) => row.slice(3, 6)),
      [
        ["'=2+5", 'cell-=2+5', 'person:@eve'],
        ["'+r", 'cell-+r', 'person:"x", y'],
        ["'-r", "'\tcell", 'engine'],
        ["'@r", "'\rcell", 'engine'],
      ],
    );
    assert.deepEqual(rows[6]?.slice(0, 5), ['7', '1000', '1970-01-01T00:00:01.000Z', '', '']);
  });

  it('gives one run, or a part', async () => {
    assert.deepEqual(
      [(await exported({ format: 'ndjson', run: '=2+5' })).entries, (await exported({ format: 'ndjson', from: 1207 })).entries],
      [1, 1],
    );
    assert.deepEqual(
      [
        (await exported({ format: 'ndjson', run: 'none' })).text,
        (await exported({ format: 'csv', run: 'none' })).text.split('\r\n').length,
      ],
      ['', 2],
    );
  });

  it('gives damaged data as text instead of breaking off or breaking the lines', async () => {
    const db = new DatabaseSync(file);
    const set = (data: string) => db.prepare('UPDATE entries SET data = ? WHERE seq = 7').run(data);
    set('{"broken');
    const broken = (await exported({ format: 'ndjson', from: 7 })).text.split('\n')[0] ?? '';
    set('{\n"a":\n1}');
    const pretty = (await exported({ format: 'ndjson', from: 7 })).text.split('\n')[0] ?? '';
    db.close();
    assert.deepEqual(
      [broken, pretty].map((line) => (JSON.parse(line) as { data: unknown }).data),
      ['{"broken', { a: 1 }],
    );
  });

  it('waits for the writer, and stops between pages when asked', async () => {
    const stop = new AbortController();
    let pages = 0;
    const work = exportEntries(
      reader,
      { format: 'ndjson' },
      async () => {
        pages += 1;
        await Promise.resolve();
        stop.abort(new Error('enough'));
      },
      stop.signal,
    );
    await assert.rejects(work, /enough/);
    assert.equal(pages, 1);
  });
});
