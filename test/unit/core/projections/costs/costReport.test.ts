import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { CostLedger } from '../../../../../src/core/projections/costs/costLedger.ts';
import { type CostBudgets, costReport } from '../../../../../src/core/projections/costs/costReport.ts';
import { CostStory, day, noon, utcDay } from '../../../../support/costs/costStory.ts';

const reportOf = (story: CostStory, now: number, budgets: CostBudgets = {}) => costReport(story.runs, { now, zone: utcDay, budgets });

const weeks = () =>
  new CostStory()
    .run(noon - 8 * day, 'TASK-001', ['1'])
    .run(noon - 7 * day, 'TASK-002', ['0.25', '0.5'])
    .run(noon - 2 * day, 'TASK-003', ['0.3'])
    .run(noon, 'TASK-004', ['0.2', '0.1']);

describe('the costs of a repository', () => {
  it('have their figures, each beside what it was a week before', () =>
    assert.deepEqual(
      reportOf(weeks(), noon + 60_000).figures.map(({ name, cost, share, comparedUsd, beforeUsd }) => [
        name,
        cost?.usd,
        share,
        comparedUsd,
        beforeUsd,
      ]),
      [
        ['today', '0.3', null, '0.3', '0.75'],
        ['month', '2.35', null, '0.6', '1.75'],
        ['perLanding', '0.3', null, '0.3', '0.875'],
        ['perLine', '0.004615384615', null, '0.004615384615', '0.013461538462'],
        ['perAttempt', '0.2', null, '0.2', '0.583333333333'],
        ['wasted', '0.2', 0.2 / 0.6, '0.2', '0.25'],
      ],
    ));

  it('have nothing to compare with at first', () =>
    assert.deepEqual(
      reportOf(new CostStory(), noon).figures.map(({ cost, comparedUsd, beforeUsd }) => [cost?.usd, comparedUsd, beforeUsd]),
      [
        ['0', '0', null],
        ['0', '0', null],
        [undefined, null, null],
        [undefined, null, null],
        [undefined, null, null],
        ['0', '0', null],
      ],
    ));

  it('say what has no price, and never count it as nothing', () => {
    const { figures, trend, by, total, burn } = reportOf(new CostStory().run(noon, 'TASK-001', [null]), noon + 60_000);
    for (const cost of [figures[0]?.cost, trend.day.at(-1)?.cost, by.task[0]?.cost, total.cost, burn.spent])
      assert.deepEqual([cost?.usd, cost?.unpricedCalls, cost?.calls], ['0', 1, 1]);
    assert.deepEqual(
      burn.points.map(({ usd, unpricedCalls }) => [usd, unpricedCalls]),
      [[0, 1]],
    );
    assert.deepEqual(
      figures.filter(({ name }) => name !== 'wasted').map(({ comparedUsd }) => comparedUsd),
      [null, null, null, null, null],
    );
  });

  it('say of what was reverted that it has no price', () => {
    const story = new CostStory().run(noon, 'TASK-001', [null, '0.1']);
    const { trend, by } = reportOf(story, noon + 60_000);
    for (const wasted of [trend.day.at(-1)?.wasted, by.task[0]?.wasted]) assert.deepEqual([wasted?.usd, wasted?.unpricedCalls], ['0', 1]);
  });

  it('are told by day, week and month without gaps, the present one last', () => {
    const { trend } = reportOf(weeks(), noon + 60_000);
    const told = (points: (typeof trend)['day']) =>
      points.map(({ period, cost, wasted, landed }) => `${period} ${cost.usd} ${wasted.usd} ${landed}`);
    assert.deepEqual(
      [trend.day.length, told(trend.day).at(0), told(trend.day).slice(-3)],
      [30, '2026-04-21 0 0 0', ['2026-05-18 0.3 0 1', '2026-05-19 0 0 0', '2026-05-20 0.3 0.2 1']],
    );
    assert.deepEqual([trend.week.length, told(trend.week).slice(-2)], [12, ['2026-W20 1.75 0.25 2', '2026-W21 0.6 0.2 2']]);
    assert.deepEqual([trend.month.length, told(trend.month).slice(-2)], [12, ['2026-04 0 0 0', '2026-05 2.35 0.45 4']]);
    assert.deepEqual(
      trend.day.at(-1)?.models.map(({ model, cost }) => [model, cost.usd]),
      [['anthropic/sonnet', '0.3']],
    );
  });

  it('stand against the budgets of the day, the week and the month', () =>
    assert.deepEqual(
      reportOf(weeks(), noon + 60_000, { perDayUsd: '0.25', perWeekUsd: '5', perMonthUsd: '100' }).budgets.map(
        ({ over, limitUsd, spent, leftUsd }) => [over, limitUsd, spent.usd, leftUsd],
      ),
      [
        ['day', '0.25', '0.3', '-0.05'],
        ['week', '5', '0.6', '4.4'],
        ['month', '100', '2.35', '97.65'],
      ],
    ));

  it('burn down over the day, and go on at the rate of the last hour', () => {
    const story = new CostStory().run(noon - 5 * 3_600_000, 'TASK-001', ['0.4']).run(noon, 'TASK-002', ['0.1']);
    const { burn } = reportOf(story, noon + 1_800_000, { perDayUsd: '2' });
    assert.deepEqual(burn, {
      budgetUsd: '2',
      spent: { usd: '0.5', estimatedUsd: '0', estimatedCalls: 0, unpricedCalls: 0, calls: 2, tokens: 2200 },
      perHourUsd: '0.2',
      projectedUsd: '2.8',
      reachedAt: noon + 1_800_000 + 7.5 * 3_600_000,
      from: Date.UTC(2026, 4, 20),
      to: Date.UTC(2026, 4, 21),
      points: [
        { at: noon - 5 * 3_600_000 + 900_000, usd: 0.4, unpricedCalls: 0 },
        { at: noon + 900_000, usd: 0.5, unpricedCalls: 0 },
      ],
    });
  });

  it('know a day of 23 hours', () => {
    // The clocks of this zone go forward on 29 March 2026 at 01:00 UTC.
    const format = new Intl.DateTimeFormat('en-CA', { timeZone: 'Europe/Berlin', year: 'numeric', month: '2-digit', day: '2-digit' });
    const now = Date.UTC(2026, 2, 29, 12);
    const { burn, trend } = costReport([], { now, zone: (at) => format.format(at), budgets: {} });
    assert.deepEqual([(burn.to - burn.from) / 3_600_000, new Set(trend.day.map(({ period }) => period)).size], [23, 30]);
  });

  it('are the same folded entry by entry as from what was kept at some point', () => {
    const story = weeks();
    const { entries } = story;
    const whole = new CostLedger();
    for (const entry of entries) whole.add(entry);
    assert.deepEqual(whole.runs, story.runs);
    const half = new CostLedger();
    for (const entry of entries.slice(0, 20)) half.add(entry);
    const later = new CostLedger();
    later.reset({ seq: half.seq, runs: half.runs });
    for (const entry of entries) later.add(entry);
    assert.deepEqual([later.runs, later.seq], [whole.runs, entries.length]);
  });
});
