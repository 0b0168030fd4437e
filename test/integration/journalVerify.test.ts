import assert from 'node:assert/strict';
import { copyFileSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { after, before, describe, it } from 'mocha';
import { sha256 } from '../../src/adapters/journal/sha256.ts';
import { verifyJournal } from '../../src/adapters/journal/verifyJournal.ts';
import { entryText } from '../../src/core/journal/entry.ts';
import { openSampleJournal, requested, temporaryFolder, verifierUrl, warned } from '../support/journalSamples.ts';

const ENTRIES = 5000;

describe('verification of a journal (INV-009)', function () {
  this.timeout(120_000);
  const folder = temporaryFolder();
  const whole = join(folder.path, 'whole.db');
  const file = join(folder.path, 'journal.db');
  before(async () => {
    const { journal } = openSampleJournal(whole);
    const entries = Array.from({ length: ENTRIES - 1 }, (_, index) => warned('r1', `warning ${index}`));
    await journal.append({ entries: [requested('r1'), ...entries], durability: 'normal' });
    journal.close();
  });
  after(() => folder.remove());

  const verify = (path = file) => verifyJournal({ file: path, worker: verifierUrl });
  const changed = async (sql: string, ...values: string[]) => {
    copyFileSync(whole, file);
    const db = new DatabaseSync(file);
    if (values.length > 0) db.prepare(sql).run(...values);
    else db.exec(sql);
    db.close();
    const found = await verify();
    return found.ok ? 'nothing found' : `${found.firstBroken}: ${found.what}`;
  };

  it('finds a whole journal whole, with progress, and an absent one empty', async () => {
    const progress: number[] = [];
    const found = await verifyJournal({ file: whole, worker: verifierUrl }, (entries) => progress.push(entries));
    assert.deepEqual([found, progress], [{ ok: true, entries: ENTRIES }, [2000, 4000, 5000]]);
    assert.deepEqual(await verify(join(folder.path, 'none.db')), { ok: true, entries: 0 });
  });

  for (const [what, sql, expected] of [
    [
      'changed data',
      `UPDATE entries SET data = replace(data, 'warning', 'Warning') WHERE seq = 4321`,
      '4321: Entry 4321 was changed after it was written.',
    ],
    ['a changed actor', `UPDATE entries SET actor = 'person:eve' WHERE seq = 17`, '17: Entry 17 was changed after it was written.'],
    ['a changed time', `UPDATE entries SET at = at + 1 WHERE seq = 1`, '1: Entry 1 was changed after it was written.'],
    [
      'a time beyond all numbers',
      `UPDATE entries SET at = 9223372036854775807 WHERE seq = 9`,
      '9: Entry 9 was changed after it was written.',
    ],
    ['a run taken away', `UPDATE entries SET run = NULL WHERE seq = 30`, '30: Entry 30 was changed after it was written.'],
    ['a changed hash', `UPDATE entries SET hash = prevHash WHERE seq = 40`, '40: Entry 40 was changed after it was written.'],
    ['a changed link', `UPDATE entries SET prevHash = hash WHERE seq = 41`, '41: Entry 41 was changed after it was written.'],
    ['a removed entry', `DELETE FROM entries WHERE seq = 2500`, '2500: Entry 2500 is missing.'],
    ['a removed beginning', `DELETE FROM entries WHERE seq < 3`, '1: Entry 1 is missing.'],
    [
      'a removed end',
      `DELETE FROM entries WHERE seq > 4990`,
      '4991: Entry 4991 is missing: the journal was cut off; entry 5000 was its last.',
    ],
    ['everything removed', `DELETE FROM entries`, '1: Entry 1 is missing: the journal was cut off; entry 5000 was its last.'],
    [
      'an entry before the first',
      `INSERT INTO entries SELECT 0, at, run, cell, actor, type, version, data, prevHash, hash FROM entries WHERE seq = 1`,
      '0: Entry 0 does not belong here: it was inserted.',
    ],
    [
      'two entries in each other’s place',
      `UPDATE entries SET seq = -1 WHERE seq = 6; UPDATE entries SET seq = 6 WHERE seq = 7; UPDATE entries SET seq = 7 WHERE seq = -1`,
      '6: Entry 6 was changed after it was written.',
    ],
    [
      'an entry inserted and the rest moved up',
      `UPDATE entries SET seq = -(seq + 1) WHERE seq >= 100; UPDATE entries SET seq = -seq WHERE seq < 0; INSERT INTO entries SELECT 100, at, run, cell, actor, type, version, data, prevHash, hash FROM entries WHERE seq = 99`,
      '100: Entry 100 was changed after it was written.',
    ],
  ] as const) {
    it(`finds ${what}`, async () => assert.equal(await changed(sql), expected));
  }

  it('finds an entry that was forged together with its own hash', async () => {
    const forged = (seq: number, prevHash: string) => {
      const envelope = { seq, at: 1, run: 'r1', cell: null, actor: 'policy', type: 'run/started', version: 1, prevHash };
      return [String(seq), prevHash, sha256(entryText(envelope, '{}'))] as const;
    };
    const db = new DatabaseSync(whole, { readOnly: true });
    const hashOf = (seq: number) => String(db.prepare('SELECT hash FROM entries WHERE seq = ?').get(seq)?.['hash']);
    const [middle, last] = [forged(700, hashOf(699)), forged(ENTRIES, hashOf(ENTRIES - 1))];
    const added = forged(ENTRIES + 1, hashOf(ENTRIES));
    db.close();
    const insert = `INSERT OR REPLACE INTO entries VALUES (?, 1, 'r1', NULL, 'policy', 'run/started', 1, '{}', ?, ?)`;
    assert.deepEqual(
      [await changed(insert, ...middle), await changed(insert, ...last), await changed(insert, ...added)],
      [
        '701: Entry 701 does not follow from the one before it: one of the two was replaced.',
        '5000: Entry 5000 is not the one that was written last: it was replaced.',
        '5001: Entry 5001 was inserted: entry 5000 was written last.',
      ],
    );
  });

  it('names the place where the file itself is damaged, and refuses what is no journal', async () => {
    const bytes = readFileSync(whole);
    bytes.fill(0x5a, Math.floor(bytes.length / 2), Math.floor(bytes.length / 2) + 32_768);
    writeFileSync(file, bytes);
    const found = await verify();
    assert.equal(found.ok, false);
    assert.ok(!found.ok && found.firstBroken > 1 && found.firstBroken <= ENTRIES, JSON.stringify(found));
    writeFileSync(file, 'x'.repeat(9000));
    await assert.rejects(verify(), { code: 'journalBroken' });
  });

  it('lets the engine append meanwhile, and stops when asked', async () => {
    copyFileSync(whole, file);
    const { journal } = openSampleJournal(file);
    const verifying = verify();
    let verified = false;
    const noted = verifying.then(() => {
      verified = true;
    });
    while (!verified) await journal.append({ entries: [warned('r1', 'meanwhile')], durability: 'normal' });
    await noted;
    const found = await verifying;
    assert.ok(found.ok && found.entries >= ENTRIES, JSON.stringify(found));
    assert.deepEqual(await verify(), { ok: true, entries: journal.head() });
    journal.close();
    const stop = new AbortController();
    const stopped = verifyJournal({ file, worker: verifierUrl }, () => stop.abort(new Error('enough')), stop.signal);
    await assert.rejects(stopped, /enough/);
  });
});
