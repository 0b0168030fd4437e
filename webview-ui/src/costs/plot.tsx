import { useEffect, useRef } from 'preact/hooks';
import uPlot from 'uplot';
import { useSize } from '../ui/canvasSize.ts';
import { type Theme, theme } from '../ui/theme.ts';

/** Of the charts of the costs, in pixels. */
export const chartHeight = 190;

/** What a chart needs beside its data; made anew when the theme changes. */
export type PlotOptions = Omit<uPlot.Options, 'width' | 'height'>;

/** A uPlot chart as wide as its place. The picture is for the eye: its twin is a table. */
export function Plot({
  label,
  height,
  data,
  options,
}: {
  label: string;
  height: number;
  data: uPlot.AlignedData;
  options: (colours: Theme) => PlotOptions;
}) {
  const box = useRef<HTMLDivElement>(null);
  const size = useSize(box);
  const width = Math.round(size.width);
  useEffect(() => {
    if (box.current === null || width < 80) return;
    const made = new uPlot({ ...options(theme.value), width, height }, data, box.current);
    return () => made.destroy();
  }, [width, height, data, options, theme.value]);
  return <div ref={box} class="plot" role="img" aria-label={label} style={{ height: `${height}px` }} />;
}

/** Of an axis of time: its names need one line. */
export const timeAxisPx = 26;

/** An axis in the editor's colours. */
export const axisStyle = (colours: Theme): Partial<uPlot.Axis> => ({
  stroke: colours.faint,
  grid: { stroke: colours.grid, width: 1 },
  ticks: { show: false },
  font: `11px ${colours.font}`,
});

/** The colours of series in order; after the last, the first again. */
export const seriesColours = (colours: Theme): string[] => [
  colours.blue,
  colours.purple,
  colours.green,
  colours.yellow,
  colours.cyan,
  colours.red,
  colours.faint,
];
