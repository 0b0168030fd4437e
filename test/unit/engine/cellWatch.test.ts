import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { silentLog } from '../../../src/base/log.ts';
import { CellLimitSettings } from '../../../src/core/model/sandboxSpec.ts';
import type { Excess } from '../../../src/core/policy/cellLimits.ts';
import type { GroupLimit } from '../../../src/core/ports/processes.ts';
import { CellWatch } from '../../../src/engine/cellWatch.ts';
import { ManualClock } from '../../support/cli/manualClock.ts';

const NONE = { processes: 'none', memoryMb: 'none', diskMb: 'none', files: 'none', openFiles: 'none', cpus: 'none' } as const;

/** A machine whose use of memory and disk the test says. */
class Machine {
  readonly clock = new ManualClock();
  readonly looks: string[] = [];
  memory = 0;
  memoryAtKill: number | null = null;
  lost: GroupLimit[] = [];
  disk = { bytes: 0, files: 0 };
  volume = { bytes: 0, files: 0 };
  /** All processes, and what is free of 1000 MB. */
  processes = 100;
  freeMemory = 0;
  free: { bytes: number; files: number | null } | null = { bytes: 400e6, files: 100_000 };
  readonly watch = new CellWatch({
    clock: this.clock,
    log: silentLog,
    options: { freeMemoryBytes: () => this.freeMemory, totalMemoryBytes: () => 1000e6 },
    processes: {
      mostOnMachine: () => this.processes,
      meter: (cell: string) => ({
        memoryAtKill: () => this.memoryAtKill,
        takeLostLimits: () => this.lost.splice(0),
        look: () => {
          this.looks.push(`use ${cell}`);
          return Promise.resolve({ processes: 1, memoryBytes: this.memory });
        },
      }),
    } as never,
    files: {
      volume: () => Promise.resolve(this.volume),
      freeSpace: () => Promise.resolve(this.free),
      cellSize: (cell: string) => {
        this.looks.push(`size ${cell}`);
        return Promise.resolve(this.disk);
      },
    } as never,
  });

  /** With no limits but these; with those that hold by default where null is said. */
  begin(
    cell: string,
    limits: Partial<CellLimitSettings> | null,
  ): { readonly found: Excess[]; readonly lost: GroupLimit[][]; readonly end: () => Promise<void> } {
    const found: Excess[] = [];
    const lost: GroupLimit[][] = [];
    const onExceeded = (excess: Excess): void => void found.push(excess);
    const set = CellLimitSettings.parse(limits === null ? {} : { ...NONE, ...limits });
    const onLost = (names: readonly GroupLimit[]): void => void lost.push([...names]);
    return { found, lost, end: this.watch.watch({ cell, server: null, limits: set, onExceeded, onLost }) };
  }

  async seconds(count: number): Promise<string[]> {
    for (let second = 0; second < count; second++) {
      this.clock.advance(1000);
      for (let turn = 0; turn < 40; turn++) await Promise.resolve();
    }
    return this.looks.splice(0);
  }
}

describe('CellWatch', () => {
  it('looks at nothing without limits, and no longer when the work has ended', async () => {
    const machine = new Machine();
    machine.begin('free', {});
    assert.deepEqual(await machine.seconds(3), []);
    const { end } = machine.begin('bound', { memoryMb: 100 });
    assert.deepEqual(await machine.seconds(2), ['use bound', 'use bound']);
    await end();
    assert.deepEqual(await machine.seconds(3), []);
  });

  it('looks at all cells in one turn once a second, also when one comes while it looks', async () => {
    const machine = new Machine();
    const one = machine.begin('one', { memoryMb: 100 });
    machine.clock.advance(1000);
    const two = machine.begin('two', { memoryMb: 100 });
    await machine.seconds(0);
    for (let turn = 0; turn < 40; turn++) await Promise.resolve();
    machine.looks.length = 0;
    assert.deepEqual(await machine.seconds(2), ['use one', 'use two', 'use one', 'use two']);
    await Promise.all([one.end(), two.end()]);
  });

  it('tells of what is exceeded once', async () => {
    const machine = new Machine();
    const { found, end } = machine.begin('greedy', { memoryMb: 100 });
    machine.memory = 101e6;
    await machine.seconds(3);
    await end();
    assert.deepEqual(
      found.map(({ limit, used, most }) => [limit, used, most]),
      [['memoryMb', 101, 100]],
    );
  });

  it('tells of a cell that the kernel has killed between two looks, also when its work ended with it', async () => {
    const machine = new Machine();
    const looked = machine.begin('looked', { memoryMb: 100 });
    const ended = machine.begin('ended', { memoryMb: 100 });
    machine.memoryAtKill = 200e6;
    await ended.end();
    assert.deepEqual(await machine.seconds(2), []);
    await looked.end();
    for (const { found } of [looked, ended])
      assert.deepEqual(
        found.map(({ text }) => text),
        ['the cell used 200 MB of memory, and 100 MB is the most (limits.memoryMb)'],
      );
  });

  it('tells what the control group has ceased to keep, and the cell goes on', async () => {
    const machine = new Machine();
    const { lost, found, end } = machine.begin('bound', { memoryMb: 100, processes: 50 });
    await machine.seconds(1);
    machine.lost = ['memoryMb'];
    await machine.seconds(2);
    assert.deepEqual(lost, [['memoryMb']]);
    machine.lost = ['processes'];
    await end();
    assert.deepEqual([lost, found], [[['memoryMb'], ['processes']], []]);
  });

  it('measures the disk at first, when the volume has grown by half of what was left, and at last', async () => {
    const machine = new Machine();
    const { found, end } = machine.begin('writer', { diskMb: 100 });
    assert.deepEqual(await machine.seconds(3), ['size writer']);
    machine.volume = { bytes: 49e6, files: 0 };
    assert.deepEqual(await machine.seconds(3), []);
    machine.volume = { bytes: 51e6, files: 0 };
    machine.disk = { bytes: 51e6, files: 0 };
    assert.deepEqual(await machine.seconds(3), ['size writer']);
    machine.disk = { bytes: 101e6, files: 0 };
    await end();
    assert.deepEqual(machine.looks, ['size writer']);
    assert.equal(found[0]?.limit, 'diskMb');
  });

  it('looks at no process while the whole machine has and uses less than the cell may', async () => {
    const machine = new Machine();
    const { end } = machine.begin('modest', { memoryMb: 300, processes: 100 });
    machine.freeMemory = 700e6;
    assert.deepEqual(await machine.seconds(2), []);
    machine.freeMemory = 699e6;
    assert.deepEqual(await machine.seconds(1), ['use modest']);
    machine.freeMemory = 700e6;
    machine.processes = 101;
    assert.deepEqual(await machine.seconds(1), ['use modest']);
    await end();
  });

  it('keeps a cell to what the machine bears where nothing is set, and says that it is a default', async () => {
    const machine = new Machine();
    const { found, end } = machine.begin('greedy', null);
    machine.memory = 751e6;
    machine.freeMemory = 250e6;
    assert.deepEqual(await machine.seconds(2), []);
    machine.freeMemory = 249e6;
    await machine.seconds(2);
    await end();
    assert.deepEqual(
      found.map(({ text }) => text),
      [
        "the cell used 751 MB of memory, and 750 MB is the most by default, three quarters of the machine's; limits.memoryMb in reactor.yaml sets another, or none",
      ],
    );
  });

  it('measures the disk by default only when three quarters of what was free are gone, and then it may have been somebody else', async () => {
    const machine = new Machine();
    const { found, end } = machine.begin('writer', null);
    machine.freeMemory = 1000e6;
    assert.deepEqual(await machine.seconds(2), []);
    machine.free = { bytes: 100e6, files: 25_000 };
    assert.deepEqual(await machine.seconds(2), []);
    machine.free = { bytes: 99e6, files: 25_000 };
    machine.disk = { bytes: 10e6, files: 10 };
    assert.deepEqual(await machine.seconds(1), ['size writer']);
    assert.deepEqual(found, []);
    machine.free = { bytes: 99e6, files: 24_999 };
    machine.disk = { bytes: 10e6, files: 75_001 };
    await end();
    assert.deepEqual(
      found.map(({ limit, used, most }) => [limit, used, most]),
      [['files', 75_001, 75_000]],
    );
  });

  it('has no default where the system does not say what there is', async () => {
    const machine = new Machine();
    machine.free = null;
    machine.processes = null as never;
    const { found, end } = machine.begin('unknown', null);
    machine.memory = 1e15;
    machine.disk = { bytes: 1e15, files: 1e9 };
    assert.deepEqual(await machine.seconds(2), []);
    await end();
    assert.deepEqual(found, []);
  });
});
