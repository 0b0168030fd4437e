import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { silentLog } from '../../../src/base/log.ts';
import { CellLimits } from '../../../src/core/model/sandboxSpec.ts';
import type { Excess } from '../../../src/core/policy/cellLimits.ts';
import { CellWatch } from '../../../src/engine/cellWatch.ts';
import { ManualClock } from '../../support/cli/manualClock.ts';

/** A machine whose use of memory and disk the test says. */
class Machine {
  readonly clock = new ManualClock();
  readonly looks: string[] = [];
  memory = 0;
  disk = { bytes: 0, files: 0 };
  volume = { bytes: 0, files: 0 };
  readonly watch = new CellWatch({
    clock: this.clock,
    log: silentLog,
    processes: {
      meter: (cell: string) => ({
        look: () => {
          this.looks.push(`use ${cell}`);
          return Promise.resolve({ processes: 1, memoryBytes: this.memory });
        },
      }),
    } as never,
    files: {
      volume: () => Promise.resolve(this.volume),
      cellSize: (cell: string) => {
        this.looks.push(`size ${cell}`);
        return Promise.resolve(this.disk);
      },
    } as never,
  });

  begin(cell: string, limits: Partial<CellLimits>): { readonly found: Excess[]; readonly end: () => Promise<void> } {
    const found: Excess[] = [];
    const onExceeded = (excess: Excess): void => void found.push(excess);
    return { found, end: this.watch.watch({ cell, server: null, limits: CellLimits.parse(limits), onExceeded }) };
  }

  async seconds(count: number): Promise<string[]> {
    for (let second = 0; second < count; second++) {
      this.clock.advance(1000);
      for (let turn = 0; turn < 20; turn++) await Promise.resolve();
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
    for (let turn = 0; turn < 20; turn++) await Promise.resolve();
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
});
