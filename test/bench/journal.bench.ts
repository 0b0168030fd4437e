import { hash } from 'node:crypto';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { openJournalReader } from '../../src/adapters/journal/openJournalReader.ts';
import { verifyJournal } from '../../src/adapters/journal/verifyJournal.ts';
import { entryText } from '../../src/core/journal/entry.ts';
import type { Durability } from '../../src/core/ports/journal.ts';
import { evolveRun } from '../../src/core/run/evolve.ts';
import { finished, message, openSampleJournal, requested, stamped, temporaryFolder, verifierUrl } from '../support/journalSamples.ts';
import { type Benchmark, timeMs } from './benchmark.ts';

const MILLION = 1_000_000;
const OPEN_RUNS = 5;

const aMessage = (run: string, index: number) => stamped(run, message(run, 1, `I looked at file number ${index} and changed it.`));

/** A journal of a million entries, mostly messages, of 2,000 runs that have ended but for a few. Made once per process. */
let large: Promise<string> | undefined;
async function makeLarge(): Promise<string> {
  const folder = temporaryFolder();
  process.once('exit', () => folder.remove());
  const file = join(folder.path, 'journal.db');
  const { journal } = openSampleJournal(file);
  const runs = MILLION / 500;
  for (let number = 1; number <= runs; number += 1) {
    const run = `r${number}`;
    const messages = Array.from({ length: 498 }, (_, index) => aMessage(run, index));
    const end = number > runs - OPEN_RUNS ? aMessage(run, 499) : finished(run);
    await journal.append({ entries: [requested(run, `TASK-${number}`), ...messages, end], durability: 'normal' });
  }
  journal.close();
  return file;
}
const largeJournal = (): Promise<string> => {
  large ??= makeLarge();
  return large;
};

/** Entries per second through the journal, against the same rows inserted into a bare table with the same durability, `tick` at a time. */
const appends = (name: string, durability: Durability, tick: number, atLeast: number): Benchmark => ({
  name,
  unit: '/s',
  target: { of: 'ratio', atLeast },
  rounds: 9,
  async prepare() {
    const count = 2000;
    const folder = temporaryFolder();
    const { journal } = openSampleJournal(join(folder.path, 'journal.db'));
    await journal.append({ entries: [requested('r1')], durability });
    const bare = new DatabaseSync(join(folder.path, 'bare.db'));
    bare.exec(`PRAGMA journal_mode = WAL; PRAGMA synchronous = ${durability === 'full' ? 'FULL' : 'NORMAL'};
      CREATE TABLE entries (seq INTEGER PRIMARY KEY, at INTEGER, run TEXT, cell TEXT, actor TEXT, type TEXT, version INTEGER, data TEXT, prevHash TEXT, hash TEXT)`);
    const insert = bare.prepare(
      'INSERT INTO entries (at, run, cell, actor, type, version, data, prevHash, hash) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)',
    );
    const entries = Array.from({ length: count }, (_, index) => aMessage('r1', index));
    const link = 'f'.repeat(64);
    const perSecond = (ms: number) => (count / ms) * 1000;
    return {
      subject: async () =>
        perSecond(
          await timeMs(async () => {
            for (let from = 0; from < count; from += tick) {
              await Promise.all(entries.slice(from, from + tick).map((entry) => journal.append({ entries: [entry], durability })));
            }
          }),
        ),
      baseline: async () =>
        perSecond(
          await timeMs(async () => {
            for (let from = 0; from < count; from += tick) {
              bare.exec('BEGIN IMMEDIATE');
              for (const { at, run, cell, actor, type, version, data } of entries.slice(from, from + tick)) {
                insert.run(at, run, cell, actor, type, version, JSON.stringify(data), link, link);
              }
              bare.exec('COMMIT');
              await Promise.resolve();
            }
          }),
        ),
      dispose: async () => {
        journal.close();
        bare.close();
        folder.remove();
      },
    };
  },
});

export const benchmarks: readonly Benchmark[] = [
  appends('journal/appendOneByOne', 'normal', 1, 0.15),
  appends('journal/appendBatched', 'normal', 50, 0.15),
  appends('journal/appendSynced', 'full', 1, 0.4),
  {
    name: 'journal/verifyMillion',
    unit: 'ms',
    target: { of: 'ratio', atMost: 7 },
    async prepare() {
      const file = await largeJournal();
      const reader = openJournalReader({ file, evolve: evolveRun });
      // The same number of texts of the same size as one entry of the journal, hashed and nothing else.
      const [sample] = reader.readRaw({ from: 2, limit: 1 });
      reader.close();
      if (sample === undefined) throw new Error('the journal is empty');
      const text = entryText(sample, sample.data);
      return {
        subject: () =>
          timeMs(async () => {
            const found = await verifyJournal({ file, worker: verifierUrl });
            if (!found.ok || found.entries !== MILLION) throw new Error(JSON.stringify(found));
          }),
        baseline: () =>
          timeMs(async () => {
            for (let index = 0; index < MILLION; index += 1) hash('sha256', text, 'hex');
          }),
        dispose: async () => {},
      };
    },
  },
  {
    name: 'journal/openMillion',
    unit: 'ms',
    target: { of: 'ratio', atMost: 1.3 },
    rounds: 15,
    async prepare() {
      const file = await largeJournal();
      const folder = temporaryFolder();
      const small = join(folder.path, 'journal.db');
      const { journal } = openSampleJournal(small);
      // As many open runs as the large one has, so that only the length of the history differs.
      const runs = Array.from({ length: OPEN_RUNS }, (_, index) => requested(`r${index}`));
      await journal.append({ entries: runs, durability: 'normal' });
      journal.close();
      const open = (path: string) => async () =>
        timeMs(async () => {
          for (let time = 0; time < 50; time += 1) {
            const reader = openJournalReader({ file: path, evolve: evolveRun });
            const { length } = reader.openRuns();
            reader.close();
            if (length !== OPEN_RUNS) throw new Error(`${length} open runs`);
          }
        });
      return { subject: open(file), baseline: open(small), dispose: async () => folder.remove() };
    },
  },
];
