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

/** Aligned columns below a title line, no wider than the stream where the flexible column allows it. */
export function tableLines<T>(rows: readonly T[], columns: readonly Column<T>[], style: Style): string[] {
  const cells = rows.map((row) => columns.map((column) => column.piece(row)));
  const natural = columns.map((column, index) =>
    Math.max(textWidth(column.title), ...cells.map((row) => textWidth(textOf(row[index] ?? '')))),
  );
  const total = natural.reduce((sum, width) => sum + width, 0) + gap * (columns.length - 1);
  const over = Math.max(0, total - style.columns);
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
