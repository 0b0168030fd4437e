import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, it } from 'mocha';
import { sha256 } from '../../../src/adapters/journal/sha256.ts';
import { silentLog } from '../../../src/base/log.ts';
import { event } from '../../../src/core/journal/events.ts';
import { MemoryJournal } from '../../../src/core/journal/memoryJournal.ts';
import type { RunSpec } from '../../../src/core/model/runSpec.ts';
import { SecretGuard } from '../../../src/core/policy/secrets/secretGuard.ts';
import { evolveRun } from '../../../src/core/run/evolve.ts';
import type { EngineOptions } from '../../../src/engine/deps.ts';
import { Ledger } from '../../../src/engine/ledger.ts';
import { Scheduler } from '../../../src/engine/scheduler.ts';
import { settle } from '../../support/cli/fakeTerminal.ts';
import { ManualClock } from '../../support/cli/manualClock.ts';
import { specOf } from '../../support/runStory.ts';

const MB = 1e6;

describe('Scheduler', () => {
  let clock: ManualClock;
  let ledger: Ledger;
  let scheduler: Scheduler;
  let options: { cellLimit: number; parallelBoots: number; freeBytes: number; load: number };
  let warm: number;
  let thrownAway: number;
  let told: string[];
  let entered: string[];

  beforeEach(() => {
    clock = new ManualClock(1000);
    const journal = new MemoryJournal({ evolve: evolveRun, hash: sha256 });
    ledger = new Ledger({ journal, clock, log: silentLog, secrets: new SecretGuard([], sha256) });
    options = { cellLimit: 50, parallelBoots: 50, freeBytes: 1e12, load: 0 };
    [warm, thrownAway, told, entered] = [0, 0, [], []];
    scheduler = new Scheduler(
      {
        clock,
        log: silentLog,
        options: {
          get cellLimit() {
            return options.cellLimit;
          },
          get parallelBoots() {
            return options.parallelBoots;
          },
          cellBytes: 400 * MB,
          portRange: { from: 8000, to: 9000 },
          freeMemoryBytes: () => options.freeBytes,
          loadPerCore: () => options.load,
        } as EngineOptions,
      },
      ledger,
      {
        countFor: () => ({ key: 'kind', count: warm }),
        discardAll: () => {
          thrownAway += 1;
        },
      },
      ({ run, text }) => told.push(`${run} ${text}`),
    );
  });
  afterEach(() => scheduler.dispose());

  const request = async (run: string, queue: Partial<NonNullable<RunSpec['queue']>> = {}): Promise<void> => {
    const place = { submission: 's', priority: 0, parallel: null, after: [], baseName: null, ...queue };
    await ledger.append(run, 'person:ann', event('run/requested', { run, spec: specOf({ task: run, queue: place }) }));
  };
  const enter = async (run: string, signal = new AbortController().signal): Promise<void> => {
    scheduler.enter(run, signal).then(
      (admission) => entered.push(admission.admitted ? run : `${run} refused: ${admission.reason}`),
      (error: Error) => entered.push(`${run} gave up: ${error.message}`),
    );
    await settle();
  };
  const ready = (run: string) => ledger.append(run, 'engine', event('cell/ready', { url: 'u', version: '1', session: 's', bootMs: 1 }));
  const conclude = (run: string, status: 'landed' | 'failed') =>
    ledger.append(run, 'engine', event('run/concluded', { status, exitCode: status === 'landed' ? 0 : 2, reason: `${status}, it says` }));
  const queuedOf = (run: string) => ledger.state(run)?.queued ?? null;

  it('gives a place back to the next in line, who knows what it waits for', async () => {
    options.cellLimit = 1;
    for (const run of ['one', 'two', 'three']) {
      await request(run);
      await enter(run);
    }
    assert.deepEqual(entered, ['one']);
    assert.deepEqual(queuedOf('three'), { code: 'limit', text: '2nd in line, limit of 1 side by side' });
    scheduler.leave('one');
    await settle();
    assert.deepEqual([entered, told.at(-1)], [['one', 'two'], 'three queued: 1st in line, limit of 1 side by side']);
    // The journal has why; the answer to a question has the place in line too.
    const state = ledger.expect('three');
    assert.deepEqual(
      [state.queued?.text, scheduler.withPlace(state).queued?.text],
      ['2nd in line, limit of 1 side by side', '1st in line, limit of 1 side by side'],
    );
  });

  it('lets a run in again that has a place, and forgets one that gives up', async () => {
    options.cellLimit = 1;
    for (const run of ['one', 'two', 'three']) await request(run);
    const giveUp = new AbortController();
    await enter('one');
    await enter('one');
    await enter('two', giveUp.signal);
    await enter('three');
    giveUp.abort(new Error('cancelled'));
    scheduler.leave('one');
    await settle();
    assert.deepEqual(entered, ['one', 'one', 'two gave up: cancelled', 'three']);
  });

  it('starts the next cell when one of those that were starting is ready', async () => {
    options.parallelBoots = 1;
    for (const run of ['one', 'two', 'three', 'four']) {
      await request(run);
      await enter(run);
    }
    // One more than can start at full speed, as long as the machine is not busy.
    assert.deepEqual(entered, ['one', 'two']);
    options.load = 5;
    await ready('one');
    await settle();
    assert.deepEqual(entered, ['one', 'two']);
    await ready('two');
    await settle();
    assert.deepEqual(entered, ['one', 'two', 'three']);
  });

  it('looks at the memory again while a run waits for it, and has no timer otherwise', async () => {
    options.freeBytes = 100 * MB;
    await request('one');
    await enter('one');
    assert.deepEqual([entered, queuedOf('one'), thrownAway], [[], { code: 'memory', text: 'needs about 400 MB, 100 MB free' }, 1]);
    options.freeBytes = 500 * MB;
    clock.advance(2000);
    await settle();
    assert.deepEqual(entered, ['one']);
    assert.equal(clock.timers, 0);
  });

  it('gives a cell that was made ahead to one run only, whatever memory is free', async () => {
    options.freeBytes = 0;
    warm = 1;
    await request('one');
    await request('two');
    const [one, two] = [enter('one'), enter('two')];
    await Promise.all([one, two]);
    assert.deepEqual([entered, queuedOf('two')?.code], [['one'], 'memory']);
  });

  it('starts a run when the one before has landed, and refuses it when that did not', async () => {
    await request('one');
    await request('two', { after: [{ run: 'one', task: 'ONE' }] });
    await request('three', { after: [{ run: 'two', task: 'TWO' }] });
    await enter('two');
    await enter('three');
    assert.deepEqual([entered, queuedOf('two')?.text, queuedOf('three')?.text], [[], 'after ONE', 'after TWO']);
    await conclude('one', 'landed');
    await settle();
    assert.deepEqual(entered, ['two']);
    assert.deepEqual([scheduler.restsOnPerson('three'), queuedOf('three')?.code], [false, 'after']);
    await ledger.append('two', 'engine', event('run/parked', { code: 'review', reason: 'nobody to ask', exitCode: 5 }));
    await settle();
    assert.deepEqual([scheduler.restsOnPerson('three'), queuedOf('three')?.code], [true, 'person']);
    await conclude('two', 'failed');
    await settle();
    assert.deepEqual(entered, ['two', 'three refused: TWO, which it comes after, did not land: failed, it says']);
  });

  describe('a run that only waits for a person', () => {
    let asked: string[];
    const rest = (run: string) => scheduler.rest(run, () => asked.push(run));
    beforeEach(async () => {
      asked = [];
      options.cellLimit = 2;
      for (const run of ['one', 'two']) {
        await request(run);
        await enter(run);
        await ready(run);
      }
    });
    const later = async (ms: number): Promise<void> => {
      clock.advance(ms);
      await settle();
    };

    it('is asked to give way after a while, the one that rests longest first, and no more of them than others need', async () => {
      rest('two');
      await later(1000);
      rest('one');
      await later(60_000);
      await request('three');
      await enter('three');
      assert.deepEqual([asked, entered], [['two'], ['one', 'two']]);
      scheduler.leave('two');
      await settle();
      await later(60_000);
      assert.deepEqual([asked, entered, clock.timers], [['two'], ['one', 'two', 'three'], 0]);
    });

    it('is left alone by those who wait before it has rested for some seconds, and once it goes on', async () => {
      const resting = rest('one');
      await request('three');
      await enter('three');
      await later(4999);
      assert.deepEqual(asked, []);
      resting.dispose();
      await later(60_000);
      assert.deepEqual(asked, []);
      rest('two');
      await later(5000);
      assert.deepEqual(asked, ['two']);
    });

    it('gives way to one that waits for memory, and not to one that its place would not help', async () => {
      options.cellLimit = 50;
      rest('one');
      await request('other', { submission: 'other', parallel: 1 });
      await enter('other');
      await ready('other');
      await request('next', { submission: 'other', parallel: 1 });
      await enter('next');
      await later(60_000);
      assert.deepEqual([asked, queuedOf('next')?.code], [[], 'limit']);
      options.freeBytes = 100 * MB;
      await request('big');
      await enter('big');
      assert.deepEqual([asked, queuedOf('big')?.code], [['one'], 'memory']);
    });
  });
});
