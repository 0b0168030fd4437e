import { compareUsd, type Usd } from '../model/usd.ts';
import type { DayOf, Period } from '../projections/costs/calendar.ts';
import { type CostBudgets, type CostReport, costReport, type ReportRow, type TrendPoint } from '../projections/costs/costReport.ts';
import type { TimeRange } from '../projections/costs/costTable.ts';
import { type Currency, currencyNote, limitText, moneyText } from '../projections/costs/currency.ts';
import { efficiencyOf } from '../projections/costs/efficiency.ts';
import type { RunCosts } from '../projections/costs/runCosts.ts';
import type { ShownCost } from '../projections/costs/shownCost.ts';
import { isUnpriced, sumText } from '../projections/costs/sumText.ts';
import { countText, plural } from '../projections/figures.ts';
import { barChart } from './barChart.ts';
import { costHtmlStyle } from './costHtmlStyle.ts';
import { escaped, type HtmlColumn, htmlTable } from './markup.ts';

export interface CostHtmlInput {
  readonly runs: readonly RunCosts[];
  readonly range: TimeRange;
  readonly now: number;
  readonly dayOf: DayOf;
  readonly budgets: CostBudgets;
  readonly currency: Currency;
  readonly repository: string;
  readonly version: string;
}

const mostModels = 6;
const mostTasks = 500;
const longestTitle = 90;

/** How amounts are written on the page. */
interface Texts {
  readonly money: (usd: Usd | number) => string;
  readonly limit: (usd: Usd) => string;
  readonly shown: (cost: ShownCost) => string;
  readonly note: string;
}

const textsOf = (currency: Currency): Texts => ({
  money: (usd) => moneyText(usd, currency),
  limit: (usd) => limitText(usd, currency),
  shown: (cost) => sumText(cost, currency),
  note: currencyNote(currency),
});

/** The report of a repository's costs as one HTML page without anything from elsewhere, for a browser or paper, fit for somebody who doesn't know Reactor. */
export function costHtml(input: CostHtmlInput): string {
  const { runs, now, dayOf, range, repository, version } = input;
  const report = costReport(runs, { now, zone: dayOf, budgets: input.budgets, range, currency: input.currency });
  const texts = textsOf(input.currency);
  const title = `What coding agents cost: ${repository}`;
  const sections = [
    figures(report, texts),
    warnings(report.total.cost, texts),
    budgets(report, texts),
    trend(report, 'day', 'By day', 'last 30 days', texts),
    trend(report, 'week', 'By week', 'last 12 weeks', texts),
    trend(report, 'month', 'By month', 'last 12 months', texts),
    table('Top ten tasks', 'The ten tasks that cost most.', report.by.task.slice(0, 10), taskColumns(texts)),
    table('By model', '', report.by.model, plainColumns('Model', texts)),
    table(
      'By kind of work',
      'What a person said, or what the title of the task suggests.',
      report.by.category,
      outcomeColumns('Category', texts),
    ),
    table('By operation', operationWords, report.by.operation, plainColumns('Operation', texts)),
    report.by.task.length > 10
      ? table(
          'All tasks',
          report.by.task.length > mostTasks ? `The first ${mostTasks}; \`reactor cost --format csv\` has all.` : '',
          report.by.task.slice(0, mostTasks),
          taskColumns(texts),
        )
      : '',
    words,
  ];
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>${escaped(title)}</title><style>${costHtmlStyle}</style></head><body>
<header><h1>${escaped(title)}</h1><p class="faint">${escaped(rangeText(range, report.today, dayOf))} · made on ${report.today} by Reactor ${escaped(version)} · ${escaped(texts.note === '' ? 'US dollars' : texts.note)}</p>
<p>Reactor lets coding agents (language models that edit code) work on tasks in this repository. A change lands only when its tests pass and it was approved; an attempt that fails is reverted. This page says what the models' answers cost and what came of it.</p></header>
${sections.filter((section) => section !== '').join('\n')}
</body></html>
`;
}

function rangeText({ from, to }: TimeRange, today: string, dayOf: DayOf): string {
  if (from === null && to === null) return 'All that is recorded';
  return `${from === null ? 'Up' : `From ${dayOf(from)}`} to ${to === null ? today : dayOf(to - 1)}`;
}

function figures({ total }: CostReport, texts: Texts): string {
  const { cost, wasted } = total;
  const { perLandedUsd, perChangedLineUsd, perAttemptUsd, wastedShare } = efficiencyOf({ ...total, usd: cost.usd, wastedUsd: wasted.usd });
  const each = (usd: Usd | null): string => (usd === null ? '–' : texts.shown({ ...cost, usd }));
  const items: readonly (readonly [string, string, string])[] = [
    ['Total', texts.shown(total.cost), `${countText(total.cost.tokens)} tokens in ${plural(total.cost.calls, 'call')}`],
    ['Changes landed', countText(total.landed), `by ${plural(total.runs, 'run')}, ${plural(total.attempts, 'attempt')}`],
    ['Per landed change', each(perLandedUsd), 'all that was spent, divided by what landed'],
    ['Per changed line', each(perChangedLineUsd), `${countText(total.changedLines)} lines added or removed`],
    ['Per attempt', each(perAttemptUsd), ''],
    [
      'Reverted',
      wastedShare === null || isUnpriced(wasted) ? '–' : `${Math.round(wastedShare * 100)} %`,
      wasted.calls === 0 ? 'nothing was thrown away' : `${texts.shown(wasted)} on attempts that were thrown away`,
    ],
  ];
  const cards = items.map(
    ([name, value, note]) => `<li class="figure">${escaped(name)}<b>${escaped(value)}</b><small>${escaped(note)}</small></li>`,
  );
  return `<ul class="figures">${cards.join('')}</ul>`;
}

function warnings({ unpricedCalls, estimatedCalls, estimatedUsd }: ShownCost, texts: Texts): string {
  const sentences = [
    ...(unpricedCalls === 0
      ? []
      : [
          `${plural(unpricedCalls, 'call')} went to a model without a known price. They are in no amount on this page: what was really paid is more.`,
        ]),
    ...(estimatedCalls === 0
      ? []
      : [
          `${plural(estimatedCalls, 'call')} did not report their tokens. They are worked out from the length of the texts, ${texts.money(estimatedUsd)} in all; amounts that rest on them begin with ~.`,
        ]),
  ];
  return sentences.map((text) => `<p class="note">${escaped(text)}</p>`).join('');
}

function budgets({ budgets: uses }: CostReport, texts: Texts): string {
  if (uses.length === 0) return '';
  const names = { day: 'Today', week: 'This week', month: 'This month' } as const;
  const rows = uses.map(({ over, limitUsd, spent, leftUsd }) => {
    const share = Math.min(1, Number(spent.usd) / Math.max(1e-12, Number(limitUsd)));
    const left = compareUsd(leftUsd, '0') < 0 ? 'used up' : `${texts.money(leftUsd)} left`;
    return `<p>${names[over]}: ${escaped(texts.shown(spent))} of ${texts.limit(limitUsd)}, ${left}</p><div class="budget"><svg viewBox="0 0 100 1" preserveAspectRatio="none" aria-hidden="true"><rect class="${share >= 1 ? 's5' : share >= 0.75 ? 's3' : 's0'}" width="${(share * 100).toFixed(1)}" height="1"/></svg></div>`;
  });
  return `<section><h2>Budgets</h2>${rows.join('')}</section>`;
}

function trend(report: CostReport, period: Period, title: string, span: string, texts: Texts): string {
  const points = report.trend[period];
  const totals = new Map<string, number>();
  for (const { models } of points) for (const { model, cost } of models) totals.set(model, (totals.get(model) ?? 0) + Number(cost.usd));
  const ranked = [...totals].sort((a, b) => b[1] - a[1]).map(([model]) => model);
  if (ranked.length === 0) return '';
  const named = ranked.length > mostModels ? ranked.slice(0, mostModels - 1) : ranked;
  const series = named.length < ranked.length ? [...named, 'other models'] : named;
  const spentOn = ({ models }: TrendPoint, name: string): number =>
    models
      .filter(({ model }) => (name === 'other models' ? !named.includes(model) : model === name))
      .reduce((sum, { cost }) => sum + Number(cost.usd), 0);
  const every = Math.ceil(points.length / 12);
  const bars = points.map((point, index) => ({
    name: point.period,
    label: (points.length - 1 - index) % every === 0 ? point.period.slice(period === 'month' ? 2 : 5) : '',
    values: series.map((name) => spentOn(point, name) * report.currency.perUsd),
  }));
  const chart = barChart({
    description: `${title}: cost by model, ${span}`,
    series,
    bars,
    text: (value) => axisText(value, report.currency.symbol),
  });
  const legend = series.map(
    (name, index) =>
      `<li><svg viewBox="0 0 1 1" aria-hidden="true"><rect class="s${index % 7}" width="1" height="1"/></svg>${escaped(name)}</li>`,
  );
  const rows = points.filter(({ cost, landed }) => cost.calls > 0 || landed > 0);
  const figures = htmlTable(`${title}, ${span}; those without costs are left out`, rows, trendColumns(period, texts));
  return `<section><h2>${title} <small>${span}</small></h2>${chart}<ul class="legend">${legend.join('')}</ul>${period === 'day' ? `<details><summary>As a table</summary>${figures}</details>` : figures}</section>`;
}

const axisText = (value: number, symbol: string): string =>
  `${symbol}${value === 0 || value >= 10 ? value.toFixed(0) : value >= 0.1 ? value.toFixed(2) : value.toFixed(4)}`;

const trendColumns = (period: Period, texts: Texts): readonly HtmlColumn<TrendPoint>[] => [
  { name: { day: 'Day', week: 'Week', month: 'Month' }[period], value: ({ period: name }) => name },
  { name: 'Cost', value: ({ cost }) => texts.shown(cost), isNumber: true },
  { name: 'Reverted', value: ({ wasted }) => texts.shown(wasted), isNumber: true },
  { name: 'Landed', value: ({ landed }) => countText(landed), isNumber: true },
  { name: 'Tokens', value: ({ cost }) => countText(cost.tokens), isNumber: true },
];

const share: HtmlColumn<ReportRow> = {
  name: 'Share',
  value: (row) => (row.share === null || isUnpriced(row.cost) ? '–' : `${Math.round(row.share * 100)} %`),
  isNumber: true,
};
const plainColumns = (name: string, texts: Texts): readonly HtmlColumn<ReportRow>[] => [
  { name, value: ({ key }) => key },
  { name: 'Cost', value: ({ cost }) => texts.shown(cost), isNumber: true },
  share,
  { name: 'Reverted', value: ({ wasted }) => texts.shown(wasted), isNumber: true },
  { name: 'Tokens', value: ({ cost }) => countText(cost.tokens), isNumber: true },
  { name: 'Calls', value: ({ cost }) => countText(cost.calls), isNumber: true },
];
const outcomeColumns = (name: string, texts: Texts): readonly HtmlColumn<ReportRow>[] => [
  ...plainColumns(name, texts),
  { name: 'Attempts', value: ({ attempts }) => countText(attempts), isNumber: true },
  { name: 'Landed', value: ({ landed }) => countText(landed), isNumber: true },
];
const taskColumns = (texts: Texts): readonly HtmlColumn<ReportRow>[] => [
  { name: 'Task', value: ({ key }) => key },
  { name: 'Title', value: ({ title }) => shortened(title), isProse: true },
  ...outcomeColumns('', texts).slice(1),
];

const shortened = (title: string): string => (title.length > longestTitle ? `${title.slice(0, longestTitle - 1).trimEnd()}…` : title);

const table = (title: string, note: string, rows: readonly ReportRow[], columns: readonly HtmlColumn<ReportRow>[]): string =>
  rows.length === 0
    ? ''
    : `<section><h2>${title}</h2>${note === '' ? '' : `<p class="faint">${escaped(note)}</p>`}${htmlTable(title, rows, columns)}</section>`;

const operationWords =
  'prompt: the answer to a task; tool: going on after a tool was used; subagent: a helper that an agent started; title, summary: what the agent server asks for itself; retry: a call that failed half-way.';

const words = `<section><h2>Words</h2><dl>
<dt>Task</dt><dd>what a person asked for</dd><dt>Run</dt><dd>one execution of a task</dd>
<dt>Attempt</dt><dd>one pass of a run: the agent works, the tests decide</dd><dt>Landed</dt><dd>a tested and approved change that is in the target branch</dd>
<dt>Reverted</dt><dd>an attempt whose change was thrown away; it is kept and can be restored</dd>
<dt>Token</dt><dd>a piece of a word; models are paid by the token</dd><dt>Unpriced</dt><dd>the model has no known price, so the call is in no amount</dd></dl></section>`;
