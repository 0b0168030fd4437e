import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { silentLog } from '../../../src/base/log.ts';
import { ok } from '../../../src/base/result.ts';
import type { DomainEvent } from '../../../src/core/journal/events.ts';
import type { AgentServers } from '../../../src/core/ports/agent.ts';
import { Cell } from '../../../src/engine/cell.ts';
import type { RunContext } from '../../../src/engine/runContext.ts';

/** What a cell's boot touches, where the files of the cell can't be made ready. */
function contextOf(told: string[]): RunContext {
  const cell = { id: 'R-1-x', worktree: '/cell', home: '/home', branch: 'reactor/t', server: { pid: 7, startTime: '1' }, session: null };
  const spec = {
    ...{ base: 'b', checkout: '/checkout', include: ['.env*'], model: null, permissions: [], ports: 0 },
    sandbox: { mode: 'off', network: 'open', read: [], write: [], limits: {} },
  };
  const state = { run: 'R-1', task: 't', startedAt: null, cell: null as typeof cell | null, spec, grantedPermissions: [] };
  const server = { process: cell.server, url: '', version: '', client: {}, disconnect: () => told.push('disconnected') };
  const lease = { port: 8000, release: () => Promise.resolve() };
  const deps = {
    clock: { monotonic: () => 0, now: () => 0 },
    log: silentLog,
    ids: { short: () => 'x' },
    repository: {
      readRef: () => Promise.resolve(null),
      createWorktree: () => Promise.resolve(ok(undefined)),
      populateWorktree: () => Promise.resolve(ok(undefined)),
      includeIgnored: () => Promise.reject(new Error('the files could not be read')),
    },
    files: {
      cellFolders: () => Promise.resolve({ ...cell, serverLog: '', git: '' }),
      prepareCell: () => Promise.resolve(),
      exists: () => Promise.resolve(false),
    },
    processes: {
      endCell: (id: string) => {
        told.push(`ended ${id}`);
        return Promise.resolve({ killed: [7], left: [] });
      },
    },
    warden: { watch: () => {}, forget: () => {} },
    network: { close: () => Promise.resolve() },
    ports: { lease: () => Promise.resolve(lease) },
    agents: { start: () => Promise.resolve(ok(server)) },
    options: { portRange: { from: 8000, to: 8010 }, killGraceMs: 0 },
  };
  const record = (...events: readonly DomainEvent[]): Promise<number> => {
    told.push(...events.map(({ type }) => type));
    return Promise.resolve(1);
  };
  const engine = {
    boots: { run: (work: () => Promise<unknown>) => work() },
    warm: { take: () => null },
    ledger: {
      appendForCell: (_run: string, _cell: string, _actor: string, ...events: readonly DomainEvent[]) => {
        state.cell = cell;
        return record(...events);
      },
    },
  };
  return { run: 'R-1', deps, engine, state, record } as unknown as RunContext;
}

describe('The boot of a cell', () => {
  it('INV-005: leaves no server behind when the files of the cell could not be made ready', async () => {
    const told: string[] = [];
    const cell = new Cell(contextOf(told));
    await assert.rejects(cell.boot(new AbortController().signal), /the files could not be read/);
    assert.deepEqual(
      [told, cell.hasServer],
      [['run/started', 'cell/planned', 'cell/worktreeCreated', 'disconnected', 'ended R-1-x', 'cell/serverStopped'], false],
    );
  });

  it('does not wait for a server whose process the journal did not take', async () => {
    const told: string[] = [];
    const context = contextOf(told);
    const record = async (...events: readonly DomainEvent[]): Promise<number> => {
      if (events.some(({ type }) => type === 'cell/serverSpawned')) throw new Error('the disk is read-only');
      return context.record(...events);
    };
    const start: AgentServers['start'] = async ({ onSpawned }, signal) => {
      onSpawned?.({ pid: 7, startTime: '1' });
      await new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
      told.push('the start was ended');
      throw signal.reason;
    };
    const deps = { ...context.deps, agents: { ...context.deps.agents, start } };
    const cell = new Cell(Object.assign(Object.create(context) as RunContext, { record, deps }));
    await assert.rejects(cell.boot(new AbortController().signal), /the disk is read-only/);
    assert.deepEqual(told, ['run/started', 'cell/planned', 'cell/worktreeCreated', 'the start was ended']);
  });
});
