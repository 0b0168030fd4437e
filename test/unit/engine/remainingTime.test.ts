import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { event } from '../../../src/core/journal/events.ts';
import { type EngineContext, RunContext } from '../../../src/engine/runContext.ts';
import { RunStory } from '../../support/runStory.ts';

describe("the time a run has left when the machine's clock is set", () => {
  const open = () => {
    const story = new RunStory().ready();
    const clock = { wall: 10_000, monotonic: 500 };
    const engine = {
      deps: { clock: { now: () => clock.wall, monotonic: () => clock.monotonic } },
      ledger: { expect: () => story.state },
    };
    // A run uses nothing else of its engine to know its time.
    const context = new RunContext('TASK-001-r1', engine as unknown as EngineContext);
    return { context, clock, story, started: story.state.startedAt ?? 0, limit: story.state.spec.limits.timeoutMs };
  };

  for (const jumpMs of [3_600_000, -3_600_000]) {
    it(`is not changed by a jump of ${jumpMs > 0 ? 'an hour forward' : 'an hour back'}`, () => {
      const { context, clock, started, limit } = open();
      assert.equal(context.remainingMs(), limit - (10_000 - started));
      clock.wall += jumpMs + 1000;
      clock.monotonic += 1000;
      assert.equal(context.remainingMs(), limit - (11_000 - started));
    });
  }

  it('is neither gone nor more than its limit after sleeps in which only the time of day went on', () => {
    const { context, clock, story, limit } = open();
    const before = context.remainingMs();
    const night = 8 * 3_600_000;
    const ask = { id: 'a', kind: 'permission' as const, attempt: 1, title: 't', detail: '', tree: null };
    clock.wall += night;
    story.later(night).tell(event('approval/requested', ask));
    assert.equal(context.remainingMs(), before);
    clock.wall += night;
    story.later(night).tell(event('approval/withdrawn', { id: 'a', reason: 'r' }));
    assert.equal(context.remainingMs(), limit);
  });

  it('does not count what passed while there was no engine', () => {
    const { context, clock, started, limit, story } = open();
    clock.wall = 30_000_000;
    const before = context.remainingMs();
    story.tell(event('run/recovered', { outcome: 'reverted', phase: 'executing', reason: 'r', awayMs: 29_980_000 }));
    assert.deepEqual([before, context.remainingMs()], [0, limit - (20_000 - started)]);
  });
});
