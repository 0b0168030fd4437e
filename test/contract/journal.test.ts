import assert from 'node:assert/strict';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'mocha';
import { sha256 } from '../../src/adapters/journal/sha256.ts';
import { entryText, firstPrevHash, type NewEntry } from '../../src/core/journal/entry.ts';
import { event } from '../../src/core/journal/events.ts';
import { MemoryJournal } from '../../src/core/journal/memoryJournal.ts';
import { type Journal, JournalRefused } from '../../src/core/ports/journal.ts';
import { foldRunCosts } from '../../src/core/projections/costs/runCosts.ts';
import { evolveRun } from '../../src/core/run/evolve.ts';
import { finished, message, openSampleJournal, requested, stamped, started, temporaryFolder, warned } from '../support/journalSamples.ts';

interface Subject {
  readonly journal: Journal;
  /** Another engine takes the lease. */
  fence(): void;
  end(): void;
}

const inMemory = (): Subject => {
  const journal = new MemoryJournal({ evolve: evolveRun, hash: sha256 });
  return { journal, fence: () => journal.fence(), end: () => journal.close() };
};

const inFile = (): Subject => {
  const folder = temporaryFolder();
  const file = join(folder.path, 'journal.db');
  const others: Journal[] = [];
  const { journal } = openSampleJournal(file);
  return {
    journal,
    fence: () => void others.push(openSampleJournal(file, 'engine-b').journal),
    end: () => {
      for (const one of [journal, ...others]) one.close();
      folder.remove();
    },
  };
};

const refusalOf = async (work: Promise<unknown>): Promise<string> =>
  work.then(
    () => 'appended',
    (error: unknown) => (error instanceof JournalRefused ? error.refusal.code : String(error)),
  );

for (const [name, create] of [
  ['MemoryJournal', inMemory],
  ['the journal in a file', inFile],
] as const) {
  describe(`Journal contract: ${name}`, function () {
    this.timeout(30_000);
    let subject: Subject;
    let journal: Journal;
    beforeEach(() => {
      subject = create();
      journal = subject.journal;
    });
    afterEach(() => subject.end());
    const append = (...entries: NewEntry[]) => journal.append({ entries, durability: 'normal' });

    it('is empty at first', () => {
      assert.deepEqual(
        [
          journal.head(),
          journal.read({}),
          journal.openRuns(),
          journal.recentRuns(5),
          journal.run('r'),
          journal.highestTaskNumber(),
          journal.unknownCount(),
        ],
        [0, [], [], [], null, 0, 0],
      );
    });

    it('numbers and chains entries, and gives back what reading gives (INV-009)', async () => {
      const first = await append(started('r1'), started('r2'));
      const second = await append(started('r1'));
      const all = [...first, ...second];
      assert.deepEqual(
        all.map((entry) => entry.seq),
        [1, 2, 3],
      );
      let prevHash = firstPrevHash;
      for (const entry of all) {
        assert.equal(entry.prevHash, prevHash);
        assert.equal(entry.hash, sha256(entryText(entry, JSON.stringify(entry.data))));
        prevHash = entry.hash;
      }
      assert.deepEqual(journal.read({}), all);
    });

    it('reads by range, by run and page by page', async () => {
      await append(requested('r1'), requested('r2'), started('r1'), started('r2'), started('r1'));
      const seqs = (query: Parameters<Journal['read']>[0]) => journal.read(query).map((entry) => entry.seq);
      assert.deepEqual(
        [
          seqs({ from: 2, to: 3 }),
          seqs({ run: 'r1' }),
          seqs({ run: 'r1', from: 2, limit: 1 }),
          seqs({ limit: 2 }),
          seqs({ from: 9 }),
          seqs({ limit: 0 }),
          seqs({ types: ['run/started', 'run/finished'], limit: 1 }),
          seqs({ types: ['run/requested'], run: 'r1' }),
        ],
        [[2, 3], [1, 3, 5], [3], [1, 2], [], [], [3], [1]],
      );
    });

    it('keeps the state of each run as the fold of its entries', async () => {
      const entries = await append(
        requested('r1', 'TASK-007'),
        requested('r2', 'fix'),
        started('r1'),
        warned('r1', 'slow disk'),
        finished('r2'),
      );
      const folded = (run: string) =>
        entries.filter((entry) => entry.run === run).reduce<ReturnType<typeof evolveRun>>((state, entry) => evolveRun(state, entry), null);
      assert.deepEqual([journal.run('r1'), journal.run('r2')], [folded('r1'), folded('r2')]);
      assert.deepEqual(journal.openRuns(), [folded('r1')]);
      assert.equal(journal.highestTaskNumber(), 7);
    });

    it('keeps the costs of each run as the fold of its entries, and gives those of late', async () => {
      const entries = await append(
        requested('r1', 'TASK-007'),
        requested('r2', 'fix'),
        stamped('r1', message('r1', 1, 'one'), 5_000),
        stamped('r1', message('r1', 1, 'two'), 6_000),
      );
      await append(
        stamped('r1', { type: 'moon/landed', data: {} }, 7_000),
        stamped('r2', event('attempt/started', { attempt: 1, prompt: 'Do it.', because: 'first' }), 90_000),
      );
      const all = [...entries, ...journal.read({ from: 5 })];
      const folded = (run: string) =>
        all
          .filter((entry) => entry.run === run)
          .reduce<ReturnType<typeof foldRunCosts>>((costs, entry) => foldRunCosts(costs, entry), null);
      assert.deepEqual(journal.costs(), { seq: 6, runs: [folded('r1'), folded('r2')] });
      assert.deepEqual(
        journal.costs(3_000).runs.map(({ run }) => run),
        ['r2'],
      );
      assert.deepEqual(
        journal.costs().runs.map(({ cells }) => cells.map(({ calls, usd }) => `${calls} calls, ${usd}`)),
        [['2 calls, 0.0002'], []],
      );
    });

    it('orders open runs and the runs of a task from the oldest, recent runs from the newest', async () => {
      await append(requested('r1', 'TASK-002'), requested('r2', 'TASK-001'), requested('r3', 'TASK-002'));
      await append(finished('r2'), started('r1'));
      const names = (states: readonly { run: string }[]) => states.map((state) => state.run);
      assert.deepEqual(
        [names(journal.openRuns()), names(journal.recentRuns(2)), names(journal.runsOfTask('TASK-002')), names(journal.runsOfTask('none'))],
        [['r1', 'r3'], ['r3', 'r2'], ['r1', 'r3'], []],
      );
    });

    it('takes entries of an ended run', async () => {
      await append(requested('r1'), finished('r1'));
      await append(stamped('r1', { type: 'restore/branchCreated', data: { attempt: 1, branch: 'b', commit: 'c' } }));
      assert.deepEqual([journal.run('r1')?.seq, journal.run('r1')?.phase, journal.openRuns()], [3, 'ended', []]);
    });

    it('refuses when the run is not where it was expected, and writes nothing', async () => {
      await append(requested('r1'), requested('r2'));
      const at = (seq: number, run = 'r1') =>
        refusalOf(journal.append({ entries: [started(run)], durability: 'normal', expected: { run, seq } }));
      assert.deepEqual(
        [await at(0), await at(2), await at(1), await at(1), await at(3), await at(1, 'r3'), journal.head()],
        ['conflict', 'conflict', 'appended', 'conflict', 'appended', 'conflict', 4],
      );
    });

    it('checks each request of a tick by itself: one that fails does not take the others with it', async () => {
      const attempts = [
        journal.append({ entries: [requested('r1')], durability: 'normal', expected: { run: 'r1', seq: 0 } }),
        journal.append({ entries: [requested('r1')], durability: 'normal', expected: { run: 'r1', seq: 0 } }),
        journal.append({ entries: [started('r1'), stamped('r1', { type: 'run/cancelRequested', data: 7 })], durability: 'full' }),
        journal.append({ entries: [started('r1')], durability: 'full', expected: { run: 'r1', seq: 1 } }),
      ];
      const outcomes = await Promise.all(attempts.map((one) => refusalOf(one)));
      assert.deepEqual([outcomes[0], outcomes[1], outcomes[3]], ['appended', 'conflict', 'appended']);
      assert.match(String(outcomes[2]), /does not fit its schema/);
      assert.deepEqual(
        journal.read({}).map((entry) => entry.type),
        ['run/requested', 'run/started'],
      );
    });

    it('refuses every append of an engine that has lost its lease', async () => {
      await append(requested('r1'));
      subject.fence();
      assert.equal(await refusalOf(append(started('r1'))), 'fenced');
      assert.deepEqual([journal.head(), journal.run('r1')?.phase], [1, 'queued']);
    });

    it('keeps, counts and skips entries of unknown types and newer versions, and still counts them into the run', async () => {
      await append(
        requested('r1'),
        stamped('r1', { type: 'run/teleported', data: { to: ['moon'] } }),
        stamped('r1', { type: 'run/started', data: { how: 9 } }, 1, 2),
      );
      assert.deepEqual([journal.unknownCount(), journal.run('r1')?.phase, journal.run('r1')?.seq], [2, 'queued', 3]);
      assert.deepEqual(
        journal.read({ from: 2 }).map((entry) => entry.data),
        [{ to: ['moon'] }, { how: 9 }],
      );
      assert.equal(
        await refusalOf(journal.append({ entries: [started('r1')], durability: 'normal', expected: { run: 'r1', seq: 3 } })),
        'appended',
      );
    });

    it('does not see what the caller does to the data afterwards', async () => {
      const data = { code: 'IG', what: 'before', retry: 0, delayMs: 0 };
      const appended = append(requested('r1'), stamped('r1', { type: 'run/recoveryApplied', data }));
      data.what = 'after';
      await appended;
      assert.deepEqual(
        journal.read({ from: 2 }).map((entry) => entry.data),
        [{ ...data, what: 'before' }],
      );
    });

    it('refuses data that would not be read back, before it is written', async () => {
      for (const data of [undefined, { code: 'IG' }, { code: 'IG', what: 'x', retry: 0.5, delayMs: 0 }]) {
        assert.notEqual(await refusalOf(append(stamped('r1', { type: 'run/recoveryApplied', data }))), 'appended');
      }
      assert.match(await refusalOf(append({ ...requested('r1'), run: 'r2' })), /journal is damaged|speaks of run r1/);
      assert.equal(journal.head(), 0);
    });

    it('keeps the order of a thousand appends of one tick', async () => {
      await append(requested('r1'));
      const all = await Promise.all(Array.from({ length: 1000 }, (_, index) => append(warned('r1', `warning ${index}`))));
      assert.deepEqual(
        all.flat().map((entry) => entry.seq),
        Array.from({ length: 1000 }, (_, index) => index + 2),
      );
      assert.deepEqual(journal.run('r1')?.warnings.at(-1), 'warning 999');
    });

    it('refuses to append when closed', async () => {
      journal.close();
      assert.match(await refusalOf(append(requested('r1'))), /closed/);
    });
  });
}
