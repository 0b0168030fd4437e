import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { CellLimits } from '../../../../src/core/model/sandboxSpec.ts';
import { excessOfSize, excessOfUse, mayHaveOutgrown } from '../../../../src/core/policy/cellLimits.ts';

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
});
