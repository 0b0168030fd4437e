import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { event } from '../../../src/core/journal/events.ts';
import { Ledger } from '../../../src/engine/ledger.ts';
import { restoreAttempt } from '../../../src/engine/restore.ts';
import type { EngineContext } from '../../../src/engine/runContext.ts';
import { EngineRoom } from '../../support/engineRoom.ts';
import { RunStory } from '../../support/runStory.ts';

const tree = '1'.repeat(40);

describe('restore', () => {
  /** A red attempt, and one that was interrupted after it. @param refs those that there are, each with its commit */
  const open = (refs: Readonly<Record<string, string>>) => {
    const room = new EngineRoom({
      repository: { readRef: async (ref) => refs[ref] ?? null, moveRef: async () => ({ ok: true, value: undefined }) },
    });
    const story = new RunStory().ready().attempt(1, tree).tested(1, tree, 1);
    const keptRef = 'refs/reactor/kept/TASK-001-r1/2';
    story.tell(
      event('attempt/reverted', { attempt: 1, to: 'e'.repeat(40), reason: 'the tests failed' }),
      event('attempt/started', { attempt: 2, prompt: 'x', because: 'testsFailed' }),
      event('attempt/interrupted', { attempt: 2, reason: 'the agent server ended', keptRef }),
    );
    const engine = { deps: room.deps, ledger: new Ledger(room.deps) } as unknown as EngineContext;
    return (attempt: number | null) => restoreAttempt(engine, story.state, attempt, null);
  };

  it('takes an attempt that was interrupted, when it is named', async () => {
    const restore = open({ 'refs/reactor/kept/TASK-001-r1/2': '2'.repeat(40) });
    assert.deepEqual(await restore(2), { branch: 'reactor/restored/TASK-001-r1-2', commit: '2'.repeat(40), attempt: 2 });
    assert.equal((await restore(null)).attempt, 1);
  });

  it('says so when what it had done is kept no longer, and where to look', () =>
    assert.rejects(open({})(2), {
      message: 'What attempt 2 of TASK-001-r1 had done is kept no longer: refs/reactor/kept/TASK-001-r1/2 is gone. Nothing was restored.',
      actions: ['reactor show TASK-001-r1, for the attempts that are kept'],
    }));
});
