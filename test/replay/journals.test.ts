import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { fileURLToPath } from 'node:url';
import { describe, it } from 'mocha';
import { openJournalReader } from '../../src/adapters/journal/openJournalReader.ts';
import type { RawEntry } from '../../src/adapters/journal/rawEntry.ts';
import { verifyJournal } from '../../src/adapters/journal/verifyJournal.ts';
import { evolveRun } from '../../src/core/run/evolve.ts';
import { openSampleJournal, temporaryFolder, verifierUrl } from '../support/journalSamples.ts';
import { expectedPath, readRecording, summarise } from './recording.ts';

const journals = fileURLToPath(new URL('journals/', import.meta.url));
const recordings = readdirSync(journals).filter((name) => name.endsWith('.ndjson'));

/** Makes the file that the recording was taken from, but for the states of the runs. */
function restore(file: string, entries: readonly RawEntry[]): void {
  openSampleJournal(file).journal.close();
  const db = new DatabaseSync(file);
  try {
    db.exec('BEGIN');
    const insert = db.prepare('INSERT INTO entries VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)');
    for (const { seq, at, run, cell, actor, type, version, data, prevHash, hash } of entries) {
      insert.run(seq, at, run, cell, actor, type, version, data, prevHash, hash);
    }
    const last = entries.at(-1);
    db.prepare("INSERT OR REPLACE INTO meta VALUES ('head', ?), ('projection', 'none')").run(`${last?.seq}:${last?.hash}`);
    db.exec('COMMIT');
  } finally {
    db.close();
  }
}

describe('recorded journals', function () {
  this.timeout(120_000);

  it('are there, each with what its replay must give', () => {
    assert.notEqual(recordings.length, 0);
    const names = readdirSync(journals).sort();
    assert.deepEqual(names, recordings.flatMap((name) => [expectedPath(name), name]).sort());
  });

  for (const name of recordings) {
    it(`mean the same as when they were recorded: ${name}`, async () => {
      const folder = temporaryFolder();
      try {
        const file = join(folder.path, 'journal.db');
        const entries = readRecording(join(journals, name));
        restore(file, entries);
        assert.deepEqual(await verifyJournal({ file, worker: verifierUrl }), { ok: true, entries: entries.length });
        const expected: unknown = JSON.parse(readFileSync(join(journals, expectedPath(name)), 'utf8'));
        const lastHash = entries.at(-1)?.hash ?? '';
        const reader = openJournalReader({ file, evolve: evolveRun });
        const hint = 'the fold makes something else of a recorded journal: if that is wanted, count FOLD_VERSION up and record it anew';
        assert.deepEqual(summarise(reader, lastHash), expected, hint);
        reader.close();
        const { journal } = openSampleJournal(file, 'engine-b');
        assert.deepEqual(summarise(journal, lastHash), expected, hint);
        journal.close();
      } finally {
        folder.remove();
      }
    });
  }
});
