import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { project, projectionText } from '../../../../src/core/money/burnRate.ts';
import { likelyCost } from '../../../../src/core/money/likelyCost.ts';
import { dayAfter, periodOf } from '../../../../src/core/money/periods.ts';
import { sonnet } from '../../../support/costs/costStory.ts';

describe('the periods of budgets', () => {
  it('are the day, the week from Monday and the month, across ends of months and years', () => {
    const text = (over: 'day' | 'week' | 'month', day: string) => Object.values(periodOf(over, day)).join(' ');
    assert.deepEqual(
      [
        text('day', '2026-03-01'),
        text('week', '2026-03-01'),
        text('week', '2026-03-02'),
        text('week', '2027-01-01'),
        text('month', '2028-02-29'),
      ],
      [
        '2026-03-01 2026-03-01 2026-03-01',
        '2026-02-23 2026-02-23 2026-03-01',
        '2026-03-02 2026-03-02 2026-03-08',
        '2026-12-28 2026-12-28 2027-01-03',
        '2028-02 2028-02-01 2028-02-31',
      ],
    );
  });
});

describe('the day on which a budget is new', () => {
  it('is the first one after its period', () => {
    assert.deepEqual(
      [dayAfter('day', '2026-12-31'), dayAfter('week', '2026-03-01'), dayAfter('month', '2026-12-05'), dayAfter('month', '2028-02-29')],
      ['2027-01-01', '2026-03-02', '2027-01-01', '2028-03-01'],
    );
  });
});

describe('the projection of spending', () => {
  const hour = 3_600_000;
  const now = 100 * hour;
  const budget = { limitUsd: '5', spentUsd: '2', until: now + 10 * hour };
  const clock = (at: number): string => `${(at - now) / hour} h later`;

  it('carries on the rate since the first charge of the last hour', () => {
    const charges = [
      { at: now - 2 * hour, usd: '100' },
      { at: now - hour / 2, usd: '0.5' },
      { at: now - 1, usd: '0.25' },
      { at: now - 1, usd: null },
    ];
    const projection = project(charges, now, budget);
    assert.deepEqual(projection, { perHourUsd: '1.5', reachedAt: now + 2 * hour });
    assert.equal(projectionText(projection, '5', clock), '$5.00 reached at about 2 h later');
  });

  it('takes one charge of this moment for that of a minute, and nothing for no rate', () => {
    assert.equal(project([{ at: now, usd: '0.01' }], now, null).perHourUsd, '0.6');
    assert.deepEqual(project([], now, budget), { perHourUsd: null, reachedAt: null });
  });

  it('says nothing of a limit that is not reached before the period ends, and now of one that is reached', () => {
    const charges = [{ at: now - hour / 2, usd: '0.1' }];
    assert.equal(project(charges, now, budget).reachedAt, null);
    assert.equal(projectionText(project(charges, now, budget), '5', clock), null);
    assert.equal(project([], now, { ...budget, spentUsd: '5' }).reachedAt, now);
  });
});

describe('the likely cost of a prompt', () => {
  const price = sonnet;
  const model = { price, facts: null, promptChars: 400 };

  it('is what four of five earlier attempts stayed below', () => {
    assert.deepEqual(likelyCost(['0.1', '0.2', '0.3', '0.4', '9'], model), { usd: '0.4', basis: 'history' });
  });

  it('is the most that one call can cost while there are fewer than three, and unknown without a price', () => {
    assert.deepEqual(likelyCost(['0.1', '0.2'], model), { usd: '0.5043', basis: 'modelLimit' });
    assert.equal(likelyCost([], { ...model, price: null }), null);
  });
});
