import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { event } from '../../../../src/core/journal/events.ts';
import { RunStory } from '../../../support/runStory.ts';

const queued = event('run/queued', { code: 'limit', text: '1st in line, limit of 2 side by side' });

describe('a run in the queue', () => {
  it('says what it waits for until it starts, and has no time counted', () => {
    const story = new RunStory().tell(queued);
    assert.deepEqual([story.state.queued, story.state.phase, story.state.waitingSince], [queued.data, 'queued', null]);
    story.ready();
    assert.deepEqual([story.state.queued, story.state.waitedMs], [null, 0]);
  });

  it('that had begun before does not use up its time limit meanwhile', () => {
    const story = new RunStory().ready().tell(event('cell/serverStopped', { killed: [], left: [] }), queued);
    assert.notEqual(story.state.waitingSince, null);
    story.tell(event('cell/serverSpawned', { process: { pid: 10, startTime: '1' }, port: 8001, start: 1, appPorts: [8002] }));
    assert.deepEqual([story.state.queued, story.state.waitedMs, story.state.cell?.appPorts], [null, 1000, [8002]]);
    story.tell(event('cell/serverStopped', { killed: [], left: [] }));
    assert.deepEqual(story.state.cell?.appPorts, []);
  });

  it('that comes after another starts from what that one has landed', () => {
    const [base, baseTree] = ['d'.repeat(40), 'e'.repeat(40)];
    const { spec, gated, lastGreen } = new RunStory().tell(event('run/baseSettled', { base, baseTree })).state;
    assert.deepEqual(
      [spec.base, spec.baseTree, gated, lastGreen],
      [base, baseTree, { commit: base, tree: baseTree }, { commit: base, tree: baseTree }],
    );
  });
});
