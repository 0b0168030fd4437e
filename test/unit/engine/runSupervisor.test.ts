import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { type DomainEvent, event } from '../../../src/core/journal/events.ts';
import type { RunState } from '../../../src/core/run/state.ts';
import type { ApprovalDesk } from '../../../src/engine/approvalDesk.ts';
import { LandingLines } from '../../../src/engine/landing/landingLines.ts';
import { Ledger } from '../../../src/engine/ledger.ts';
import type { EngineContext } from '../../../src/engine/runContext.ts';
import { RunSupervisor } from '../../../src/engine/runSupervisor.ts';
import { settle } from '../../support/cli/fakeTerminal.ts';
import { EngineRoom } from '../../support/engineRoom.ts';

describe('The driving of a run', () => {
  const driven = async (room: EngineRoom, engine: EngineContext): Promise<void> => {
    let isOver = false;
    const driving = new RunSupervisor('run', engine, {} as ApprovalDesk).drive(new AbortController().signal).finally(() => {
      isOver = true;
    });
    while (!isOver) {
      await settle();
      room.clock.advance(60_000);
    }
    await driving;
  };

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
    await driven(room, engine);
    const { cell, phase } = room.journal.run('run') ?? {};
    assert.deepEqual([phase, cell?.hasWorktree, cell?.server], ['parked', true, null]);
  });

  /** A journal that takes something else for what a step has to say, so that the same step is next for ever. */
  class DeafLedger extends Ledger {
    override append(run: string | null, actor: string, ...events: readonly DomainEvent[]): Promise<number> {
      const heard = events.map((one) => (one.type === 'landing/queued' ? event('landing/conflictsPredicted', { conflicts: [] }) : one));
      return super.append(run, actor, ...heard);
    }
  }

  /** A committed run that is to be put in line, and can't be. */
  const goingRound = async (...told: readonly DomainEvent[]): Promise<RunState | null> => {
    const room = new EngineRoom();
    await room.ready('run');
    await room.tell('run', ...told);
    const engine = { deps: room.deps, ledger: new DeafLedger(room.deps), lines: new LandingLines() } as unknown as EngineContext;
    await driven(room, engine);
    return room.journal.run('run');
  };
  const committed = [
    event('attempt/started', { attempt: 1, prompt: 'x', because: 'first' }),
    event('attempt/committed', { attempt: 1, commit: 'c'.repeat(40), tree: '1'.repeat(40), branch: 'reactor/run' }),
  ];

  it('lets a person decide when the same step comes to nothing again and again: the work stays, and the run can go on', async () => {
    const state = await goingRound(...committed);
    assert.deepEqual(
      [state?.phase, state?.parked, state?.concluded, state?.cell?.hasWorktree, state?.cell?.server],
      [
        'parked',
        {
          code: 'interrupted',
          exitCode: 5,
          reason:
            'the landing failed: it was done again and again, and came to nothing; what was done is kept. When the cause is mended, go on with: reactor resume run',
        },
        null,
        true,
        null,
      ],
    );
  });
});
