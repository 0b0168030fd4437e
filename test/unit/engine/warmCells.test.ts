import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import type { RunSpec } from '../../../src/core/model/runSpec.ts';
import { WarmCells } from '../../../src/engine/warmCells.ts';
import { EngineRoom } from '../../support/engineRoom.ts';
import { until } from '../../support/reactor.ts';
import { specOf } from '../../support/runStory.ts';

describe('Cells made ahead', () => {
  /**
   * @param readRef how git reads the tip of a warm cell's branch.
   * @param populate how git lays out the files of one.
   */
  const open = (readRef: () => Promise<string | null>, populate?: () => Promise<never>) => {
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
        populateWorktree: populate ?? (async () => ({ ok: true, value: undefined })),
      },
      processes: { isAlive: () => true },
      ports: { lease: async () => ({ port: 8000, release: async () => void released.push(8000) }) },
      agents: {
        fingerprint: async () => 'same',
        start: async () => ({
          ok: true,
          value: { process: { pid: 9, startTime: '1' }, client: { warmUp: async () => {} }, disconnect: () => {} } as never,
        }),
      },
    });
    return { room, warm: new WarmCells(room.deps), released };
  };
  const spec: RunSpec = specOf({ target: null, sandbox: { ...specOf().sandbox, mode: 'off' } });

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

  it('INV-005: leave no server and no port when their files could not be laid out', async () => {
    const { room, warm, released } = open(
      async () => null,
      () => Promise.reject(new Error('git is gone')),
    );
    warm.prepare(spec);
    await until('what there was is gone', () => warm.ids.size === 0);
    assert.deepEqual([room.ended, released, warm.list()], [['warm-1'], [8000], []]);
  });

  it('INV-005: are ended, not forgotten, when it can not be told whether they fit', async () => {
    const { room, warm, released } = open(async () => null);
    warm.prepare(spec);
    await until('one is ready', () => warm.list().length === 1);
    Object.assign(room.deps.processes, {
      isAlive: () => {
        throw new Error('the table of processes can not be read');
      },
    });
    await assert.rejects(warm.take(spec), /can not be read/);
    await warm.close();
    assert.deepEqual([room.ended, released, [...warm.ids]], [['warm-1'], [8000], []]);
  });

  it('INV-005: the end of the engine waits for those that are just being thrown away', async () => {
    const { room, warm } = open(async () => null);
    warm.prepare(spec);
    await until('one is ready', () => warm.list().length === 1);
    const { promise, resolve } = Promise.withResolvers<void>();
    const { endCell } = room.deps.processes;
    Object.assign(room.deps.processes, { endCell: (...args: Parameters<typeof endCell>) => promise.then(() => endCell(...args)) });
    warm.discardAll();
    let isClosed = false;
    const closing = warm.close().then(() => {
      isClosed = true;
    });
    await new Promise((turn) => setImmediate(turn));
    assert.equal(isClosed, false);
    resolve();
    await closing;
    assert.deepEqual(room.ended, ['warm-1']);
  });
});
