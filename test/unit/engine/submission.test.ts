import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { event } from '../../../src/core/journal/events.ts';
import { Ledger } from '../../../src/engine/ledger.ts';
import type { EngineContext } from '../../../src/engine/runContext.ts';
import { Submissions } from '../../../src/engine/submission.ts';
import { EngineRoom } from '../../support/engineRoom.ts';
import { specOf } from '../../support/runStory.ts';

const COUNT = 1500;

describe('A submission that is made again', () => {
  it('finds all that an engine before had accepted of it, however many, and accepts none of them twice', async () => {
    const room = new EngineRoom();
    const tasks = Array.from({ length: COUNT }, (_, index) => `T-${index}`);
    const queue = { submission: 's', priority: 0, parallel: null, after: [], baseName: null };
    for (const task of tasks) {
      const run = `${task}-r1`;
      await room.tell(run, event('run/requested', { run, spec: specOf({ task, queue }) }));
    }
    const submissions = new Submissions({ deps: room.deps, ledger: new Ledger(room.deps) } as unknown as EngineContext);
    const requests = tasks.map((task) => ({ task, prompt: 'x', folder: '/repository' }));
    const accepted = await submissions.accept(requests, { submission: 's', again: true }, 'person:ann');
    assert.deepEqual(
      accepted.map(({ task, isNew }) => [task, isNew]),
      tasks.map((task) => [task, false]),
    );
  });
});
