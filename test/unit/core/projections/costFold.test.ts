import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { CostFold } from '../../../../src/core/projections/costFold.ts';
import { PanelJournal } from '../../../support/panel/panelJournal.ts';

const day = 86_400_000;
const noon = Date.UTC(2026, 4, 20, 12);
const utcDay = (at: number): string => new Date(at).toISOString().slice(0, 10);
const tree = '1'.repeat(40);

/** Spends on one task at a moment: a landed attempt, and before it a reverted one when asked for. */
const spend = (journal: PanelJournal, at: number, task: string, costUsd: string | null, wasted: string | null = null): void => {
  const run = `${task}-r${journal.entries.length}`;
  journal.at = at;
  journal.boot(run, { task, title: `Title of ${task}` });
  let attempt = 1;
  if (wasted !== null) {
    journal.start(run, attempt, 'Do it.').say(run, attempt, 10, { costUsd: wasted }).finish(run, attempt, tree, 1, '').revert(run, attempt);
    attempt += 1;
  }
  journal.start(run, attempt, 'Do it.').say(run, attempt, 10, { costUsd, provider: 'p', model: costUsd === null ? 'free' : 'm' });
  journal.finish(run, attempt, tree, 0, '').land(run, attempt, tree);
};
const reportOf = (journal: PanelJournal, now: number, budget: string | null = null) => {
  const fold = new CostFold(utcDay);
  for (const entry of journal.entries) fold.add(entry);
  return fold.report(now, budget);
};

describe('the costs of a repository', () => {
  it('have four figures, each beside what it was a week before', () => {
    const journal = new PanelJournal(0);
    spend(journal, noon - 8 * day, 'TASK-001', '1');
    spend(journal, noon - 7 * day, 'TASK-002', '0.5', '0.25');
    spend(journal, noon - 2 * day, 'TASK-003', '0.3');
    spend(journal, noon, 'TASK-004', '0.1', '0.2');
    assert.deepEqual(reportOf(journal, noon + 60_000).figures, [
      { name: 'today', total: { usd: '0.3', unpricedCalls: 0 }, comparedUsd: '0.3', beforeUsd: '0.75' },
      { name: 'month', total: { usd: '2.35', unpricedCalls: 0 }, comparedUsd: '0.6', beforeUsd: '1.75' },
      { name: 'perLanding', total: { usd: '0.3', unpricedCalls: 0 }, comparedUsd: '0.3', beforeUsd: '0.875' },
      { name: 'wasted', total: { usd: '0.2', unpricedCalls: 0 }, comparedUsd: '0.2', beforeUsd: '0.25' },
    ]);
  });

  it('say what has no price, and never count it as nothing', () => {
    const journal = new PanelJournal(0);
    spend(journal, noon, 'TASK-001', null);
    const { figures, days, tasks } = reportOf(journal, noon + 60_000);
    assert.deepEqual(figures[0]?.total, { usd: '0', unpricedCalls: 1 });
    assert.deepEqual(days.at(-1)?.models, [{ model: 'p/free', total: { usd: '0', unpricedCalls: 1 }, tokens: 9600 }]);
    assert.deepEqual(tasks[0]?.total, { usd: '0', unpricedCalls: 1 });
  });

  it('are listed for thirty days without gaps, and by task, dearest first', () => {
    const journal = new PanelJournal(0);
    spend(journal, noon - 3 * day, 'TASK-001', '0.1');
    spend(journal, noon, 'TASK-002', '0.2', '0.3');
    spend(journal, noon, 'TASK-001', '0.05');
    const { days, tasks } = reportOf(journal, noon + 60_000);
    assert.deepEqual([days.length, days[0]?.day, days.at(-1)?.day, days.at(-4)?.total.usd], [30, '2026-04-21', '2026-05-20', '0.1']);
    assert.deepEqual(
      tasks.map(({ task, runs, attempts, landed, total, wastedUsd }) => ({ task, runs, attempts, landed, usd: total.usd, wastedUsd })),
      [
        { task: 'TASK-002', runs: 1, attempts: 2, landed: 1, usd: '0.5', wastedUsd: '0.3' },
        { task: 'TASK-001', runs: 2, attempts: 2, landed: 2, usd: '0.15', wastedUsd: '0' },
      ],
    );
  });

  it('burn down over the day, and go on at the rate of the last hour', () => {
    const journal = new PanelJournal(0);
    spend(journal, noon - 5 * 3_600_000, 'TASK-001', '0.4');
    spend(journal, noon, 'TASK-002', '0.1');
    const { burn } = reportOf(journal, noon + 1_800_000, '2');
    assert.deepEqual(
      { ...burn, points: burn.points.map(({ usd }) => usd) },
      {
        budgetUsd: '2',
        spentUsd: '0.5',
        perHourUsd: '0.1',
        projectedUsd: '1.65',
        from: Date.UTC(2026, 4, 20),
        to: Date.UTC(2026, 4, 21),
        points: [0.4, 0.5],
      },
    );
  });

  it('know a day of 23 hours', () => {
    // The clocks of this zone go forward on 29 March 2026 at 01:00 UTC.
    const zone = new Intl.DateTimeFormat('en-CA', { timeZone: 'Europe/Berlin', year: 'numeric', month: '2-digit', day: '2-digit' });
    const { burn, days } = new CostFold((at) => zone.format(at)).report(Date.UTC(2026, 2, 29, 12), null);
    assert.deepEqual([(burn.to - burn.from) / 3_600_000, new Set(days.map(({ day: name }) => name)).size], [23, 30]);
  });

  it('forget the single charges of a day that is over', () => {
    const journal = new PanelJournal(0);
    spend(journal, noon, 'TASK-001', '0.1');
    const { burn, figures } = reportOf(journal, noon + day, '1');
    assert.deepEqual([burn.points, burn.spentUsd, figures[0]?.total], [[], '0', { usd: '0', unpricedCalls: 0 }]);
  });
});
