import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { event } from '../../../src/core/journal/events.ts';
import { Engine } from '../../../src/engine/engine.ts';
import { settle } from '../../support/cli/fakeTerminal.ts';
import { EngineRoom } from '../../support/engineRoom.ts';

const HOUR_MS = 3_600_000;

describe('An engine takes up what one before has left', () => {
  /** Brings all on, and drives nothing on from there. */
  const recover = async (room: EngineRoom): Promise<void> => {
    const engine = new Engine(room.deps);
    try {
      await engine.stop('the test');
      let isOver = false;
      const recovering = engine.recover({ isSameBoot: false, standDown: async () => {} }).finally(() => {
        isOver = true;
      });
      while (!isOver) {
        await settle();
        room.clock.advance(0);
      }
      await recovering;
      await engine.drain();
    } finally {
      engine.dispose();
    }
  };

  it('does not count against the time limit of a run how long there was no engine', async () => {
    const room = new EngineRoom();
    await room.ready('run');
    await room.tell('run', event('attempt/started', { attempt: 1, prompt: 'Fix it.', because: 'first' }));
    room.clock.advance(8 * HOUR_MS);
    await recover(room);
    const [recovered] = room.journal.read({ run: 'run', types: ['run/recovered'] });
    assert.deepEqual(
      { ...(recovered?.data as object), reason: '' },
      { outcome: 'reverted', phase: 'executing', reason: '', awayMs: 8 * HOUR_MS },
    );
    assert.equal(room.journal.run('run')?.waitedMs, 8 * HOUR_MS);
  });

  it('counts it once for a run that waited for a person then', async () => {
    const room = new EngineRoom();
    await room.ready('run');
    const permission = { permission: 'bash', patterns: ['ls'] };
    await room.tell(
      'run',
      event('attempt/started', { attempt: 1, prompt: 'Fix it.', because: 'first' }),
      event('approval/requested', { id: 'q', kind: 'permission', attempt: 1, title: 't', detail: '', tree: null, permission }),
    );
    room.clock.advance(8 * HOUR_MS);
    await recover(room);
    const { waitedMs, waitingSince } = room.journal.run('run') ?? {};
    assert.deepEqual([waitedMs, waitingSince], [8 * HOUR_MS, null]);
  });

  it('INV-010: takes back what a move that was cut short has left in a checkout, before anything is driven', async () => {
    const told: string[] = [];
    const room = new EngineRoom({
      repository: {
        clearLocks: async () => [],
        checkoutPathOf: async () => '/repo',
        takeBackCheckout: async ({ path, branch, to, expected }) => {
          told.push(`${path} ${branch} from ${expected?.slice(0, 2)} to ${to.slice(0, 2)}`);
          if (to.startsWith('2')) throw new Error('EACCES');
          return true;
        },
      },
      processes: {
        endCell: async (cell) => {
          told.push(`ended ${cell}`);
          return { signalled: [], killed: [], left: [] };
        },
      },
    });
    const [onto, tree] = ['0'.repeat(40), 'a'.repeat(40)];
    for (const run of ['1', '2', '3', '4']) {
      await room.ready(run);
      await room.tell(run, event('landing/queued', { target: 'main' }));
      if (run === '4') continue;
      await room.tell(run, event('landing/started', { target: 'main', from: onto, mode: 'ff' }));
      await room.tell(run, event('landing/prepared', { commit: run.repeat(40), tree, onto, merged: true }));
      if (run === '3') await room.tell(run, event('landing/refused', { code: 'dirty', message: 'not clean', paths: [] }));
    }
    await recover(room);
    assert.deepEqual(told.slice(0, 3), ['/repo main from 00 to 11', '/repo main from 00 to 22', 'ended cell-1']);
  });

  it('brings the others on when one run can not be, and leaves nothing of its cell alive', async () => {
    const tries: string[] = [];
    const room = new EngineRoom({
      processes: {
        endCell: async (cell) => {
          tries.push(cell);
          if (cell === 'cell-broken' && tries.filter((one) => one === cell).length === 1) throw new Error('EACCES');
          return { signalled: [], killed: [], left: [] };
        },
      },
      files: {
        listCells: async () => {
          if (tries.length > 0) throw new Error('EACCES');
          return [];
        },
      },
    });
    for (const run of ['broken', 'whole']) {
      await room.ready(run);
      await room.tell(run, event('run/parked', { code: 'review', reason: 'waits', exitCode: 5 }));
    }
    await recover(room);
    assert.deepEqual(
      [room.toldOf('broken'), room.toldOf('whole'), tries],
      [['run/parked'], ['run/parked', 'cell/serverStopped'], ['cell-broken', 'cell-whole', 'cell-broken']],
    );
  });

  it('goes on where the locks of a worktree can not be looked at', async () => {
    const clearLocks = async (): Promise<never> => {
      throw new Error('EACCES');
    };
    const room = new EngineRoom({ repository: { clearLocks } });
    await room.ready('run');
    await recover(room);
    assert.deepEqual(room.toldOf('run').slice(0, 2), ['cell/serverStopped', 'run/recovered']);
  });
});
