import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { event } from '../../../src/core/journal/events.ts';
import { Engine } from '../../../src/engine/engine.ts';
import { EngineRoom } from '../../support/engineRoom.ts';

const asked = (id: string, pattern: string) =>
  event('approval/requested', {
    ...{ id, kind: 'permission' as const, attempt: 1, title: `bash ${pattern}`, detail: '', tree: null },
    permission: { permission: 'bash', patterns: [pattern] },
  });

describe('Answers to a run that is parked', () => {
  let room: EngineRoom;
  let engine: Engine;

  /** An engine that takes answers, and drives nothing. */
  const open = async (): Promise<void> => {
    engine = new Engine(room.deps);
    await engine.stop('the test');
  };

  it('all reach the agent: it goes on when nothing waits any more, and is told every one of them', async () => {
    room = new EngineRoom();
    await room.ready('run');
    const parked = event('run/parked', { code: 'permission', reason: 'waits', exitCode: 5 });
    const started = event('attempt/started', { attempt: 1, prompt: 'Fix it.', because: 'first' });
    await room.tell('run', started, asked('a', 'make'), asked('b', 'ls'), parked, event('cell/serverStopped', { killed: [], left: [] }));
    await open();
    const answer = { run: 'run', tree: null, comment: null };
    await engine.answer({ ...answer, id: 'a', decision: 'approved' }, 'person:ann');
    assert.deepEqual(room.toldOf('run').slice(5), ['approval/answered']);
    await engine.answer({ ...answer, id: 'b', decision: 'rejected' }, 'person:ann');
    assert.deepEqual(room.toldOf('run').slice(5), ['approval/answered', 'approval/answered', 'run/resumed']);
    const { feedback, grantedAttempts } = room.journal.run('run') ?? {};
    assert.deepEqual(
      [feedback?.text, grantedAttempts],
      ['You asked for permission: bash make. It is granted.\n\nYou asked for permission: bash ls. It is denied; find another way.', 1],
    );
    engine.dispose();
  });
});
