import { useSignal } from '@preact/signals';
import type { ComponentChildren } from 'preact';
import type { Currency } from '../../../src/core/projections/costs/currency.ts';
import { isUnpriced, sumText } from '../../../src/core/projections/costs/sumText.ts';
import type { CostReportShape } from '../../../src/protocol/panelShapes.ts';
import { countText } from '../ui/format.ts';
import { Choice } from './choice.tsx';
import { type Column, DataTable, ExportButton } from './dataTable.tsx';

type Row = CostReportShape['by']['task'][number];
type Dimension = Exclude<keyof CostReportShape['by'], 'task'>;

const names = { model: 'Model', category: 'Category', operation: 'Operation' } as const;
const mostOnTop = 10;
const mostBarPx = 36;

const percent = (share: number | null): string => (share === null ? '–' : `${Math.round(share * 100)} %`);
const bar = ({ share, cost }: Row): ComponentChildren => (
  <span class="share">
    <span class="share-bar" style={{ width: `${Math.round((share ?? 0) * mostBarPx)}px` }} /> {percent(isUnpriced(cost) ? null : share)}
  </span>
);

const costColumns = (currency: Currency): readonly Column<Row>[] => [
  { name: 'Cost USD', value: ({ cost }) => Number(cost.usd), show: ({ cost }) => sumText(cost, currency) },
  { name: 'Share', value: ({ share }) => share, show: bar },
  { name: 'Reverted USD', value: ({ wasted }) => Number(wasted.usd), show: ({ wasted }) => sumText(wasted, currency) },
  { name: 'Unpriced calls', value: ({ cost }) => cost.unpricedCalls, isExportOnly: true },
  { name: 'Estimated USD', value: ({ cost }) => Number(cost.estimatedUsd), isExportOnly: true },
  { name: 'Tokens', value: ({ cost }) => cost.tokens, show: ({ cost }) => countText(cost.tokens) },
  { name: 'Calls', value: ({ cost }) => cost.calls, show: ({ cost }) => countText(cost.calls) },
];
const outcomeColumns: readonly Column<Row>[] = [
  { name: 'Runs', value: ({ runs }) => runs },
  { name: 'Attempts', value: ({ attempts }) => attempts },
  { name: 'Landed', value: ({ landed }) => landed },
];

/** What each model, category or operation cost, of all that is recorded. */
export function BreakdownCard({ report }: { report: CostReportShape }) {
  const by = useSignal<Dimension>('model');
  const columns = [
    { name: names[by.value], value: ({ key }: Row) => key },
    ...costColumns(report.currency),
    ...(by.value === 'category' ? outcomeColumns : []),
  ];
  return (
    <section class="card" aria-label="Breakdown">
      <header>
        <h2>Where it goes</h2>
        <span class="faint grow">all that is recorded</span>
        <Choice label="Break down by" value={by.value} choices={names} onPick={(picked) => (by.value = picked)} />
        <ExportButton name={by.value} columns={columns} rows={report.by[by.value]} />
      </header>
      <div class="card-table">
        <DataTable label={`Costs by ${by.value}`} columns={columns} rows={report.by[by.value]} keyOf={({ key }) => key} />
      </div>
    </section>
  );
}

/** The ten tasks that cost most, as bars against the first. */
export function TopTenCard({ report }: { report: CostReportShape }) {
  const rows = report.by.task.slice(0, mostOnTop);
  const most = Number(rows[0]?.cost.usd ?? 0);
  return (
    <section class="card" aria-label="Top ten">
      <header>
        <h2>Top ten</h2>
        <span class="faint grow">the tasks that cost most</span>
      </header>
      <ol class="top-ten">
        {rows.map(({ key, title, cost }) => (
          <li key={key}>
            <span class="clip" title={title}>
              {key} {title}
            </span>
            <span class="top-bar" aria-hidden="true">
              <span class="share-bar" style={{ width: `${most > 0 ? (Number(cost.usd) / most) * 100 : 0}%` }} />
            </span>
            <span class="number">{sumText(cost, report.currency)}</span>
          </li>
        ))}
      </ol>
    </section>
  );
}

/** Every task. @param statusOf where its last run stands */
export function TasksCard({ report, statusOf }: { report: CostReportShape; statusOf: (task: string) => string }) {
  const columns: readonly Column<Row>[] = [
    { name: 'Task', value: ({ key }) => key },
    { name: 'Title', value: ({ title }) => title },
    ...costColumns(report.currency),
    ...outcomeColumns,
    { name: 'Lines', value: ({ changedLines }) => changedLines },
    { name: 'State', value: ({ key }) => statusOf(key) },
  ];
  return (
    <section class="card" aria-label="By task">
      <header>
        <h2>By task</h2>
        <span class="faint grow">click a heading to sort</span>
        <ExportButton name="tasks" columns={columns} rows={report.by.task} />
      </header>
      {report.by.task.length === 0 ? (
        <p class="faint">No task has cost anything yet.</p>
      ) : (
        <DataTable label="Costs by task" columns={columns} rows={report.by.task} keyOf={({ key }) => key} />
      )}
    </section>
  );
}
