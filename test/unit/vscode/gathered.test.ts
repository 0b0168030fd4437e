import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { Gathered } from '../../../src/vscode/gathered.ts';
import { ManualClock } from '../../support/cli/manualClock.ts';

describe('changes that come together', () => {
  it('are drawn once, some time after the first, and not any more once nobody looks', () => {
    const clock = new ManualClock(0);
    let drawn = 0;
    const gathered = new Gathered(clock, 100, () => {
      drawn += 1;
    });
    const after = (ms: number): number => {
      gathered.soon();
      clock.advance(ms);
      return drawn;
    };
    assert.deepEqual([after(60), after(60), after(99), after(1)], [0, 1, 1, 2]);
    gathered.soon();
    gathered.dispose();
    assert.deepEqual([after(200), clock.timers], [2, 0]);
  });
});
