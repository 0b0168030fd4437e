import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import type { Measured } from '../../bench/benchmark.ts';
import { measure } from '../../bench/measure.ts';
import { median, summarise } from '../../bench/statistics.ts';
import { renderTable, short } from '../../bench/table.ts';

describe('benchmark statistics', () => {
  it('takes the middle of an odd and of an even count, in any order', () => {
    assert.deepEqual([median([3]), median([9, 1, 5]), median([4, 1, 3, 2])], [3, 5, 2.5]);
    assert.throws(() => median([]), RangeError);
    assert.throws(() => median([1, Number.NaN]), RangeError);
  });

  it('compares medians of the same rounds with the target', () => {
    const measured = summarise(
      { name: 'a', unit: 'ms', target: { of: 'ratio', atMost: 0.9 } },
      { subject: [8, 100, 9, 7, 8, 8, 8], baseline: [10, 10, 11, 10, 9, 10, 10] },
    );
    assert.deepEqual(measured, {
      name: 'a',
      unit: 'ms',
      median: 8,
      min: 7,
      max: 100,
      n: 7,
      baseline: 10,
      ratio: 0.8,
      target: 'ratio <= 0.9',
      holds: true,
    } satisfies Measured);
  });

  it('says when a target does not hold, in either direction, and never holds without a ratio', () => {
    const holds = (target: Parameters<typeof summarise>[0]['target'] & object, baseline: number[]) =>
      summarise({ name: 'a', unit: 'MB', target }, { subject: [120], baseline }).holds;
    assert.deepEqual(
      [
        holds({ of: 'median', atMost: 120 }, []),
        holds({ of: 'median', atMost: 119 }, []),
        holds({ of: 'median', atLeast: 121 }, []),
        holds({ of: 'ratio', atLeast: 2 }, [60]),
        holds({ of: 'ratio', atMost: 2 }, []),
        holds({ of: 'ratio', atMost: 2 }, [0]),
      ],
      [true, false, false, true, false, false],
    );
  });

  it('alternates who goes first, drops the warm-up and disposes', async () => {
    const calls: string[] = [];
    let next = 0;
    const measured = await measure({
      name: 'a',
      unit: 'ms',
      prepare: async () => ({
        subject: async () => {
          calls.push('s');
          next += 1;
          return next;
        },
        baseline: async () => {
          calls.push('b');
          return 2;
        },
        dispose: async () => {
          calls.push('end');
        },
      }),
    });
    assert.equal(calls.join(''), 'sbbssbbssbbssbbsend');
    assert.deepEqual({ n: measured.n, min: measured.min, max: measured.max, ratio: measured.ratio }, { n: 7, min: 2, max: 8, ratio: 2.5 });
  });

  it('disposes after a failed round, and refuses too few rounds', async () => {
    let disposed = 0;
    const failing = {
      name: 'a',
      unit: 'ms',
      prepare: async () => ({
        subject: () => Promise.reject(new Error('broken')),
        dispose: async () => {
          disposed += 1;
        },
      }),
    };
    await assert.rejects(measure(failing), /broken/);
    assert.equal(disposed, 1);
    await assert.rejects(measure({ ...failing, rounds: 6 }), RangeError);
  });

  it('is shown in a table of 80 columns', () => {
    const wide: Measured = {
      name: 'area/aNameThatIsFarTooLongForItsColumn',
      unit: '/s',
      median: 99_999.4,
      min: 12_345.6,
      max: 123_456,
      n: 7,
      baseline: 100_000,
      ratio: 0.999994,
      target: 'ratio <= 0.95',
      holds: false,
    };
    const bare: Measured = {
      ...wide,
      name: 'git/call',
      unit: 'ms',
      median: 0.0512,
      min: 0.05,
      max: 1,
      baseline: null,
      ratio: null,
      target: null,
      holds: null,
    };
    const table = renderTable([bare, wide]);
    assert.equal(
      table,
      [
        'name                           median          spread baseline  ratio   target ?',
        'git/call                    0.0512 ms    0.0500..1.00',
        'area/aNameThatIsFarTooLo     99999 /s   12346..123456   100000  1.00x  <=0.95x -',
      ].join('\n'),
    );
    assert.ok(table.split('\n').every((line) => line.length <= 80));
    assert.deepEqual([short(0), short(1234.5), short(2.345), short(0.0512)], ['0', '1235', '2.35', '0.0512']);
  });
});
