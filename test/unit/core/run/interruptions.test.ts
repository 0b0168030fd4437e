import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { event } from '../../../../src/core/journal/events.ts';
import { RunStory, specOf } from '../../../support/runStory.ts';

const tree = '1'.repeat(40);

describe('an attempt that was interrupted', () => {
  it('is started again, three times at most', () => {
    const story = new RunStory().ready();
    for (const attempt of [1, 2, 3]) {
      story.tell(
        event('attempt/started', { attempt, prompt: 'x', because: 'interrupted' }),
        event('attempt/executed', { attempt, end: 'serverGone', steps: 0, durationMs: 0 }),
      );
      assert.equal(story.next, `interrupt attempt=${attempt} reason=the agent server ended`);
      story.tell(event('attempt/interrupted', { attempt, reason: 'the agent server ended', keptRef: null }));
      assert.equal(story.next, 'startAttempt because=interrupted');
    }
    story.tell(
      event('attempt/started', { attempt: 4, prompt: 'x', because: 'interrupted' }),
      event('attempt/executed', { attempt: 4, end: 'serverGone', steps: 0, durationMs: 0 }),
      event('attempt/interrupted', { attempt: 4, reason: 'the agent server ended', keptRef: null }),
    );
    assert.equal(story.next, 'conclude status=error exitCode=2 reason=interrupted 4 times in a row, last: the agent server ended');
  });

  it('counts only since the last attempt that came to its end', () => {
    const story = new RunStory(specOf({ attempts: 9 })).ready();
    for (const attempt of [1, 2, 4, 5]) {
      if (attempt === 4) {
        story.attempt(3, tree, 'first').tested(3, tree, 1);
        story.tell(event('attempt/reverted', { attempt: 3, to: 'e'.repeat(40), reason: 'the tests failed' }));
      }
      story.tell(
        event('attempt/started', { attempt, prompt: 'x', because: 'interrupted' }),
        event('attempt/executed', { attempt, end: 'serverGone', steps: 0, durationMs: 0 }),
        event('attempt/interrupted', { attempt, reason: 'the agent server ended', keptRef: null }),
      );
    }
    assert.equal(story.next, 'startAttempt because=interrupted');
  });
});
