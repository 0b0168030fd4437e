import type { Measured } from './benchmark.ts';

/** Three significant digits, without an exponent: `0.0512`, `3.14`, `1234`. */
export function short(value: number): string {
  if (!Number.isFinite(value)) return String(value);
  const digits = value === 0 ? 0 : Math.max(0, 2 - Math.floor(Math.log10(Math.abs(value))));
  return value.toFixed(Math.min(digits, 6));
}

const widths = [24, 12, 15, 8, 6, 8, 1] as const;

const row = (cells: readonly string[]): string =>
  cells
    .map((cell, index) => {
      const width = widths[index] ?? 0;
      return index === 0 ? cell.slice(0, width).padEnd(width) : cell.padStart(width);
    })
    .join(' ')
    .trimEnd();

/** `ratio <= 0.9` is short for the table: `<=0.9x`; a bound on the median has no `x`. */
const shortTarget = (target: string): string => {
  const [of, comparison, bound] = target.split(' ');
  return `${comparison}${bound}${of === 'ratio' ? 'x' : ''}`;
};

/** A table of at most 80 columns; names are cut, numbers never. `holds` is `+`, `-`, or empty without a target. */
export function renderTable(list: readonly Measured[]): string {
  const head = row(['name', 'median', 'spread', 'baseline', 'ratio', 'target', '?']);
  const lines = list.map((one) =>
    row([
      one.name,
      `${short(one.median)} ${one.unit}`,
      `${short(one.min)}..${short(one.max)}`,
      one.baseline === null ? '' : short(one.baseline),
      one.ratio === null ? '' : `${one.ratio.toFixed(2)}x`,
      one.target === null ? '' : shortTarget(one.target),
      one.holds === null ? '' : one.holds ? '+' : '-',
    ]),
  );
  return [head, ...lines].join('\n');
}
