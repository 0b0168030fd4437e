import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterEach, beforeEach, describe, it } from 'mocha';
import { openJournalReader } from '../../src/adapters/journal/openJournalReader.ts';
import { verifyJournal } from '../../src/adapters/journal/verifyJournal.ts';
import type { Entry } from '../../src/core/journal/entry.ts';
import { evolveRun } from '../../src/core/run/evolve.ts';
import type { RunState } from '../../src/core/run/state.ts';
import { temporaryFolder, verifierUrl } from '../support/journalSamples.ts';
import { SeededRandom } from '../support/seededRandom.ts';

const ROUNDS = 8;
const SEED = 20_260_731;
const program = new URL('../support/journalWriter.ts', import.meta.url).pathname;

interface Writer {
  readonly child: ChildProcess;
  readonly ended: Promise<unknown>;
  token: number;
  confirmed: number[];
  last: string;
}

describe('a journal whose writers die or are overtaken (INV-009)', function () {
  this.timeout(240_000);
  let folder: ReturnType<typeof temporaryFolder>;
  let file: string;
  let writers: Writer[];
  beforeEach(() => {
    folder = temporaryFolder();
    file = join(folder.path, 'journal.db');
    writers = [];
  });
  afterEach(async () => {
    for (const { child } of writers) child.kill('SIGKILL');
    await Promise.all(writers.map(({ ended }) => ended));
    folder.remove();
  });

  const start = (engine: string, seed: number, onConfirmed: (writer: Writer) => void = () => {}): Writer => {
    const child = spawn(process.execPath, [program, file, engine, String(seed)], { stdio: ['ignore', 'pipe', 'inherit'] });
    const lines = createInterface({ input: child.stdout });
    const ended = Promise.all([once(child, 'exit'), once(lines, 'close')]);
    const writer: Writer = { child, ended, token: 0, confirmed: [], last: '' };
    writers.push(writer);
    lines.on('line', (line) => {
      writer.last = line;
      if (line.startsWith('token ')) writer.token = Number(line.slice(6));
      if (!line.startsWith('confirmed ')) return;
      writer.confirmed.push(Number(line.slice(10)));
      onConfirmed(writer);
    });
    return writer;
  };

  /** The chain is whole, and the states in the file are the fold of the entries. */
  const checkWhole = async (): Promise<Entry[]> => {
    const found = await verifyJournal({ file, worker: verifierUrl });
    const reader = openJournalReader({ file, evolve: evolveRun });
    try {
      const entries: Entry[] = [];
      for (let page = reader.read({}); page.length > 0; page = reader.read({ from: entries.length + 1 })) entries.push(...page);
      assert.deepEqual(found, { ok: true, entries: entries.length });
      const folded = new Map<string, RunState>();
      for (const entry of entries) {
        if (entry.run === null) continue;
        const state = evolveRun(folded.get(entry.run) ?? null, entry);
        if (state !== null) folded.set(entry.run, state);
      }
      const states = [...folded.values()];
      assert.deepEqual([...reader.recentRuns(100_000)].reverse(), states);
      assert.deepEqual(
        reader.openRuns(),
        states.filter((state) => state.phase !== 'ended'),
      );
      return entries;
    } finally {
      reader.close();
    }
  };

  it(`loses nothing that was confirmed when its writer is killed at any moment (seed ${SEED})`, async () => {
    const random = new SeededRandom(SEED);
    let entries: Entry[] = [];
    for (let round = 1; round <= ROUNDS; round += 1) {
      const enough = 1 + random.below(60);
      const writer = start(`engine-${round}`, round, ({ child, confirmed }) => {
        if (confirmed.length === enough) child.kill('SIGKILL');
      });
      await writer.ended;
      assert.equal(writer.child.signalCode, 'SIGKILL', writer.last);
      const before = entries;
      entries = await checkWhole();
      assert.deepEqual(entries.slice(0, before.length), before, 'what was there stays as it was');
      assert.ok(entries.length >= Math.max(...writer.confirmed), 'what was confirmed is there');
      assert.equal(writer.token, round);
    }
  });

  it('lets only the engine with the newest token append', async () => {
    for (const engine of ['a', 'b', 'c']) {
      // The next one starts once this one is at work, so that it takes the lease in the middle of appends.
      await new Promise<void>((resolve, reject) => {
        const writer = start(engine, 7, ({ confirmed }) => {
          if (confirmed.length === 20) resolve();
        });
        writer.ended.then(() => reject(new Error(`${engine} ended: ${writer.last}`)), reject);
      });
    }
    const [first, second, third] = writers as [Writer, Writer, Writer];
    await Promise.all([first.ended, second.ended]);
    third.child.kill('SIGKILL');
    await third.ended;
    assert.deepEqual([first.last, second.last, first.token, second.token, third.token], ['fenced', 'fenced', 1, 2, 3]);
    const tokens = (await checkWhole()).map((entry) => Number(entry.actor.replace('person:', '')));
    assert.deepEqual(
      tokens,
      [...tokens].sort((a, b) => a - b),
      'no entry of an older token after one of a newer',
    );
    assert.deepEqual([...new Set(tokens)], [1, 2, 3]);
  });
});
