import { escaped } from './markup.ts';

export interface Bar {
  readonly name: string;
  /** What stands below the bar; '' for none. */
  readonly label: string;
  /** One value per series, from the bottom up. */
  readonly values: readonly number[];
}

export interface BarChart {
  /** What the picture shows, for those who can't see it. */
  readonly description: string;
  readonly series: readonly string[];
  readonly bars: readonly Bar[];
  readonly text: (value: number) => string;
}

const width = 720;
const height = 220;
const left = 64;
/** Room for half of the last label. */
const right = 16;
const bottom = 28;
const top = 10;
const marks = 4;

/** A value of 1, 2, 2.5 or 5 times a power of ten, at least `value`. */
function roundUp(value: number): number {
  const power = 10 ** Math.floor(Math.log10(value));
  return ([1, 2, 2.5, 5, 10].find((factor) => factor * power >= value * 0.999999) ?? 10) * power;
}

/** Bars of stacked values as SVG; colours by the classes s0, s1, …; each part says what it is when pointed at. */
export function barChart({ description, series, bars, text }: BarChart): string {
  const tallest = Math.max(0, ...bars.map(({ values }) => values.reduce((sum, value) => sum + value, 0)));
  const step = tallest > 0 ? roundUp(tallest / marks) : 1;
  const most = tallest > 0 ? Math.ceil((tallest / step) * 0.999999) * step : step * marks;
  const y = (value: number): number => top + (height - top - bottom) * (1 - value / most);
  const slot = (width - left - right) / Math.max(1, bars.length);
  const grid = Array.from({ length: Math.round(most / step) + 1 }, (_, index) => index * step).map(
    (value) =>
      `<line class="grid" x1="${left}" x2="${width - right}" y1="${figure(y(value))}" y2="${figure(y(value))}"/><text class="mark" x="${left - 8}" y="${figure(y(value) + 4)}" text-anchor="end">${escaped(text(value))}</text>`,
  );
  const drawn = bars.map((bar, index) => {
    const x = left + slot * (index + 0.15);
    let sum = 0;
    const parts = bar.values.map((value, part) => {
      const from = sum;
      sum += value;
      if (value <= 0) return '';
      const tip = `${bar.name}: ${series[part] ?? ''} ${text(value)}`;
      return `<rect class="s${part % 7}" x="${figure(x)}" y="${figure(y(sum))}" width="${figure(slot * 0.7)}" height="${figure(Math.max(0.5, y(from) - y(sum)))}"><title>${escaped(tip)}</title></rect>`;
    });
    const label =
      bar.label === ''
        ? ''
        : `<text class="mark" x="${figure(x + slot * 0.35)}" y="${height - 8}" text-anchor="middle">${escaped(bar.label)}</text>`;
    return parts.join('') + label;
  });
  return `<svg viewBox="0 0 ${width} ${height}" role="img" aria-label="${escaped(description)}">${grid.join('')}${drawn.join('')}</svg>`;
}

const figure = (value: number): string => String(Math.round(value * 100) / 100);
