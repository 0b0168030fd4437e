import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { TurnMeter } from '../../../../src/adapters/opencode/turnMeter.ts';
import type { Clock } from '../../../../src/base/clock.ts';

describe('the meter of a turn', () => {
  const start = (over: Partial<{ steps: number; callsPerMinute: number; stallMs: number; timeoutMs: number }> = {}) => {
    let now = 1_000;
    const clock: Clock = { now: () => now, monotonic: () => now, sleep: () => Promise.resolve(), schedule: () => ({ dispose: () => {} }) };
    const waiting = { isOpen: false, openMs: 0 };
    const meter = new TurnMeter({ steps: 100, callsPerMinute: 100, stallMs: 10_000, timeoutMs: 60_000, ...over }, clock);
    return {
      meter,
      waiting,
      pass: (ms: number): void => {
        now += ms;
      },
      limit: () => meter.exceeded(waiting)?.limit ?? null,
    };
  };

  it('counts each call once and each further step of a message', () => {
    const { meter, limit } = start({ steps: 3 });
    for (const id of ['m1', 'm1', 'm2']) meter.call(id);
    for (const part of ['p1', 'p1', 'p2']) meter.step('m1', part);
    meter.retry('s:1');
    assert.deepEqual([meter.steps, limit()], [3, null]);
    meter.call('m3');
    assert.deepEqual([meter.steps, limit()], [4, 'steps']);
  });

  it('looks at the calls of the last minute, retries included', () => {
    const { meter, pass, limit } = start({ callsPerMinute: 2, stallMs: 1_000_000, timeoutMs: 1_000_000 });
    meter.call('m1');
    meter.retry('s:1');
    assert.equal(limit(), null);
    pass(59_000);
    meter.call('m2');
    assert.equal(limit(), 'callRate');
    pass(2_000);
    assert.equal(limit(), null);
  });

  it('lets neither the time nor the silence count while somebody is asked', () => {
    const { waiting, pass, limit } = start();
    pass(9_000);
    waiting.isOpen = true;
    pass(500_000);
    waiting.openMs = 500_000;
    assert.equal(limit(), null);
    waiting.isOpen = false;
    pass(10_000);
    assert.equal(limit(), null);
    pass(1);
    assert.equal(limit(), 'stall');
  });

  it('says how long in words for people, and which setting it was', () => {
    const silent = start({ stallMs: 300_000, timeoutMs: 1_000_000 });
    silent.pass(300_001);
    const long = start({ stallMs: 3_000_000, timeoutMs: 1_800_000 });
    long.pass(1_800_001);
    assert.deepEqual(
      [silent, long].map(({ meter, waiting }) => meter.exceeded(waiting)?.reason),
      ['nothing was heard of the agent for 5m00s (limits.stall)', "the agent's turn took longer than 30m00s (timeout)"],
    );
  });

  it('ends a turn that talks on but takes too long', () => {
    const { meter, pass, limit } = start();
    for (let n = 0; n < 13; n += 1) {
      pass(5_000);
      meter.progress();
    }
    assert.equal(limit(), 'time');
  });
});
