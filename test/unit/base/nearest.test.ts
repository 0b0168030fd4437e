import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { nearest } from '../../../src/base/nearest.ts';
import { SeededRandom } from '../../support/seededRandom.ts';

const names = ['attempts', 'approve', 'test', 'testTimeout', 'timeout', 'target', 'permissions', 'include', 'land'];

describe('nearest', () => {
  it('finds the name that was meant, or none', () => {
    const words = [
      'atempts',
      'attmepts',
      'Test-Timeout',
      'test_timeout',
      'permision',
      'taget',
      'tset',
      'lnad',
      'model',
      'x',
      '',
      'zzzzzzzzzz',
    ];
    assert.deepEqual(Object.fromEntries(words.map((word) => [word, nearest(word, names)])), {
      atempts: 'attempts',
      attmepts: 'attempts',
      'Test-Timeout': 'testTimeout',
      test_timeout: 'testTimeout',
      permision: 'permissions',
      taget: 'target',
      tset: 'test',
      lnad: 'land',
      model: null,
      x: null,
      '': null,
      zzzzzzzzzz: null,
    });
  });

  it('takes the first of equally near names and an exact one before all', () => {
    assert.deepEqual(
      [nearest('cat', ['bat', 'car', 'hat']), nearest('car', ['bat', 'cat', 'car']), nearest('--repo', ['--report', '--repo'])],
      ['bat', 'car', '--repo'],
    );
  });

  it('corrects every single slip in names of four letters or more', () => {
    const random = new SeededRandom(7);
    const slip = (word: string): string => {
      const at = random.below(word.length - 1);
      const letter = random.pick([...'qxyz']);
      const slips = [
        word.slice(0, at) + word.slice(at + 1),
        word.slice(0, at) + letter + word.slice(at),
        word.slice(0, at) + letter + word.slice(at + 1),
        word.slice(0, at) + word[at + 1] + word[at] + word.slice(at + 2),
      ];
      return random.pick(slips);
    };
    const wrong: string[] = [];
    for (let round = 0; round < 2000; round += 1) {
      const meant = random.pick(names);
      const typed = slip(meant);
      const found = nearest(typed, names);
      if (found !== meant) wrong.push(`${typed}: ${found}, not ${meant}`);
    }
    assert.deepEqual(wrong, []);
  });

  it('looks at the beginning of huge words only', () => {
    assert.equal(nearest('a'.repeat(1_000_000), ['a'.repeat(64)]), 'a'.repeat(64));
  });
});
