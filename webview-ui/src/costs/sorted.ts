import type { CsvCell } from '../../../src/core/report/csv.ts';

/** A column that can be sorted by. */
export interface SortColumn<Row> {
  readonly name: string;
  /** What is sorted by and exported. */
  readonly value: (row: Row) => CsvCell;
}

/** The rows in the order of a column; what has no value comes last either way. */
export function sorted<Row>(rows: readonly Row[], column: SortColumn<Row> | undefined, isUp: boolean): Row[] {
  if (column === undefined) return [...rows];
  const direction = isUp ? 1 : -1;
  return [...rows].sort((a, b) => {
    const [left, right] = [column.value(a), column.value(b)];
    if (left === right) return 0;
    if (left === null) return 1;
    if (right === null) return -1;
    return left < right ? -direction : direction;
  });
}
