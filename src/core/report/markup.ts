import { visibleText } from '../../base/visibleText.ts';

const entities: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' };

/** Text as it can stand in HTML, between tags and in quoted attributes. What hides or reorders is seen as `�`. */
export const escaped = (text: string): string =>
  visibleText(text)
    .replace(/\s+/gu, ' ')
    .replace(/[&<>"']/g, (character) => entities[character] ?? '');

export interface HtmlColumn<Row> {
  readonly name: string;
  /** Plain text; it is escaped here. */
  readonly value: (row: Row) => string;
  readonly isNumber?: boolean;
  /** Prose, which gets more room than names. */
  readonly isProse?: boolean;
}

/** A table with its caption. */
export function htmlTable<Row>(caption: string, rows: readonly Row[], columns: readonly HtmlColumn<Row>[]): string {
  const css = (column: HtmlColumn<Row>): string => (column.isNumber ? ' class="n"' : column.isProse ? ' class="prose"' : '');
  const head = columns.map((column) => `<th scope="col"${css(column)}>${escaped(column.name)}</th>`).join('');
  const body = rows
    .map((row) => `<tr>${columns.map((column) => `<td${css(column)}>${escaped(column.value(row))}</td>`).join('')}</tr>`)
    .join('\n');
  return `<table><caption>${escaped(caption)}</caption><thead><tr>${head}</tr></thead><tbody>\n${body}\n</tbody></table>`;
}
