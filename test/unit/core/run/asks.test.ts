import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { event } from '../../../../src/core/journal/events.ts';
import { UNPRICED } from '../../../../src/core/run/state.ts';
import { RunStory } from '../../../support/runStory.ts';

const booted = [
  event('cell/serverSpawned', { process: { pid: 10, startTime: '2' }, port: 8001, start: 1 }),
  event('cell/ready', { url: 'u', version: '1', session: 's', bootMs: 1 }),
];
const asked = (id: string, permission: string, patterns: string[]) =>
  event('approval/requested', {
    ...{ id, kind: 'permission' as const, attempt: 1, title: id, detail: '', tree: null },
    permission: { permission, patterns },
  });
const answered = (id: string) => event('approval/answered', { id, decision: 'approved', tree: null, comment: null });

describe('What is asked of a person in the middle of a turn', () => {
  /** A turn that parked on an ask of its agent, which was answered; the cell lives again. */
  const answeredTurn = (): RunStory =>
    new RunStory()
      .ready()
      .tell(event('attempt/started', { attempt: 1, prompt: 'x', because: 'first' }), asked('bash', 'bash', ['make']))
      .tell(
        event('run/parked', { code: 'permission', reason: 'waits', exitCode: 5 }),
        event('cell/serverStopped', { killed: [], left: [] }),
      )
      .tellAs('person:ann', answered('bash'), event('run/resumed', { why: 'answered' }))
      .tell(...booted);

  it('is waited for when it comes before the next turn, however the one before ended', () => {
    const story = answeredTurn();
    assert.equal(story.next, 'startAttempt because=granted');
    story.tell(asked('price', UNPRICED, ['lab/new']));
    assert.equal(story.next, 'wait');
    story.tellAs('person:ann', answered('price'));
    assert.deepEqual([story.next, story.state.unpricedModels], ['startAttempt because=granted', { 'lab/new': true }]);
    assert.match(story.state.feedback?.text ?? '', /^You asked for permission: bash\. It is granted\.$/);
  });

  it('is waited for by the turn itself when its agent asks and lives', () => {
    const story = new RunStory().ready();
    story.tell(event('attempt/started', { attempt: 1, prompt: 'x', because: 'first' }), asked('bash', 'bash', ['make']));
    assert.equal(story.next, 'execute attempt=1');
    story.tell(asked('price', UNPRICED, ['lab/new']));
    assert.equal(story.next, 'wait');
  });

  it('and by Reactor itself is not told to the agent', () => {
    const story = new RunStory().tell(event('run/started', {}), asked('sandbox', 'unsandboxed', ['*']));
    story.tell(event('run/parked', { code: 'permission', reason: 'waits', exitCode: 5 }));
    story.tellAs('person:ann', answered('sandbox'), event('run/resumed', { why: 'answered' }));
    assert.deepEqual([story.state.feedback, story.state.grantedAttempts, story.next], [null, 0, 'boot']);
  });
});
