import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { usDollars } from '../../../../src/core/projections/costs/currency.ts';
import { costHtml } from '../../../../src/core/report/costHtml.ts';
import { CostStory, noon, utcDay } from '../../../support/costs/costStory.ts';

const page = (story: CostStory): string =>
  costHtml({
    runs: story.runs,
    range: { from: null, to: null },
    now: noon + 60_000,
    dayOf: utcDay,
    budgets: {},
    currency: usDollars,
    repository: 'sample',
    version: '1.0.0',
  });

const figures = (html: string): string[] =>
  [...html.matchAll(/<li class="figure">(.*?)<b>(.*?)<\/b><small>(.*?)<\/small>/g)].map(
    ([, name, value, note]) => `${name}: ${value} (${note})`,
  );

describe('the page of costs', () => {
  it('says what has no price wherever an amount would stand, and names no dollar', () => {
    const html = page(new CostStory().run(noon, 'TASK-001', [null, null]));
    assert.deepEqual(
      figures(html).filter((text) => !text.startsWith('Changes')),
      [
        'Total: unpriced (2,200 tokens in 2 calls)',
        'Per landed change: unpriced (all that was spent, divided by what landed)',
        'Per changed line: unpriced (65 lines added or removed)',
        'Per attempt: unpriced ()',
        'Reverted: – (unpriced on attempts that were thrown away)',
      ],
    );
    assert.doesNotMatch(html, /\$0\.00/);
  });

  it('says both where some calls have a price', () => {
    const all = figures(page(new CostStory().run(noon, 'TASK-001', [null, '0.5'])));
    assert.deepEqual(
      [all.find((text) => text.startsWith('Per landed')), all.find((text) => text.startsWith('Reverted'))],
      [
        'Per landed change: $0.5000 + unpriced (all that was spent, divided by what landed)',
        'Reverted: – (unpriced on attempts that were thrown away)',
      ],
    );
  });
});
