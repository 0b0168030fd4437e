import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { CellLimitSettings, CellLimits } from '../../../../src/core/model/sandboxSpec.ts';
import {
  excessOfSize,
  excessOfUse,
  limitsPassedOn,
  limitsSet,
  mayHaveOutgrown,
  workLimits,
} from '../../../../src/core/policy/cellLimits.ts';

const limits = CellLimits.parse({ processes: 10, memoryMb: 100, diskMb: 100, files: 10_000 });

describe('What a cell may use', () => {
  it('is exceeded above the limit, not at it, and the sentence names both', () => {
    assert.equal(excessOfUse(limits, { processes: 10, memoryBytes: 100e6 }), null);
    assert.deepEqual(excessOfUse(limits, { processes: 11, memoryBytes: 200e6 }), {
      limit: 'processes',
      used: 11,
      most: 10,
      text: 'the cell had 11 processes, and 10 is the most (limits.processes)',
    });
    assert.equal(excessOfUse(limits, { processes: 1, memoryBytes: 101e6 })?.limit, 'memoryMb');
    assert.equal(excessOfSize(limits, { bytes: 101e6, files: 1 })?.limit, 'diskMb');
    assert.equal(excessOfSize(limits, { bytes: 1, files: 10_001 })?.text, 'the cell had 10001 files, and 10000 is the most (limits.files)');
  });

  it('has no end where there is no limit', () => {
    const none = CellLimits.parse({});
    assert.deepEqual(
      [excessOfUse(none, { processes: 1e6, memoryBytes: 1e15 }), excessOfSize(none, { bytes: 1e15, files: 1e9 })],
      [null, null],
    );
    assert.equal(
      mayHaveOutgrown(none, { cell: { bytes: 0, files: 0 }, volume: { bytes: 0, files: 0 } }, { bytes: 1e15, files: 1e9 }),
      false,
    );
  });

  it('is measured again when the volume has taken in half of what was left', () => {
    const measured = { cell: { bytes: 20e6, files: 0 }, volume: { bytes: 500e6, files: 7000 } };
    const grown = (bytes: number, files: number): boolean =>
      mayHaveOutgrown(limits, measured, { bytes: 500e6 + bytes, files: 7000 + files });
    assert.deepEqual([grown(40e6, 5000), grown(41e6, 0), grown(0, 5001), grown(-1e9, -100)], [false, true, true, false]);
  });

  it('is not measured for every small thing when there is next to nothing left', () => {
    const measured = { cell: { bytes: 100e6, files: 10_000 }, volume: { bytes: 0, files: 0 } };
    assert.deepEqual(
      [mayHaveOutgrown(limits, measured, { bytes: 4e6, files: 200 }), mayHaveOutgrown(limits, measured, { bytes: 4e6 + 1, files: 0 })],
      [false, true],
    );
  });

  it('has defaults by the machine where nothing is set, and none where somebody said so', () => {
    const room = { memoryBytes: 16e9, free: { bytes: 100e9, files: 1_000_000 } };
    const of = (settings: Partial<CellLimitSettings>, here: Parameters<typeof workLimits>[1] = room): unknown[] => {
      const { processes, memoryMb, diskMb, files, openFiles, cpus, defaults } = workLimits(CellLimitSettings.parse(settings), here);
      return [processes, memoryMb, diskMb, files, openFiles, cpus, [...defaults].join()];
    };
    assert.deepEqual(of({}), [2000, 12_000, 75_000, 750_000, null, null, 'processes,memoryMb,diskMb,files']);
    assert.deepEqual(of({ processes: 10, memoryMb: 'none', diskMb: 'none', openFiles: 'none' }), [
      10,
      null,
      null,
      750_000,
      null,
      null,
      'files',
    ]);
    assert.deepEqual(of({}, { memoryBytes: null, free: { bytes: 100e9, files: null } }), [null, null, 75_000, null, null, null, 'diskMb']);
    assert.deepEqual(of({}, { memoryBytes: null, free: null }), [null, null, null, null, null, null, '']);
  });

  it('is passed on by commands as it is set; by default there is only an end to a fork bomb, in a sandbox', () => {
    const none = CellLimits.parse({});
    assert.deepEqual(limitsPassedOn(CellLimitSettings.parse({}), true), { ...none, processes: 8000 });
    assert.deepEqual(limitsPassedOn(CellLimitSettings.parse({}), false), none);
    assert.deepEqual(limitsPassedOn(CellLimitSettings.parse({ processes: 'none', cpus: 2 }), true), { ...none, cpus: 2 });
    assert.deepEqual(limitsSet(CellLimitSettings.parse({ memoryMb: 100, processes: 'none' })), { ...none, memoryMb: 100 });
  });

  it('says of a default where it comes from and what sets another', () => {
    const limits = workLimits(CellLimitSettings.parse({ memoryMb: 100 }), { memoryBytes: 16e9, free: null });
    assert.equal(
      excessOfUse(limits, { processes: 2001, memoryBytes: 0 })?.text,
      'the cell had 2001 processes, and 2000 is the most by default; limits.processes in reactor.yaml sets another, or none',
    );
    assert.equal(
      excessOfUse(limits, { processes: 1, memoryBytes: 101e6 })?.text,
      'the cell used 101 MB of memory, and 100 MB is the most (limits.memoryMb)',
    );
  });
});
