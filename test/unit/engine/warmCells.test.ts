import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { WarmCells } from '../../../src/engine/warmCells.ts';
import { EngineRoom } from '../../support/engineRoom.ts';
import { until } from '../../support/reactor.ts';
import { specOf } from '../../support/runStory.ts';

describe('Cells made ahead', () => {
  /** @param readRef how git reads the tip of a warm cell's branch. */
  const open = (readRef: () => Promise<string | null>) => {
    const released: number[] = [];
    let ids = 0;
    const room = new EngineRoom({
      ids: {
        short: () => {
          ids += 1;
          return String(ids);
        },
      },
      options: {
        hasMemoryToSpare: () => true,
        warmCells: () => 3,
        killGraceMs: 0,
        portRange: { from: 8000, to: 8001 },
        healthEveryMs: 1,
        healthLimitMs: 1,
      },
      files: {
        cellFolders: async (cell) => ({ worktree: `/${cell}`, home: '', serverLog: '', git: '' }),
        exists: async () => false,
        removeCell: async () => {},
      },
      repository: {
        readRef,
        createWorktree: async () => ({ ok: true, value: undefined }),
        populateWorktree: async () => ({ ok: true, value: undefined }),
      },
      processes: { isAlive: () => true },
      ports: { lease: async () => ({ port: 8000, release: async () => void released.push(8000) }) },
      agents: {
        fingerprint: async () => 'same',
        start: async () => ({ ok: true, value: { process: { pid: 9, startTime: '1' }, disconnect: () => {} } as never }),
      },
    });
    return { room, warm: new WarmCells(room.deps), released };
  };
  const spec = specOf({ target: null, sandbox: { ...specOf().sandbox, mode: 'off' } });

  it('count as such until the journal says whose they are', async () => {
    const { warm } = open(async () => null);
    warm.prepare(spec);
    await until('one is ready', () => warm.list().length === 1);
    const taken = await warm.take(spec);
    assert.ok(taken);
    assert.deepEqual([[...warm.ids], await warm.take(spec)], [[taken.id], null]);
    warm.handOver(taken);
    assert.deepEqual([...warm.ids], []);
  });

  it('INV-005: are all ended with the engine, also when something of one can not be removed', async () => {
    let isBroken = false;
    const { room, warm, released } = open(async () => {
      if (isBroken) throw new Error('git is gone');
      return null;
    });
    warm.prepare(spec);
    warm.prepare(spec);
    await until('both are ready', () => warm.list().length === 2);
    isBroken = true;
    // A third can't be made, nor what there is of it be removed.
    warm.prepare({ ...spec, target: 'main' });
    await warm.close();
    assert.deepEqual(
      [room.ended.toSorted(), released],
      [
        ['warm-1', 'warm-2', 'warm-3'],
        [8000, 8000],
      ],
    );
  });
});
