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
    const drawnAfter = (ms: number): number => {
      gathered.soon();
      clock.advance(ms);
      return drawn;
    };
    assert.deepEqual([drawnAfter(60), drawnAfter(60), drawnAfter(99), drawnAfter(1)], [0, 1, 1, 2]);
    gathered.soon();
    gathered.dispose();
    assert.deepEqual([drawnAfter(200), clock.timers], [2, 0]);
  });
});
