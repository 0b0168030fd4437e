import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { moneyText } from '../../../src/cli/render/moneyText.ts';
import { event } from '../../../src/core/journal/events.ts';

describe('what a terminal tells of a budget', () => {
  const scope = { over: 'day', of: 'repository' } as const;
  const share = { scope, period: '2026-05-06', limitUsd: '1', spentUsd: '0.5' };

  it('marks an amount that rests on tokens that were worked out', () =>
    assert.deepEqual(
      [
        moneyText(event('budget/threshold', { ...share, percent: 50 })),
        moneyText(event('budget/threshold', { ...share, percent: 50, estimated: true })),
        moneyText(event('budget/exceeded', { ...share, neededUsd: null, action: 'pause', estimated: true })),
      ],
      [
        '50 % of the budget of today is used: $0.5 of $1',
        '50 % of the budget of today is used: ~$0.5 of $1',
        'the budget of today is used up: ~$0.5 of $1 (pause)',
      ],
    ));
});
