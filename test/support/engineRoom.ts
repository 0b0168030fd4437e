import { sha256 } from '../../src/adapters/journal/sha256.ts';
import { silentLog } from '../../src/base/log.ts';
import type { DomainEvent } from '../../src/core/journal/events.ts';
import { event } from '../../src/core/journal/events.ts';
import { MemoryJournal } from '../../src/core/journal/memoryJournal.ts';
import { SecretGuard } from '../../src/core/policy/secrets/secretGuard.ts';
import { evolveRun } from '../../src/core/run/evolve.ts';
import type { EngineDeps } from '../../src/engine/deps.ts';
import { ManualClock } from './cli/manualClock.ts';
import { baseCommit, baseTree, evidence, specOf } from './runStory.ts';

/**
 * A journal with runs in it, and ports that find nothing and end everything, for an engine that is asked things and drives nothing. A test
 * puts its own answers in `over`.
 */
export class EngineRoom {
  readonly clock = new ManualClock(1_000_000);
  readonly journal = new MemoryJournal({ evolve: evolveRun, hash: sha256 });
  /** Cells whose processes were ended, in order. */
  readonly ended: string[] = [];
  readonly deps: EngineDeps;

  constructor(over: { readonly [port in keyof EngineDeps]?: Partial<EngineDeps[port]> } = {}) {
    const ports = {
      repository: { watchBranch: () => ({ dispose: () => {} }), clearLocks: async () => [] },
      processes: {
        isAlive: () => false,
        markedWith: () => [],
        endCell: async (cell: string) => {
          this.ended.push(cell);
          return { signalled: [], killed: [], left: [] };
        },
      },
      warden: { watch: () => {}, forget: () => {} },
      network: { decideBy: () => {}, close: async () => {} },
      files: { listCells: async () => [], exists: async () => true },
      money: {
        dayOf: () => '2026-05-04',
        spending: { cursor: () => 0, count: () => {}, releaseAll: () => [], release: () => {} },
      },
      options: {
        parallelBoots: 2,
        killGraceMs: 0,
        unattendedGraceMs: 0,
        cellLimit: 50,
        portRange: { from: 8000, to: 9000 },
        heed: () => {},
      },
    };
    const merged = Object.entries({ ...ports, ...over }).map(([port, answers]) => [
      port,
      { ...ports[port as keyof typeof ports], ...answers },
    ]);
    this.deps = {
      clock: this.clock,
      log: silentLog,
      secrets: new SecretGuard([], sha256),
      journal: this.journal,
      ids: { short: () => 'id' },
      ...Object.fromEntries(merged),
    };
  }

  async tell(run: string, ...events: readonly DomainEvent[]): Promise<void> {
    const entries = events.map(({ type, data }) => ({
      at: this.clock.now(),
      run,
      cell: `cell-${run}`,
      actor: 'engine',
      type,
      version: 1,
      data,
    }));
    await this.journal.append({ entries, durability: 'normal' });
  }

  /** A run whose cell is ready, its base green. */
  async ready(run: string): Promise<void> {
    await this.tell(
      run,
      event('run/requested', { run, spec: specOf({ task: run }) }),
      event('run/started', {}),
      event('cell/planned', { worktree: `/w/${run}`, home: '/h', branch: `reactor/${run}`, base: baseCommit }),
      event('cell/serverSpawned', { process: { pid: 9, startTime: '1' }, port: 8000, start: 1 }),
      event('cell/ready', { url: 'u', version: '1', session: 's', bootMs: 1 }),
      event('base/tested', { tree: baseTree, evidence: evidence(0), remembered: false }),
    );
  }

  /** Types of the entries of a run, without how it began. */
  toldOf(run: string): readonly string[] {
    return this.journal
      .read({ run })
      .map(({ type }) => type)
      .slice(6);
  }
}
