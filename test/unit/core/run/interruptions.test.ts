import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { type EventData, event } from '../../../../src/core/journal/events.ts';
import { composePrompt } from '../../../../src/core/run/composePrompt.ts';
import { endWithoutCell, interruptionsInRow, mayWait } from '../../../../src/core/run/interrupted.ts';
import { nextStep } from '../../../../src/core/run/nextStep.ts';
import { RunStory, specOf } from '../../../support/runStory.ts';

const tree = '1'.repeat(40);
const interrupt = (story: RunStory, attempt: number): RunStory =>
  story.tell(
    event('attempt/started', { attempt, prompt: 'x', because: 'interrupted' }),
    event('attempt/executed', { attempt, end: 'serverGone', steps: 0, durationMs: 0 }),
    event('attempt/interrupted', { attempt, reason: 'the agent server ended', keptRef: null }),
  );

describe('an attempt that was interrupted', () => {
  it('is started again, three times at most; then the run waits with what is kept, and can be resumed', () => {
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
    interrupt(story, 4);
    const { step, ...park } = nextStep(story.state);
    assert.deepEqual(
      [step, park],
      [
        'park',
        {
          code: 'interrupted',
          exitCode: 5,
          reason:
            'interrupted 4 times in a row, last: the agent server ended; what was done is kept. When the cause is mended, go on with: reactor resume TASK-001-r1',
        },
      ],
    );
    story.tell(event('run/parked', park as EventData<'run/parked'>));
    assert.equal(story.next, 'suspend');
    story.tell(event('cell/serverStopped', { killed: [], left: [] }));
    assert.equal(story.next, 'rest');
    story.tell(event('run/resumed', { why: 'resumed by ann' }));
    assert.equal(story.next, 'boot');
    story.tell(event('cell/ready', { url: 'http://127.0.0.1:8000', version: '1', session: 's', bootMs: 1 }));
    assert.equal(story.next, 'startAttempt because=interrupted');
    for (const attempt of [5, 6, 7, 8]) {
      assert.equal(story.next, 'startAttempt because=interrupted');
      interrupt(story, attempt);
    }
    assert.equal(nextStep(story.state).step, 'park');
  });

  it('counts when it was under way as the run was resumed', () => {
    const story = new RunStory().ready();
    story.tell(
      event('attempt/started', { attempt: 1, prompt: 'x', because: 'first' }),
      event('run/parked', { code: 'permission', exitCode: 5, reason: 'asks' }),
      event('run/resumed', { why: 'answered by ann' }),
      event('attempt/interrupted', { attempt: 1, reason: 'the agent server ended', keptRef: null }),
    );
    assert.equal(interruptionsInRow(story.state), 1);
  });

  it('leaves a run whose cell can not be had waiting when an attempt was begun, and ends it before', () => {
    const none = new RunStory();
    const begun = new RunStory().ready().attempt(1, tree);
    assert.deepEqual(
      [none, begun].map(({ state }) => endWithoutCell(state, 'the agent server did not start')),
      [
        event('run/concluded', { status: 'error', exitCode: 1, reason: 'the agent server did not start' }),
        event('run/parked', {
          code: 'interrupted',
          exitCode: 5,
          reason: 'the agent server did not start; what was done is kept. When the cause is mended, go on with: reactor resume TASK-001-r1',
        }),
      ],
    );
  });

  it('is not waited with once the run was stopped or has landed', () => {
    const begun = new RunStory().ready().attempt(1, tree);
    const waits = [mayWait(begun.state)];
    const landed = { target: 'main', from: '0'.repeat(40), to: 'c'.repeat(40), tree, checkout: 'none' as const };
    for (const told of [
      [event('run/timedOut', { afterMs: 1 })],
      [event('run/cancelRequested', {})],
      [event('landing/queued', { target: 'main' }), event('landing/landed', landed)],
    ]) {
      waits.push(
        mayWait(
          new RunStory()
            .ready()
            .attempt(1, tree)
            .tell(...told).state,
        ),
      );
    }
    assert.deepEqual(waits, [true, false, false, false]);
  });

  it('is told again why the tests were red, when it was a retry, however often it is broken off', () => {
    const story = new RunStory().ready().attempt(1, tree).tested(1, tree, 1);
    story.tell(event('attempt/reverted', { attempt: 1, to: 'e'.repeat(40), reason: 'the tests failed' }));
    const retry = composePrompt(story.state);
    assert.match(retry, /failed its tests/);
    story.tell(
      event('attempt/started', { attempt: 2, prompt: retry, because: 'testsFailed' }),
      event('attempt/executed', { attempt: 2, end: 'serverGone', steps: 0, durationMs: 0 }),
      event('attempt/interrupted', { attempt: 2, reason: 'the agent server ended', keptRef: null }),
    );
    for (const attempt of [3, 4]) {
      const again = composePrompt(story.state);
      assert.equal(
        again,
        `Work on this task was interrupted (the agent server ended), and the files are as they were before that attempt. Do the task from the start:\n\n${retry}`,
      );
      interrupt(story, attempt);
    }
  });

  it('is told again what a reviewer has asked for, as the work starts anew', () => {
    const story = new RunStory(specOf({ approve: 'ask' }))
      .ready()
      .attempt(1, tree)
      .tested(1, tree, 0)
      .reviewed('rejected', tree, 'Name it total.');
    story.tell(
      event('attempt/started', { attempt: 2, prompt: 'x', because: 'comment' }),
      event('attempt/interrupted', { attempt: 2, reason: 'the agent server ended', keptRef: null }),
    );
    assert.match(
      composePrompt(story.state),
      /Do the task from the start:[\s\S]*A reviewer has asked for this in earlier work on it:\n\nName it total\.$/,
    );
  });

  it('counts only since the last attempt that came to its end', () => {
    const story = new RunStory(specOf({ attempts: 9 })).ready();
    for (const attempt of [1, 2, 4, 5]) {
      if (attempt === 4) {
        story.attempt(3, tree, 'first').tested(3, tree, 1);
        story.tell(event('attempt/reverted', { attempt: 3, to: 'e'.repeat(40), reason: 'the tests failed' }));
      }
      interrupt(story, attempt);
    }
    assert.equal(story.next, 'startAttempt because=interrupted');
  });
});
