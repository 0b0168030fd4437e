import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { compareUsd, scaleUsd, subtractUsd } from '../../../src/core/model/usd.ts';
import { BudgetCrowd, CALL_USD } from '../../support/budgetCrowd.ts';
import { temporaryFolder } from '../../support/journalSamples.ts';
import { SeededRandom } from '../../support/seededRandom.ts';

const SEEDS = 15;
const past = ['past0', 'past1', 'past2'];
const cells = Array.from({ length: 10 }, (_, n) => `cell${n}`);
const attemptUsd = scaleUsd(CALL_USD, 2, 1);

describe('a budget under cells side by side, whatever comes first', () => {
  let folder: ReturnType<typeof temporaryFolder>;
  let crowd: BudgetCrowd;
  const open = async (seed: number): Promise<void> => {
    folder = temporaryFolder();
    crowd = new BudgetCrowd(folder.path, new SeededRandom(seed));
    for (const run of [...past, ...cells]) await crowd.request(run);
    for (const run of past) await crowd.play(run);
  };
  const close = (): void => {
    crowd.close();
    folder.remove();
  };

  it('lets exactly those go whom it fits, and breaks none of them off', async () => {
    for (let seed = 1; seed <= SEEDS; seed += 1) {
      await open(seed);
      const limitUsd = scaleUsd(attemptUsd, past.length + 4, 1);
      crowd.budget({ perDayUsd: limitUsd });
      const played = await crowd.playAll(cells);
      const ends = played.map(({ end, brokenOff }) => (brokenOff === 0 ? end : `${end} after ${brokenOff}`)).sort();
      assert.deepEqual(ends, [...Array(4).fill('done'), ...Array(6).fill('parked')], `seed ${seed}`);
      assert.equal(compareUsd(crowd.spentUsd, limitUsd), 0, `seed ${seed}`);
      close();
    }
  });

  it('parks nobody whom it still fits, however much the calls cost', async () => {
    for (let seed = 1; seed <= SEEDS; seed += 1) {
      await open(seed);
      const sizes = new SeededRandom(seed * 7919);
      const limitUsd = scaleUsd(attemptUsd, past.length + 5, 1);
      crowd.budget({ perDayUsd: limitUsd });
      const played = await crowd.playAll(cells, () => 1 + sizes.below(3));
      const left = subtractUsd(limitUsd, crowd.spentUsd);
      // Three past attempts say what one costs; who is alone gets what is left when it is at least half of that.
      if (played.some(({ end }) => end === 'parked')) assert.ok(compareUsd(left, CALL_USD) < 0, `seed ${seed}: $${left} is left`);
      assert.equal(crowd.heldUsd, '0', `seed ${seed}`);
      close();
    }
  });

  it('gives what comes back to the most urgent task that waits', async () => {
    for (let seed = 1; seed <= SEEDS; seed += 1) {
      await open(seed);
      const late = ['low0', 'low1', 'urgent', 'low2'];
      for (const run of late) await crowd.request(run, run, run === 'urgent' ? 5 : 0);
      crowd.budget({ perDayUsd: scaleUsd(attemptUsd, past.length + 3, 1) });
      const gate = Promise.withResolvers<void>();
      crowd.gate = gate.promise;
      const busy = crowd.playAll(cells.slice(0, 3), () => 0.5);
      while (crowd.told('budget/reserved').length < 3) await new Promise((resolve) => setImmediate(resolve));
      const waiting = crowd.playAll(late);
      while (crowd.told('budget/deferred').length < late.length) await new Promise((resolve) => setImmediate(resolve));
      gate.resolve();
      await Promise.all([busy, waiting]);
      assert.equal(crowd.told('budget/reserved')[3], 'urgent', `seed ${seed}`);
      close();
    }
  });

  it('of a task holds for its runs together', async () => {
    for (let seed = 1; seed <= SEEDS; seed += 1) {
      await open(seed);
      const runs = ['one', 'two', 'three'];
      for (const run of runs) await crowd.request(run, 'shared');
      crowd.budget({ perTaskUsd: attemptUsd });
      const ends = (await crowd.playAll(runs)).map(({ end, brokenOff }) => `${end} ${brokenOff}`).sort();
      assert.deepEqual(ends, ['done 0', 'parked 0', 'parked 0'], `seed ${seed}`);
      close();
    }
  });
});
