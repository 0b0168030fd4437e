import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { describe, it } from 'mocha';
import { limitLines } from '../../../../src/adapters/opencode/limitLines.ts';
import { CellLimits } from '../../../../src/core/model/sandboxSpec.ts';

const shown = (limits: Partial<CellLimits>, ask: string): string =>
  execFileSync('/bin/sh', ['-c', [...limitLines(CellLimits.parse(limits), 4, 1), ask].join('\n')], { encoding: 'utf8' }).trim();

describe('Limits that a process passes on', () => {
  it('are none but that of core dumps where there is no limit', () => {
    assert.deepEqual(limitLines(CellLimits.parse({}), 4, 1), ['ulimit -c 0']);
  });

  it('are taken by the shell as they are meant', () => {
    assert.equal(shown({ openFiles: 100 }, 'ulimit -n'), '100');
    assert.equal(shown({ memoryMb: 500 }, 'ulimit -d'), '1000000');
    assert.equal(Number(shown({ diskMb: 10 }, 'ulimit -f')) > 19_000, true);
  });

  it('do not stop a command where the system refuses one', () => {
    assert.equal(shown({ openFiles: 2 ** 52, cpus: 1 }, 'echo goes on'), 'goes on');
  });

  it('spread cells over the processors', () => {
    const turns = [0, 1, 2, 3].map((turn) => limitLines(CellLimits.parse({ cpus: 2 }), 4, turn).at(-1));
    assert.deepEqual(
      turns.map((line) => /-cp (\S+)/.exec(line ?? '')?.[1]),
      ['0,1', '2,3', '0,1', '2,3'],
    );
    assert.deepEqual(limitLines(CellLimits.parse({ cpus: 4 }), 4, 0), ['ulimit -c 0']);
  });
});
