import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { event } from '../../../src/core/journal/events.ts';
import { cleanOrphans } from '../../../src/engine/cleaner.ts';
import { Ledger } from '../../../src/engine/ledger.ts';
import type { EngineContext } from '../../../src/engine/runContext.ts';
import { EngineRoom } from '../../support/engineRoom.ts';
import { baseCommit, specOf } from '../../support/runStory.ts';

const path = (cell: string): string => `/data/cells/${cell}/worktree`;

describe('clean', () => {
  /** Cells with worktrees; `onSnapshot` is what happens while one of them is read, of which the nth read finds tree n. */
  const open = (cells: readonly string[], onSnapshot: (room: EngineRoom, context: EngineContext) => Promise<void> = async () => {}) => {
    const written: string[] = [];
    const removed: string[] = [];
    let reads = 0;
    let context: EngineContext;
    const room: EngineRoom = new EngineRoom({
      files: {
        listCells: async () => [...cells],
        cellFolders: async (cell) => ({ worktree: path(cell), home: '', serverLog: '', git: '' }),
        exists: async () => true,
        removeCell: async () => {},
        listTemplates: async () => [],
      },
      repository: {
        listWorktrees: async () => [],
        listRefs: async () => [],
        snapshot: async () => {
          await onSnapshot(room, context);
          reads += 1;
          return { ok: true, value: { tree: String(reads) } };
        },
        writeCommit: async ({ tree }) => {
          written.push(tree);
          return { ok: true, value: `commit of ${tree}` };
        },
        readRef: async () => null,
        moveRef: async () => ({ ok: true, value: undefined }),
        removeWorktree: async (worktree) => {
          removed.push(worktree);
          return { ok: true, value: undefined };
        },
      },
      ports: { abandoned: () => [] },
      agents: { locate: () => Promise.reject(new Error('no agent server')) },
    });
    const ledger = new Ledger(room.deps);
    context = { deps: room.deps, ledger, warm: { ids: new Set(['warm-1']) } } as unknown as EngineContext;
    const clean = () => cleanOrphans(context, { dryRun: false }).then((found) => found.map((one) => [one.name, one.removed]));
    return { room, clean, written, removed };
  };

  it('INV-008: keeps what is in a worktree when it goes, not what was in it when it was found', async () => {
    const { clean, written, removed } = open(['gone']);
    assert.deepEqual([await clean(), written, removed], [[[path('gone'), true]], ['2'], [path('gone')]]);
  });

  it('leaves a cell alone that a run gets while others are looked at', async () => {
    const { clean, removed } = open(['first', 'second', 'warm-1'], async (_room, { ledger }) => {
      if (ledger.openRuns().length > 0) return;
      await ledger.append('run', 'person:ann', event('run/requested', { run: 'run', spec: specOf() }));
      const planned = { worktree: path('second'), home: '', branch: 'reactor/x', base: baseCommit };
      await ledger.appendForCell('run', 'second', 'engine', event('cell/planned', planned));
    });
    assert.deepEqual([await clean(), removed], [[[path('first'), true]], [path('first')]]);
  });

  it('leaves a cell alone that a run gets after it was found', async () => {
    let looks = 0;
    const { clean, removed } = open(['first', 'second'], async (_room, { ledger }) => {
      looks += 1;
      // The third look is the one before the first is kept.
      if (looks !== 3) return;
      await ledger.append('run', 'person:ann', event('run/requested', { run: 'run', spec: specOf() }));
      const planned = { worktree: path('second'), home: '', branch: 'reactor/x', base: baseCommit };
      await ledger.appendForCell('run', 'second', 'engine', event('cell/planned', planned));
    });
    assert.deepEqual(
      [await clean(), removed],
      [
        [
          [path('first'), true],
          [path('second'), false],
        ],
        [path('first')],
      ],
    );
  });
});
