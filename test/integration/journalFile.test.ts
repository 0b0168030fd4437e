import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { copyFileSync, readFileSync, renameSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, describe, it } from 'mocha';
import { openJournalReader } from '../../src/adapters/journal/openJournalReader.ts';
import { sqliteFailure } from '../../src/adapters/journal/sqliteFailure.ts';
import { UserFacingError } from '../../src/base/userFacingError.ts';
import type { JournalReader } from '../../src/core/ports/journal.ts';
import { evolveRun } from '../../src/core/run/evolve.ts';
import { finished, openSampleJournal, requested, stamped, started, temporaryFolder, warned } from '../support/journalSamples.ts';

const codeOf = (error: unknown): string => (error instanceof UserFacingError ? error.code : String(error));
const thrown = (work: () => unknown): unknown => {
  try {
    work();
  } catch (error) {
    return error;
  }
  return 'nothing thrown';
};

describe('a journal in a file', function () {
  this.timeout(60_000);
  let folder: ReturnType<typeof temporaryFolder>;
  let file: string;
  beforeEach(() => {
    folder = temporaryFolder();
    file = join(folder.path, 'data', 'journal.db');
  });
  afterEach(() => folder.remove());

  const raw = (work: (db: DatabaseSync) => void): void => {
    const db = new DatabaseSync(file);
    try {
      work(db);
    } finally {
      db.close();
    }
  };
  /** Everything a reader tells about runs, as text. */
  const told = (reader: JournalReader): string =>
    JSON.stringify([reader.openRuns(), reader.recentRuns(99), reader.highestTaskNumber(), reader.unknownCount()]);
  const reading = <T>(work: (reader: ReturnType<typeof openJournalReader>) => T): T => {
    const reader = openJournalReader({ file, evolve: evolveRun });
    try {
      return work(reader);
    } finally {
      reader.close();
    }
  };
  const fill = async (): Promise<string> => {
    const { journal } = openSampleJournal(file);
    await journal.append({
      entries: [
        requested('r1', 'TASK-041'),
        requested('r2', 'TASK-009'),
        started('r1'),
        stamped(null, { type: 'moon/landed', data: {} }),
        finished('r2'),
        warned('r1', 'slow'),
      ],
      durability: 'full',
    });
    const before = told(journal);
    journal.close();
    return before;
  };

  it('survives closing and opening, is private to its owner, and reads the same from a second connection while it grows', async () => {
    const before = await fill();
    assert.equal((statSync(file).mode & 0o777).toString(8), '600');
    const { journal } = openSampleJournal(file, 'engine-b');
    const reader = openJournalReader({ file, evolve: evolveRun });
    assert.deepEqual([told(journal), told(reader)], [before, before]);
    await journal.append({ entries: [finished('r1')], durability: 'normal' });
    assert.deepEqual([reader.head(), reader.openRuns(), told(reader)], [7, [], told(journal)]);
    assert.deepEqual(reader.read({}), journal.read({}));
    journal.close();
    assert.equal(reader.head(), 7);
    reader.close();
  });

  it('reads a missing file as empty, and finds it when it appears', async () => {
    const reader = openJournalReader({ file, evolve: evolveRun });
    assert.deepEqual([reader.head(), reader.read({}), told(reader)], [0, [], '[[],[],0,0]']);
    const before = await fill();
    assert.equal(told(reader), before);
    reader.close();
    assert.throws(() => reader.head(), /closed/);
  });

  it('writes everything that waits before it closes', async () => {
    const { journal } = openSampleJournal(file);
    const appended = journal.append({ entries: [requested('r1')], durability: 'normal' });
    journal.close();
    assert.equal((await appended).length, 1);
    assert.equal(
      reading((reader) => reader.head()),
      1,
    );
  });

  it('folds the states anew when another version made them or they lag behind', async () => {
    const before = await fill();
    for (const damage of [
      "UPDATE meta SET value = 'other' WHERE key = 'projection'; UPDATE runs SET state = '{}'; UPDATE meta SET value = '77' WHERE key IN ('unknown', 'highestTask')",
      "DELETE FROM runs; UPDATE meta SET value = '0' WHERE key IN ('projected', 'unknown', 'highestTask')",
      "UPDATE meta SET value = '99' WHERE key = 'projected'; DELETE FROM runs",
    ]) {
      raw((db) => db.exec(damage));
      const bytes = readFileSync(file);
      assert.equal(reading(told), before, 'the reader folds in memory');
      assert.deepEqual(readFileSync(file), bytes, 'the reader leaves the file as it is');
      const { journal } = openSampleJournal(file);
      assert.equal(told(journal), before);
      journal.close();
      raw((db) => assert.equal(db.prepare('SELECT count(*) AS n FROM runs').get()?.['n'], 2));
    }
  });

  it('keeps a reader that folds for itself in step with the file', async () => {
    await fill();
    raw((db) => db.exec("UPDATE meta SET value = 'older' WHERE key = 'projection'"));
    const reader = openJournalReader({ file, evolve: evolveRun });
    assert.equal(reader.openRuns().length, 1);
    const { journal } = openSampleJournal(file, 'engine-b');
    await journal.append({ entries: [requested('r3', 'TASK-100')], durability: 'normal' });
    assert.equal(told(reader), told(journal));
    raw((db) => db.exec("UPDATE meta SET value = 'older' WHERE key = 'projection'"));
    assert.equal(told(reader), told(journal));
    reader.close();
    journal.close();
  });

  it('refuses a file of a newer format and leaves it as it is', async () => {
    await fill();
    raw((db) => db.exec('PRAGMA user_version = 2'));
    const bytes = readFileSync(file);
    assert.deepEqual(
      [codeOf(thrown(() => openSampleJournal(file))), codeOf(thrown(() => reading((reader) => reader.head())))],
      ['engineVersion', 'engineVersion'],
    );
    assert.deepEqual(readFileSync(file), bytes);
  });

  it('reports a file that is no database and one that is torn, and leaves them as they are', async () => {
    await fill();
    const whole = readFileSync(file);
    const garbage = Buffer.alloc(8192, 'not a database ');
    const torn = Buffer.from(whole);
    torn.fill(0x5a, 4096);
    for (const bytes of [garbage, torn]) {
      writeFileSync(file, bytes);
      assert.equal(codeOf(thrown(() => reading((reader) => [reader.read({}), told(reader)]))), 'journalBroken');
      const answer = thrown(() => openSampleJournal(file));
      assert.equal(codeOf(answer), 'journalBroken');
      assert.deepEqual(readFileSync(file), bytes);
    }
  });

  it('names the entry whose data is damaged', async () => {
    await fill();
    for (const data of ['{"not":"whole"', '{"code":"IG"}']) {
      raw((db) => db.prepare('UPDATE entries SET data = ? WHERE seq = 6').run(data));
      const error = thrown(() => reading((reader) => reader.read({})));
      assert.equal(codeOf(error), 'journalBroken');
      assert.match(String(error), /Entry 6 /);
      assert.equal(
        reading((reader) => reader.read({ to: 5 }).length),
        5,
        'what is before it can be read',
      );
      raw((db) => db.exec("UPDATE meta SET value = 'other' WHERE key = 'projection'"));
      assert.match(String(thrown(() => openSampleJournal(file))), /Entry 6 /);
    }
  });

  it('records nothing more in a file whose end was cut off or added to', async () => {
    await fill();
    copyFileSync(file, `${file}.copy`);
    for (const change of [
      'DELETE FROM entries WHERE seq = 6',
      "INSERT INTO entries SELECT 7, at, run, cell, actor, type, version, data, hash, 'x' FROM entries WHERE seq = 6",
    ]) {
      copyFileSync(`${file}.copy`, file);
      raw((db) => db.exec(change));
      assert.equal(codeOf(thrown(() => openSampleJournal(file))), 'journalBroken');
      copyFileSync(`${file}.copy`, file);
      const { journal } = openSampleJournal(file);
      raw((db) => db.exec(change));
      const refused = await journal.append({ entries: [started('r1')], durability: 'normal' }).catch(codeOf);
      assert.equal(refused, 'journalBroken');
      journal.close();
    }
  });

  it('records nothing more when its file is removed or replaced under it', async () => {
    await fill();
    const { journal } = openSampleJournal(file);
    renameSync(file, `${file}.away`);
    assert.equal(await journal.append({ entries: [started('r1')], durability: 'full' }).catch(codeOf), 'journalBroken');
    copyFileSync(`${file}.away`, file);
    assert.equal(await journal.append({ entries: [started('r1')], durability: 'full' }).catch(codeOf), 'journalBroken');
    journal.close();
  });

  it('says what is wrong when it may not write', () => {
    assert.equal(codeOf(thrown(() => openSampleJournal(join(folder.path, 'not', 'there', 'journal.db')))), 'environment');
    assert.equal(codeOf(thrown(() => openSampleJournal(folder.path))), 'environment');
    const db = new DatabaseSync(':memory:');
    db.exec('PRAGMA query_only = ON');
    assert.equal(
      codeOf(
        sqliteFailure(
          file,
          thrown(() => db.exec('CREATE TABLE t (a)')),
        ),
      ),
      'environment',
    );
    db.close();
  });

  it('says that the disk is full, and has written a batch whole or not at all', async () => {
    await fill();
    const writer = new URL('../support/journalFiller.ts', import.meta.url).pathname;
    // A limit on the size of files stands in for a full disk: writes fail in the middle of a transaction all the same.
    const child = spawnSync('sh', ['-c', 'ulimit -f 400 && exec "$0" "$1" "$2"', process.execPath, writer, file], { encoding: 'utf8' });
    assert.equal(child.stdout.split('\n').at(-2), 'environment', child.stderr);
    const confirmed = child.stdout.split('\n').filter((line) => line === 'appended').length;
    assert.ok(confirmed > 0, 'some batches fitted');
    const { journal } = openSampleJournal(file);
    assert.deepEqual([(journal.head() - 6) % 10, journal.head() - 6 >= confirmed * 10], [0, true]);
    const before = told(journal);
    journal.close();
    raw((db) => db.exec("UPDATE meta SET value = 'other' WHERE key = 'projection'"));
    assert.equal(reading(told), before);
  });

  it('words the full disk and the corrupt page of SQLite itself', () => {
    const db = new DatabaseSync(file.replace('data/', ''));
    db.exec('CREATE TABLE t (a TEXT); PRAGMA max_page_count = 8');
    const full = sqliteFailure(
      file,
      thrown(() => db.prepare('INSERT INTO t VALUES (?)').run('x'.repeat(100_000))),
    );
    db.close();
    assert.equal(codeOf(full), 'environment');
    assert.match(String(full), /disk is full/);
  });
});
