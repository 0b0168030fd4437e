import { useSignal } from '@preact/signals';
import type { ComponentChildren } from 'preact';
import { type Column, DataTable, ExportButton } from './dataTable.tsx';

/** A chart with its twin, a table, and the export of both. */
export function ChartCard<Row>({
  title,
  note,
  name,
  columns,
  rows,
  keyOf,
  tools,
  children,
}: {
  title: string;
  note: ComponentChildren;
  name: string;
  columns: readonly Column<Row>[];
  rows: readonly Row[];
  keyOf: (row: Row) => string;
  /** What stands before the switch to the table. */
  tools?: ComponentChildren;
  children: ComponentChildren;
}) {
  const hasTable = useSignal(false);
  return (
    <section class="card" aria-label={title}>
      <header>
        <h2>{title}</h2>
        <span class="faint note">{note}</span>
        {tools}
        <vscode-checkbox
          label="As table"
          checked={hasTable.value}
          onChange={(event) => {
            hasTable.value = event.currentTarget.checked;
          }}
        />
        <ExportButton name={name} columns={columns} rows={rows} />
      </header>
      {hasTable.value ? (
        <div class="card-table">
          <DataTable label={title} columns={columns} rows={rows} keyOf={keyOf} />
        </div>
      ) : (
        children
      )}
    </section>
  );
}
