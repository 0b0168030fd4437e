import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { estimate, estimateText, type PlannedTask, together } from '../../../../../src/core/projections/costs/estimate.ts';
import { scopeOfPaths, scopeOfPrompt } from '../../../../../src/core/projections/costs/fileScope.ts';
import { predictionInterval } from '../../../../../src/core/projections/costs/predictionInterval.ts';
import { CostStory, noon } from '../../../../support/costs/costStory.ts';
import { SeededRandom } from '../../../../support/seededRandom.ts';

const planned = (change: Partial<PlannedTask> = {}): PlannedTask => ({
  title: 'Fix it',
  prompt: 'Fix it.',
  category: 'fix',
  model: null,
  test: 'npm test',
  folder: '',
  ...change,
});
const fixes = (costs: readonly (string | null)[], title = 'Fix it'): CostStory =>
  costs.reduce(
    (story, cost, index) => story.run(noon + index * 60_000, `${title.replaceAll(' ', '-')}-${index}`, [cost], { title }),
    new CostStory(),
  );

describe('an estimate', () => {
  it('says so when there is no history', () => {
    assert.deepEqual(estimate(planned(), []), {
      tokens: null,
      usd: null,
      attempts: null,
      runs: 0,
      alike: [],
      unpricedRuns: 0,
      confidence: 'none',
    });
    assert.equal(estimateText(estimate(planned(), [])), 'no history');
  });

  it('rests on the runs most alike, as long as there are five of them', () => {
    const { runs } = fixes(['0.1', '0.2', '0.3', '0.4', '0.5']);
    const others = fixes(['9', '9', '9', '9', '9'], 'Add it').runs;
    const found = estimate(planned(), [...others, ...runs]);
    assert.deepEqual(
      [found.usd?.median, found.runs, found.alike, found.attempts, found.confidence, estimateText(found)],
      [0.3, 5, ['model', 'category', 'test'], 1, 'medium', '≈ $0.3000 (5 similar runs)'],
    );
    const inFiles = estimate(planned({ prompt: 'Fix the rounding in src/auth/jwt.ts' }), [...others, ...runs]);
    assert.deepEqual(inFiles.alike, ['model', 'category', 'test', 'files']);
    const docs = estimate(planned({ category: 'docs' }), [...others, ...runs]);
    assert.deepEqual([docs.runs, docs.alike, docs.confidence, estimateText(docs)], [10, ['model'], 'low', '≈ $4.75 (10 earlier runs)']);
  });

  it('tells tokens but no money from runs of other models', () => {
    const found = estimate(planned({ model: 'other/model' }), fixes(['0.1', '0.2']).runs);
    assert.deepEqual([found.tokens?.median, found.usd, found.alike, found.confidence], [1100, null, [], 'low']);
    assert.equal(estimateText(found), 'no history of this model (2 earlier runs)');
  });

  it('never takes a run without a price for a cheap one', () => {
    const found = estimate(planned({ model: 'anthropic/free' }), fixes([null, null]).runs);
    assert.deepEqual([found.usd, found.unpricedRuns, estimateText(found)], [null, 2, 'unpriced (2 similar runs)']);
  });

  it('leaves out runs that were cut off', () => {
    const story = fixes(['0.1']);
    story.journal.boot('C-r1', { task: 'C', title: 'Fix it' }).start('C-r1', 1, 'x');
    story.charge('C-r1', { costUsd: '7' });
    story.journal.end('C-r1', 'cancelled', 130, 'cancelled');
    assert.deepEqual([estimate(planned(), story.runs).runs, estimate(planned(), story.runs).usd], [1, { median: 0.1, bounds: null }]);
  });

  it('of several tasks is wider than each, and not known when one is not', () => {
    const one = { median: 3, bounds: { low: 2, high: 7 } };
    assert.deepEqual(together([one, one]), { median: 6, bounds: { low: 6 - Math.SQRT2, high: 6 + 4 * Math.SQRT2 } });
    assert.deepEqual([together([one, null]), together([])], [null, null]);
  });
});

describe('an 80 % interval', () => {
  it('holds the next value in four of five cases, for few values and for many', () => {
    const source = new SeededRandom(11);
    const random = () => source.below(1_000_000) / 1_000_000;
    const normal = () => Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
    for (const n of [2, 5, 8, 9, 12, 40]) {
      let inside = 0;
      const trials = 4000;
      for (let trial = 0; trial < trials; trial += 1) {
        const draw = () => Math.exp(normal() * 0.8 - 1);
        const { bounds } = predictionInterval(Array.from({ length: n }, draw));
        const next = draw();
        if (bounds !== null && next >= bounds.low && next <= bounds.high) inside += 1;
      }
      const share = inside / trials;
      assert.ok(share > 0.77 && share < 0.84, `${n} values: ${share}`);
    }
  });

  it('is not there for one value, and is a point for equal ones', () => {
    assert.deepEqual(predictionInterval([4]), { median: 4, bounds: null });
    const { bounds } = predictionInterval([2, 2, 2]);
    assert.deepEqual([bounds?.low.toFixed(9), bounds?.high.toFixed(9)], ['2.000000000', '2.000000000']);
  });
});

describe('the scope of files', () => {
  it('is the folders of what changed, two levels deep', () =>
    assert.deepEqual(scopeOfPaths(['packages/api/src/a.ts', 'packages/api/b.ts', 'README.md', 'src/x.ts']), ['packages/api', '.', 'src']));

  it('is what a prompt names, and no address', () =>
    assert.deepEqual(scopeOfPrompt('Fix ./src/cart.ts and test/unit/cart.test.ts, see https://example.org/docs/page.html'), [
      'src',
      'test/unit',
    ]));
});
