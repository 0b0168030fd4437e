import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { event } from '../../../../src/core/journal/events.ts';
import { evidence, RunStory } from '../../../support/runStory.ts';

const tree = 'e'.repeat(40);
const again = (story: RunStory): RunStory =>
  story.tell(
    event('cell/removed', {}),
    event('cell/worktreeCreated', {}),
    event('cell/serverSpawned', { process: { pid: 10, startTime: '2' }, port: 8001, start: 1 }),
    event('cell/ready', { url: 'u', version: '1', session: 's', bootMs: 1 }),
  );
const at = (story: RunStory): number | null => story.state.cell?.handedOverAt ?? null;

describe('What git ignores in a worktree is the agent’s', () => {
  it('from its first attempt on, whatever the server or later attempts do', () => {
    const story = new RunStory().ready();
    assert.equal(at(story), null);
    story.attempt(1, tree);
    const first = at(story);
    assert.equal(first, 7000);
    story.tell(
      event('cell/serverStopped', { killed: [], left: [] }),
      event('cell/serverSpawned', { process: { pid: 10, startTime: '2' }, port: 8001, start: 1 }),
      event('cell/ready', { url: 'u', version: '1', session: 's', bootMs: 1 }),
    );
    story.tested(1, tree, 1).tell(event('attempt/reverted', { attempt: 1, to: tree, reason: 'red' }));
    story.attempt(2, tree, 'testsFailed');
    assert.equal(at(story), first);
  });

  it('anew in a worktree that was made again, when its setup has ended', () => {
    const story = again(new RunStory().ready().attempt(1, tree));
    assert.equal(at(story), null);
    const open = again(new RunStory().ready().tell(event('attempt/started', { attempt: 1, prompt: 'x', because: 'first' })));
    const ready = at(open);
    assert.equal(ready, 11_000);
    open.tell(event('cell/setupFinished', { evidence: evidence(0) }));
    assert.equal(at(open), 12_000);
  });

  it('from the moment on at which a person approved what it was', () => {
    const story = new RunStory().ready().attempt(1, tree).tested(1, tree, 0);
    const rejected = new RunStory().ready().attempt(1, tree).tested(1, tree, 0).reviewed('rejected', tree, 'no');
    assert.deepEqual([at(story.reviewed('approved', tree)), at(rejected)], [9000, 7000]);
  });
});
