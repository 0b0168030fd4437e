import { useSignal } from '@preact/signals';
import type { ComponentChildren } from 'preact';
import { csv } from '../../../src/core/report/csv.ts';
import { ask } from '../host.ts';
import { problem } from '../panelState.ts';
import { type SortColumn, sorted } from './sorted.ts';

export interface Column<Row> extends SortColumn<Row> {
  /** What is shown; the value when absent. */
  readonly show?: (row: Row) => ComponentChildren;
  /** For the export alone: where it is shown, another column tells it. */
  readonly isExportOnly?: boolean;
}

/** A table that sorts by any column. Numbers first largest, texts first A. */
export function DataTable<Row>({
  label,
  columns: all,
  rows,
  keyOf,
}: {
  label: string;
  columns: readonly Column<Row>[];
  rows: readonly Row[];
  keyOf: (row: Row) => string;
}) {
  const columns = all.filter(({ isExportOnly }) => isExportOnly !== true);
  const sort = useSignal<{ readonly column: number; readonly isUp: boolean } | null>(null);
  const shown = sort.value === null ? rows : sorted(rows, columns[sort.value.column], sort.value.isUp);
  const isNumber = (column: Column<Row>): boolean => rows[0] !== undefined && typeof column.value(rows[0]) === 'number';
  return (
    <table class="data" aria-label={label}>
      <thead>
        <tr>
          {columns.map((column, index) => {
            const isSorted = sort.value?.column === index;
            const order = isSorted ? (sort.value?.isUp ? 'ascending' : 'descending') : 'none';
            return (
              <th key={column.name} scope="col" aria-sort={order} class={isNumber(column) ? 'number' : ''}>
                <button
                  type="button"
                  onClick={() => {
                    sort.value = { column: index, isUp: isSorted ? !sort.value?.isUp : !isNumber(column) };
                  }}
                >
                  {column.name}
                  <span aria-hidden="true">{isSorted ? (sort.value?.isUp ? ' ↑' : ' ↓') : ''}</span>
                </button>
              </th>
            );
          })}
        </tr>
      </thead>
      <tbody>
        {shown.map((row) => (
          <tr key={keyOf(row)}>
            {columns.map((column) => (
              <td key={column.name} class={isNumber(column) ? 'number' : 'clip'}>
                {column.show === undefined ? column.value(row) : column.show(row)}
              </td>
            ))}
          </tr>
        ))}
      </tbody>
    </table>
  );
}

/** Saves a table as CSV, wherever the person says. */
export function ExportButton<Row>({ name, columns, rows }: { name: string; columns: readonly Column<Row>[]; rows: readonly Row[] }) {
  const save = (): void => {
    const text = csv(
      columns.map((column) => column.name),
      rows.map((row) => columns.map((column) => column.value(row))),
    );
    ask({ type: 'export', name: `reactor-${name}.csv`, text }, 'done').catch((error: Error) => {
      problem.value = error.message;
    });
  };
  return <vscode-toolbar-button icon="export" label={`Export ${name} as CSV`} title={`Export ${name} as CSV`} onClick={save} />;
}
