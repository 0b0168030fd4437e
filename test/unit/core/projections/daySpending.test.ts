import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { allSpending, DaySpending } from '../../../../src/core/projections/daySpending.ts';

const dayOf = (at: number): string => (at < 100 ? 'monday' : 'tuesday');

describe('what a day has cost', () => {
  it('is what ended on it, by task, the dearest first, exact to the last digit', () => {
    const spending = new DaySpending(dayOf);
    spending.add('TASK-001', { endedAt: 99, costUsd: '5' });
    for (let call = 0; call < 3; call += 1) spending.add('TASK-001', { endedAt: 100, costUsd: '0.1' });
    spending.add('TASK-002', { endedAt: 120, costUsd: '0.4' });
    spending.add('TASK-002', { endedAt: 130, costUsd: null });
    spending.add('TASK-003', { endedAt: 140, costUsd: '0' });
    assert.deepEqual(spending.on('tuesday'), {
      total: { usd: '0.7', unpricedCalls: 1 },
      tasks: 2,
      dearest: [
        { task: 'TASK-002', cost: { usd: '0.4', unpricedCalls: 1 } },
        { task: 'TASK-001', cost: { usd: '0.3', unpricedCalls: 0 } },
      ],
    });
  });

  it('lists the eight dearest tasks and counts the rest', () => {
    const spending = new DaySpending(dayOf);
    for (let number = 1; number <= 20; number += 1) spending.add(`TASK-${number}`, { endedAt: 1, costUsd: String((number * 7) % 20) });
    const { tasks, dearest } = spending.on('monday');
    assert.deepEqual([tasks, dearest.map(({ cost }) => cost.usd)], [19, ['19', '18', '17', '16', '15', '14', '13', '12']]);
  });

  it('of several repositories is their sum', () => {
    const [one, two] = [new DaySpending(dayOf), new DaySpending(dayOf)];
    one.add('TASK-001', { endedAt: 1, costUsd: '0.1' });
    two.add('TASK-001', { endedAt: 1, costUsd: '0.2' });
    const all = allSpending([one.on('monday'), two.on('monday'), two.on('sunday')]);
    assert.deepEqual([all.total.usd, all.dearest.map(({ cost }) => cost.usd)], ['0.3', ['0.2', '0.1']]);
  });
});
