import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { durationRule, formatDuration, maxDurationMs, parseDuration } from '../../../../src/core/model/duration.ts';
import { SeededRandom } from '../../../support/seededRandom.ts';

const read = (texts: readonly string[]) =>
  Object.fromEntries(
    texts.map((text) => {
      const parsed = parseDuration(text);
      return [text, parsed.ok ? parsed.value : parsed.error];
    }),
  );

describe('parseDuration', () => {
  it('reads figures with units, largest first', () => {
    assert.deepEqual(read(['30m', '90s', '1h30m', '500ms', '1.5h', ' 2d ', '1h 30m', '1m500ms', '0h5s', '0.0015s', '007s']), {
      '30m': 1_800_000,
      '90s': 90_000,
      '1h30m': 5_400_000,
      '500ms': 500,
      '1.5h': 5_400_000,
      ' 2d ': 172_800_000,
      '1h 30m': 5_400_000,
      '1m500ms': 60_500,
      '0h5s': 5000,
      '0.0015s': 2,
      '007s': 7000,
    });
  });

  it('refuses everything else and says what is wanted', () => {
    const unclear = [
      '',
      ' ',
      '30',
      'm',
      '30 m',
      '5 minutes',
      '30M',
      '30m1h',
      '-5m',
      '1,5h',
      '.5h',
      '1e3s',
      'NaNs',
      '5m5m',
      '1h\n\n2',
      '9999999999999s',
    ];
    assert.deepEqual(read(unclear), Object.fromEntries(unclear.map((text) => [text, durationRule])));
    assert.deepEqual(read(['0s', '0.1ms', '25d', '999999999999d']), {
      '0s': 'must be longer than nothing: at least 1ms',
      '0.1ms': 'must be longer than nothing: at least 1ms',
      '25d': 'must be at most 24d',
      '999999999999d': 'must be at most 24d',
    });
  });
});

describe('formatDuration', () => {
  it('writes the shortest text', () => {
    assert.deepEqual([0, 1, 999, 1000, 1500, 60_000, 90_500, 3_600_000, 5_400_000, 86_400_000, 90_061_001].map(formatDuration), [
      '0ms',
      '1ms',
      '999ms',
      '1s',
      '1.5s',
      '1m',
      '1m30.5s',
      '1h',
      '1h30m',
      '1d',
      '1d1h1m1.001s',
    ]);
  });

  it('is read back as the same milliseconds', () => {
    const random = new SeededRandom(1);
    const wrong: number[] = [];
    for (let round = 0; round < 5000; round += 1) {
      const ms = 1 + random.below(random.pick([2000, 100_000, 10_000_000, maxDurationMs]));
      const parsed = parseDuration(formatDuration(ms));
      if (!parsed.ok || parsed.value !== ms) wrong.push(ms);
    }
    assert.deepEqual(wrong, []);
  });
});
