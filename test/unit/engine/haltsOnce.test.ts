import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { sha256 } from '../../../src/adapters/journal/sha256.ts';
import { silentLog } from '../../../src/base/log.ts';
import { type DomainEvent, event } from '../../../src/core/journal/events.ts';
import { MemoryJournal } from '../../../src/core/journal/memoryJournal.ts';
import { SecretGuard } from '../../../src/core/policy/secrets/secretGuard.ts';
import { evolveRun } from '../../../src/core/run/evolve.ts';
import type { ApprovalDesk } from '../../../src/engine/approvalDesk.ts';
import type { EngineDeps } from '../../../src/engine/deps.ts';
import { LandingLines } from '../../../src/engine/landing/landingLines.ts';
import { Ledger } from '../../../src/engine/ledger.ts';
import type { EngineContext } from '../../../src/engine/runContext.ts';
import { RunSupervisor } from '../../../src/engine/runSupervisor.ts';
import { baseCommit, specOf } from '../../support/runStory.ts';

const run = 'TASK-001-r1';

/** An engine with a run that `told` has happened to, in which taking a worktree away fails whenever it is tried. */
async function withBrokenTearDown(told: readonly DomainEvent[]) {
  let tried = 0;
  const clock = { now: () => 1000, monotonic: () => 0, sleep: async () => {}, schedule: () => ({ dispose: () => {} }) };
  const journal = new MemoryJournal({ evolve: evolveRun, hash: sha256 });
  const ledger = new Ledger({ journal, clock, log: silentLog, secrets: new SecretGuard([], sha256) });
  const deps = {
    clock,
    log: silentLog,
    journal,
    processes: { endCell: async () => ({ killed: [], left: [] }) },
    warden: { forget: () => {} },
    network: { close: async () => {} },
    files: { exists: async () => false },
    repository: {
      moveWorktreeAway: async () => {
        tried += 1;
        throw new Error('the disk is gone');
      },
    },
    options: { killGraceMs: 1 },
  };
  // What a run that only has to be taken away uses of its engine.
  const engine = { deps: deps as unknown as EngineDeps, ledger, lines: new LandingLines() } as unknown as EngineContext;
  await ledger.append(run, 'engine', event('run/requested', { run, spec: specOf() }), ...told);
  return { ledger, journal, supervisor: new RunSupervisor(run, engine, {} as ApprovalDesk), tried: () => tried };
}

describe('a run whose outcome is known and whose cell can not be taken away', () => {
  it('halts once, says why, and ends with that outcome', async () => {
    const { journal, ledger, supervisor, tried } = await withBrokenTearDown([
      event('run/started', {}),
      event('cell/planned', { worktree: '/w', home: '/h', branch: 'reactor/TASK-001', base: baseCommit }),
      event('cell/worktreeCreated', {}),
      event('run/concluded', { status: 'landed', exitCode: 0, reason: 'landed on main' }),
    ]);
    await supervisor.drive(new AbortController().signal);
    const after = journal.read({}).slice(5);
    const halts = after.filter(({ type, data }) => type === 'run/recoveryApplied' && (data as { code: string }).code === 'RB');
    assert.deepEqual(
      [halts.map(({ data }) => (data as { what: string }).what), tried()],
      [['removing the cell: the disk is gone'], 4],
      JSON.stringify(after, null, 1),
    );
    assert.deepEqual(
      after.filter(({ type }) => type !== 'run/recoveryApplied').map(({ type }) => type),
      ['cell/removed', 'run/finished'],
    );
    assert.deepEqual([ledger.expect(run).phase, ledger.expect(run).concluded?.status], ['ended', 'landed']);
  });
});
