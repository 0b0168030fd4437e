import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { processCeiling } from '../../../../src/adapters/sandbox/processCeiling.ts';

const isSet = (processes: number | null, isRoot: boolean, kernel: string): boolean =>
  processCeiling(processes, isRoot, kernel).prefix.length > 0;

describe('The ceiling of processes', () => {
  it('is set for root alone, with a limit, and only where the setting is the namespace’s own', () => {
    assert.deepEqual([isSet(100, true, '6.14.0-generic'), isSet(100, true, '6.18.44-fc'), isSet(100, true, '7.0.1')], [true, true, true]);
    assert.deepEqual(
      [
        isSet(100, true, '6.13.9'),
        isSet(100, true, '5.15.0-100-generic'),
        isSet(100, true, 'unknown'),
        isSet(100, false, '6.18.0'),
        isSet(null, true, '6.18.0'),
      ],
      [false, false, false, false, false],
    );
  });

  it('leaves room for threads, and is out of a command’s hands', () => {
    const ceiling = processCeiling(100, true, '6.18.0');
    assert.match(ceiling.prefix.join(' '), /echo 1200 >/);
    assert.deepEqual(ceiling.command, [{ kind: 'readOnly', path: ceiling.server[0]?.path, from: '/dev/null' }]);
  });
});
