import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { watchMemory } from '../../../../src/adapters/git/memoryWatch.ts';
import { ManualClock } from '../../../support/cli/manualClock.ts';
import { requires } from '../../../support/requires.ts';

describe('The memory of a git', () => {
  /** How often was told that it is too much, with these amounts at one look after the other; and whether another look is due. */
  const told = async (amounts: readonly (number | null)[], disposeAfter = amounts.length + 1): Promise<[told: number, due: number]> => {
    const clock = new ManualClock();
    let count = 0;
    let at = 0;
    const watch = watchMemory(
      clock,
      7,
      100,
      () => (count += 1),
      () => Promise.resolve(amounts[at++] ?? null),
    );
    for (let look = 0; look < amounts.length + 1; look += 1) {
      if (look === disposeAfter) watch.dispose();
      clock.advance(500);
      await Promise.resolve().then(() => {});
    }
    return [count, clock.timers];
  };

  it('is looked at until it is too much, which is said once, or nobody asks any more', async function () {
    requires(this, process.platform === 'linux', 'a system that tells how much memory a process holds');
    assert.deepEqual(
      [await told([50, 100, 101, 200]), await told([50, null, 200]), await told([50, 60, 200], 2), await told([])],
      [
        [1, 0],
        [0, 0],
        [0, 0],
        [0, 0],
      ],
    );
  });
});
