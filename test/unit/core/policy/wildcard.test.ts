import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { matchesWildcard } from '../../../../src/core/policy/wildcard.ts';
import { SeededRandom } from '../../../support/seededRandom.ts';

describe('matchesWildcard', () => {
  it('lets * stand for anything and ? for one character', () => {
    const cases: [string, string][] = [
      ['*', ''],
      ['*', 'a/b\nc'],
      ['git *', 'git push'],
      ['git *', 'git'],
      ['src/*.ts', 'src/deep/in/a.ts'],
      ['a?c', 'a/c'],
      ['a?c', 'ac'],
      ['?', '😀'],
      ['', ''],
      ['', 'a'],
      ['a.c', 'abc'],
      ['[ab]', 'a'],
      ['(a|b)+$', '(a|b)+$'],
      ['A', 'a'],
    ];
    assert.deepEqual(
      cases.map(([glob, text]) => matchesWildcard(glob, text)),
      [true, true, true, false, true, true, false, true, true, false, false, false, true, false],
    );
  });

  it('agrees with a regular expression on every generated pair', () => {
    const random = new SeededRandom(11);
    const asExpression = (character: string) =>
      character === '*' ? '[^]*' : character === '?' ? '[^]' : `\\u{${character.codePointAt(0)?.toString(16)}}`;
    const wrong: string[] = [];
    let matched = 0;
    for (let round = 0; round < 20_000; round += 1) {
      const glob = random.text('ab/*?', 7);
      const text = random.text('ab/\n', 7);
      const expected = new RegExp(`^${[...glob].map(asExpression).join('')}$`, 'u').test(text);
      if (expected) matched += 1;
      if (matchesWildcard(glob, text) !== expected) wrong.push(JSON.stringify([glob, text]));
    }
    assert.deepEqual({ wrong, telling: matched > 1000 }, { wrong: [], telling: true });
  });

  it('ends soon on globs that make backtracking explode', () => {
    assert.equal(matchesWildcard(`${'a*'.repeat(50)}b`, 'a'.repeat(20_000)), false);
  });
});
