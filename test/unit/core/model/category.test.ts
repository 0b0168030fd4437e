import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { Category, categoryOf, categoryOfTitle } from '../../../../src/core/model/category.ts';

describe('the category of a task', () => {
  it('is what the person said, else what the title suggests', () => {
    assert.equal(categoryOf({ title: 'Fix the cart', category: 'billing' }), 'billing');
    assert.equal(categoryOf({ title: 'Fix the cart' }), 'fix');
  });

  it('comes from a conventional prefix before anything else', () =>
    assert.deepEqual(['feat: tests', 'fix(cart): docs', 'perf!: x', 'CI: run', 'chore: y'].map(categoryOfTitle), [
      'feature',
      'fix',
      'performance',
      'chore',
      'chore',
    ]));

  it('comes from the verb, or from what the verb makes', () =>
    assert.deepEqual(
      [
        'Fix negative totals',
        'Document the API',
        'Test the parser',
        'Refactor the cart',
        'Speed up the search',
        'Bump undici',
        'Add slugify',
        'Add tests for slugify',
        'Write the README',
        'Update the changelog',
        'Add an error page',
        'Login crash on empty name',
        'Search is slow',
        'Rate limiter',
        '',
      ].map(categoryOfTitle),
      [
        'fix',
        'docs',
        'test',
        'refactor',
        'performance',
        'chore',
        'feature',
        'test',
        'docs',
        'docs',
        'feature',
        'fix',
        'performance',
        'other',
        'other',
      ],
    ));

  it('is one plain word, so that it can stand in a table and a file', () =>
    assert.deepEqual(
      ['fix', 'tech-debt', 'Tech Debt', '=1+1', ''].map((text) => Category.safeParse(text).success),
      [true, true, false, false, false],
    ));
});
