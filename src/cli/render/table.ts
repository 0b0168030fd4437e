import { type Piece, renderLine, type Style, tone } from './style.ts';
import { fitText, textWidth } from './textWidth.ts';

export interface Column<T> {
  readonly title: string;
  readonly piece: (row: T) => Piece;
  /** The column that gives way when the line is too long; at most one. */
  readonly flexible?: boolean;
  readonly alignRight?: boolean;
}

const textOf = (piece: Piece): string => (typeof piece === 'string' ? piece : piece.text);
const gap = 2;
const leastFlexible = 8;

/** Columns that the table takes when nothing in it is cut. */
export const tableWidth = <T>(rows: readonly T[], columns: readonly Column<T>[]): number =>
  naturalWidths(rows, columns).reduce((sum, width) => sum + width, gap * (columns.length - 1));

const naturalWidths = <T>(rows: readonly T[], columns: readonly Column<T>[]): number[] =>
  columns.map(({ title, piece }) => Math.max(textWidth(title), ...rows.map((row) => textWidth(textOf(piece(row))))));

/** Aligned columns below a title line, no wider than the stream where the flexible column allows it. */
export function tableLines<T>(rows: readonly T[], columns: readonly Column<T>[], style: Style): string[] {
  const cells = rows.map((row) => columns.map((column) => column.piece(row)));
  const natural = naturalWidths(rows, columns);
  const over = Math.max(0, tableWidth(rows, columns) - style.columns);
  const widths = natural.map((width, index) => (columns[index]?.flexible ? Math.max(leastFlexible, width - over) : width));
  const line = (pieces: readonly Piece[]): string =>
    renderLine(
      pieces.flatMap((piece, index): Piece[] => {
        const width = widths[index] ?? 0;
        const text = textOf(piece);
        const isLast = index === pieces.length - 1;
        const fitted = columns[index]?.alignRight
          ? ' '.repeat(Math.max(0, width - textWidth(text))) + fitText(text, Math.min(width, textWidth(text)))
          : fitText(text, width);
        const shown = isLast ? fitted.trimEnd() : fitted;
        return [typeof piece === 'string' ? shown : { text: shown, tone: piece.tone }, isLast ? '' : ' '.repeat(gap)];
      }),
      style,
    );
  return [line(columns.map((column) => tone('dim', column.title))), ...cells.map(line)];
}
