import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { event } from '../../../src/core/journal/events.ts';
import type { ApprovalDesk } from '../../../src/engine/approvalDesk.ts';
import { LandingLines } from '../../../src/engine/landing/landingLines.ts';
import { Ledger } from '../../../src/engine/ledger.ts';
import type { EngineContext } from '../../../src/engine/runContext.ts';
import { RunSupervisor } from '../../../src/engine/runSupervisor.ts';
import { settle } from '../../support/cli/fakeTerminal.ts';
import { EngineRoom } from '../../support/engineRoom.ts';

describe('The driving of a run', () => {
  it('leaves a parked run its worktree when its server could not be ended', async () => {
    const room: EngineRoom = new EngineRoom({
      processes: {
        endCell: async () => {
          if (room.journal.run('run')?.cell?.server) throw new Error('EACCES');
          return { signalled: [], killed: [], left: [] };
        },
      },
    });
    await room.ready('run');
    await room.tell('run', event('run/parked', { code: 'review', reason: 'waits', exitCode: 5 }));
    const engine = { deps: room.deps, ledger: new Ledger(room.deps), lines: new LandingLines() } as unknown as EngineContext;
    let isOver = false;
    const driven = new RunSupervisor('run', engine, {} as ApprovalDesk).drive(new AbortController().signal).finally(() => {
      isOver = true;
    });
    while (!isOver) {
      await settle();
      room.clock.advance(60_000);
    }
    await driven;
    const { cell, phase } = room.journal.run('run') ?? {};
    assert.deepEqual([phase, cell?.hasWorktree, cell?.server], ['parked', true, null]);
  });
});
