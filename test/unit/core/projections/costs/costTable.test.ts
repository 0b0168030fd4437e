import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { lastPeriods, startOfDay, weekOf } from '../../../../../src/core/projections/costs/calendar.ts';
import type { CostDimension } from '../../../../../src/core/projections/costs/costDimensions.ts';
import { allTime, costTable } from '../../../../../src/core/projections/costs/costTable.ts';
import { efficiencyOf } from '../../../../../src/core/projections/costs/efficiency.ts';
import { timeRange } from '../../../../../src/core/projections/costs/timeRange.ts';
import { CostStory, day, noon, utcDay } from '../../../../support/costs/costStory.ts';

const story = new CostStory()
  .run(noon - 40 * day, 'TASK-001', ['0.1', '0.2'])
  .run(noon - 2 * day, 'TASK-002', ['0.3'], { title: 'Fix it', ends: 'failed' })
  .run(noon, 'TASK-001', ['0.05'])
  .run(noon, 'TASK-003', [null], { title: 'Document it' });

const rows = (by: CostDimension) =>
  costTable(story.runs, by, allTime, utcDay).rows.map(({ key, sum, wasted, runs, attempts, landed, changedLines }) =>
    [key, sum.usd, sum.unpricedCalls, wasted.usd, runs, attempts, landed, changedLines].join(' '),
  );

describe('a table of costs', () => {
  it('sums by task, dearest first, with what landed', () =>
    assert.deepEqual(rows('task'), ['TASK-001 0.35 0 0.1 2 3 2 130', 'TASK-002 0.3 0 0.3 1 1 0 0', 'TASK-003 0 1 0 1 1 1 65']));

  it('sums by model and operation, which land nothing by themselves', () => {
    assert.deepEqual(rows('model'), ['anthropic/sonnet 0.65 0 0.4 3 4 0 0', 'anthropic/free 0 1 0 1 1 0 0']);
    assert.deepEqual(rows('operation'), ['prompt 0.65 1 0.4 4 5 0 0']);
  });

  it('sums by category', () =>
    assert.deepEqual(rows('category'), ['other 0.35 0 0.1 2 3 2 130', 'fix 0.3 0 0.3 1 1 0 0', 'docs 0 1 0 1 1 1 65']));

  it('sums by day, week and month, in the order of time', () => {
    assert.deepEqual(rows('day'), ['2026-04-10 0.3 0 0.1 1 2 1 65', '2026-05-18 0.3 0 0.3 1 1 0 0', '2026-05-20 0.05 1 0 2 2 2 130']);
    assert.deepEqual(rows('week'), ['2026-W15 0.3 0 0.1 1 2 1 65', '2026-W21 0.35 1 0.3 3 3 2 130']);
    assert.deepEqual(rows('month'), ['2026-04 0.3 0 0.1 1 2 1 65', '2026-05 0.35 1 0.3 3 3 2 130']);
  });

  it('adds up to the same whatever it is by, and to the last digit', () => {
    const tiny = new CostStory();
    for (let index = 0; index < 30; index += 1) tiny.run(noon + index, `T-${index}`, ['0.000000000001', '0.1']);
    for (const by of ['task', 'model', 'day', 'week', 'month', 'category', 'operation'] as const)
      assert.equal(costTable(tiny.runs, by, allTime, utcDay).total.sum.usd, '3.00000000003', by);
  });

  it('takes what falls into the range, its first moment in and its last one out', () => {
    const within = (from: number | null, to: number | null) => costTable(story.runs, 'task', { from, to }, utcDay).total.sum.usd;
    assert.deepEqual(
      [within(noon, null), within(null, noon), within(noon - 2 * day, noon), within(noon + day, null)],
      ['0.05', '0.6', '0.3', '0'],
    );
  });

  it('says what the money brought, and nothing where there is nothing to divide by', () => {
    const { total } = costTable(story.runs, 'task', allTime, utcDay);
    assert.deepEqual(efficiencyOf({ ...total, usd: total.sum.usd, wastedUsd: total.wasted.usd }), {
      perLandedUsd: '0.216666666667',
      perChangedLineUsd: '0.003333333333',
      perAttemptUsd: '0.13',
      wastedShare: 0.4 / 0.65,
    });
    assert.deepEqual(efficiencyOf({ usd: '0', wastedUsd: '0', attempts: 0, landed: 0, changedLines: 0 }), {
      perLandedUsd: null,
      perChangedLineUsd: null,
      perAttemptUsd: null,
      wastedShare: null,
    });
  });
});

describe('the calendar of a report', () => {
  it('names weeks as ISO 8601 does', () =>
    assert.deepEqual(['2026-01-01', '2027-01-01', '2024-12-30', '2026-05-18', '2026-05-24'].map(weekOf), [
      '2026-W01',
      '2026-W53',
      '2025-W01',
      '2026-W21',
      '2026-W21',
    ]));

  it('goes back without gaps', () => {
    assert.deepEqual(lastPeriods('month', '2026-03-31', 4), ['2025-12', '2026-01', '2026-02', '2026-03']);
    assert.deepEqual(lastPeriods('week', '2026-01-04', 2), ['2025-W52', '2026-W01']);
    assert.deepEqual(lastPeriods('day', '2026-03-01', 2), ['2026-02-28', '2026-03-01']);
  });

  it('knows when a day begins, in zones of quarter hours and on days when clocks change', () => {
    const zone = (timeZone: string) => {
      const format = new Intl.DateTimeFormat('en-CA', { timeZone, year: 'numeric', month: '2-digit', day: '2-digit' });
      return (at: number) => format.format(at);
    };
    const iso = (name: string, timeZone: string) => new Date(startOfDay(name, zone(timeZone))).toISOString();
    assert.deepEqual(
      [
        iso('2026-05-20', 'Asia/Kathmandu'),
        iso('2026-03-29', 'Europe/Berlin'),
        iso('2026-03-30', 'Europe/Berlin'),
        iso('2026-05-20', 'Pacific/Kiritimati'),
        iso('2026-05-20', 'America/St_Johns'),
      ],
      [
        '2026-05-19T18:15:00.000Z',
        '2026-03-28T23:00:00.000Z',
        '2026-03-29T22:00:00.000Z',
        '2026-05-19T10:00:00.000Z',
        '2026-05-20T02:30:00.000Z',
      ],
    );
  });
});

describe('--since and --until', () => {
  const read = (since?: string, until?: string) => {
    const range = timeRange(since, until, { now: noon, dayOf: utcDay });
    if (!range.ok) return `${range.error.option} ${range.error.problem}`;
    return [range.value.from, range.value.to].map((at) => (at === null ? '…' : new Date(at).toISOString().slice(0, 16))).join(' ');
  };

  it('take days, months, words and times ago; the last one is in', () =>
    assert.deepEqual(
      [
        read(),
        read('2026-05-01', '2026-05-19'),
        read('2026-04', '2026-04'),
        read('today'),
        read('yesterday', 'yesterday'),
        read('week', 'week'),
        read('month'),
        read('7d', '12h'),
      ],
      [
        '… …',
        '2026-05-01T00:00 2026-05-20T00:00',
        '2026-04-01T00:00 2026-05-01T00:00',
        '2026-05-20T00:00 …',
        '2026-05-19T00:00 2026-05-20T00:00',
        '2026-05-18T00:00 2026-05-25T00:00',
        '2026-05-01T00:00 …',
        '2026-05-13T12:00 2026-05-20T00:00',
      ],
    ));

  it('say what they are when they can not be read', () => {
    assert.match(read('2026-02-30'), /^since must be a day/);
    assert.match(read('soon'), /^since must be a day/);
    assert.match(read(undefined, '2026-13'), /^until must be a day/);
    assert.equal(read('2026-05-20', '2026-05-19'), 'until must not lie before --since');
  });
});
