import { visibleText } from '../../base/visibleText.ts';

export type CsvCell = string | number | null;

/**
 * A table as CSV (RFC 4180): numbers with a point and no thousands, nothing for null. Text that a spreadsheet would take for a formula gets
 * a leading apostrophe, since titles and models are other people's text; exact amounts are text of digits and stay as they are.
 */
export const csv = (header: readonly string[], rows: readonly (readonly CsvCell[])[]): string => [header, ...rows].map(csvLine).join('');

/** One line of CSV with its end. */
export const csvLine = (cells: readonly CsvCell[]): string => `${cells.map(csvCell).join(',')}\r\n`;

function csvCell(value: CsvCell): string {
  if (value === null) return '';
  if (typeof value === 'number') return String(value);
  const visible = visibleText(value);
  const text = /^[=+\-@\t\r\n＝＋－＠]/.test(visible) && !/^-?\d+(\.\d+)?$/.test(visible) ? `'${visible}` : visible;
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
