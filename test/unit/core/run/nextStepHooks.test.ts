import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { event } from '../../../../src/core/journal/events.ts';
import { baseTree, evidence, RunStory, specOf } from '../../../support/runStory.ts';

const tree = '1'.repeat(40);

describe('what a run that obeys hooks does next', () => {
  const hooked = (change: Parameters<typeof specOf>[0] = {}) => new RunStory(specOf({ hooks: true, ...change })).ready();
  const settled = (attempt: number) => event('attempt/messageSettled', { attempt, message: 'feat: fix it' });

  it('settles the message of a green change before anybody is asked about it', () => {
    const story = hooked({ approve: 'ask' }).attempt(1, tree);
    assert.equal(story.tested(1, tree, 0).next, 'settleMessage attempt=1');
    assert.equal(story.tell(settled(1)).next, 'askReview attempt=1');
    assert.equal(story.reviewed('approved', tree).next, 'commit attempt=1');
    assert.match(hooked().attempt(1, tree).tested(1, tree, 1).next, /^revert/);
  });

  it('settles it again for a candidate that was changed, and when a person says another', () => {
    const story = hooked().attempt(1, tree).tested(1, tree, 0).tell(settled(1));
    story.tell(event('run/parked', { code: 'commitRefused', exitCode: 5, reason: 'no' }), event('run/resumed', { why: 'resumed' }));
    assert.equal(story.next, 'approveByPolicy attempt=1');
    story.tell(event('run/parked', { code: 'commitRefused', exitCode: 5, reason: 'no' }));
    story.tell(event('run/resumed', { why: 'resumed', message: 'fix: {title}' }));
    assert.deepEqual([story.next, story.state.spec.message], ['settleMessage attempt=1', 'fix: {title}']);
  });

  it('settles one for each step and one for all of them, unless they stay as they are', () => {
    for (const steps of ['squash', 'keep'] as const) {
      const story = hooked({ tcr: 'step', steps }).attempt(1, tree).tested(1, tree, 0);
      assert.equal(story.next, 'settleMessage attempt=1');
      assert.equal(story.tell(settled(1)).next, 'commitStep attempt=1');
      story.tell(event('attempt/stepCommitted', { attempt: 1, step: 1, commit: tree, tree, branch: 'reactor/TASK-001' }));
      story.attempt(2, tree, 'step').tested(2, tree, 0);
      assert.equal(story.next, steps === 'squash' ? 'settleMessage attempt=2' : 'approveByPolicy attempt=2');
    }
  });

  it('asks the hook for merges also when the tree has passed', () => {
    const story = hooked({ land: 'merge' })
      .attempt(1, tree)
      .tested(1, tree, 0)
      .tell(settled(1))
      .reviewed('approved', tree)
      .committed(1, tree);
    story.tell(event('landing/queued', { target: 'main' }), event('landing/started', { target: 'main', from: baseTree, mode: 'merge' }));
    const prepared = { commit: tree, tree, onto: baseTree, merged: false };
    assert.equal(story.tell(event('landing/prepared', prepared)).next, 'moveTarget');
    assert.equal(story.tell(event('landing/prepared', { ...prepared, mergeHook: true })).next, 'testLanding');
    assert.equal(story.tell(event('landing/tested', { tree, evidence: evidence(0) })).next, 'moveTarget');
  });
});
