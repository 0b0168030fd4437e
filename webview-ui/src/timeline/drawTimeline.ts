import { type SpanKind, type SpanStatus, spanKinds, spanStatuses, spanTitle } from '../../../src/core/projections/timelineSpan.ts';
import { spanColour, type Theme } from '../ui/theme.ts';
import { laneHeight, rowHeights, rowTops } from './laneMetrics.ts';
import type { LaneStore, SpanView } from './laneStore.ts';
import { type Block, planRow } from './planRow.ts';
import type { Tick } from './timeAxis.ts';
import type { Viewport } from './viewport.ts';

/** A lane to draw and where. */
export interface DrawnLane {
  readonly store: LaneStore;
  readonly top: number;
  readonly isPicked: boolean;
  readonly pickedSpan: number | null;
  readonly hoveredSpan: number | null;
}

export interface DrawnTimeline {
  readonly width: number;
  readonly height: number;
  readonly view: Viewport;
  readonly now: number;
  readonly lanes: readonly DrawnLane[];
  readonly ticks: readonly Tick[];
  readonly theme: Theme;
  /** A line at the present. */
  readonly showNow: boolean;
}

const marks: Partial<Record<SpanStatus, string>> = { good: '✓', bad: '✗', waiting: '◇', interrupted: '⊘' };
/** Average width of a character at the size of the labels: exact enough to decide what fits. */
const charPx = 6.1;

/** Draws all lanes that can be seen. Nothing here depends on the number of spans but the walk over them. */
export function drawTimeline(context: CanvasRenderingContext2D, drawn: DrawnTimeline): void {
  const { width, height, theme, view, now } = drawn;
  const scale = width / (view.to - view.from);
  context.clearRect(0, 0, width, height);
  context.font = `11px ${theme.font}`;
  context.textBaseline = 'middle';
  for (const lane of drawn.lanes) {
    if (!lane.isPicked) continue;
    context.fillStyle = theme.picked;
    context.fillRect(0, lane.top, width, laneHeight);
  }
  context.fillStyle = theme.grid;
  for (const { at } of drawn.ticks) context.fillRect(Math.round((at - view.from) * scale), 0, 1, height);
  for (const lane of drawn.lanes) {
    for (let row = 0; row < rowTops.length; row += 1) {
      const blocks = planRow(lane.store, row, view, width, now);
      // What lies over the end of a block would cut its words.
      for (const [at, block] of blocks.entries())
        drawBlock(context, lane, row, block, theme, Math.max(block.x, blocks[at + 1]?.x ?? width));
    }
    context.fillStyle = theme.border;
    context.globalAlpha = theme.isHighContrast ? 1 : 0.5;
    context.fillRect(0, lane.top + laneHeight - 1, width, 1);
    context.globalAlpha = 1;
  }
  if (drawn.showNow) {
    context.fillStyle = theme.focus;
    context.fillRect(Math.round((now - view.from) * scale), 0, 1, height);
  }
}

/** @param free up to where nothing is drawn over it */
function drawBlock(context: CanvasRenderingContext2D, lane: DrawnLane, row: number, block: Block, theme: Theme, free: number): void {
  const { store } = lane;
  const kind: SpanKind = spanKinds[store.kinds[block.index] ?? 0] ?? 'attempt';
  const status: SpanStatus = spanStatuses[store.statuses[block.index] ?? 0] ?? 'done';
  const top = lane.top + (rowTops[row] ?? 0);
  const height = rowHeights[row] ?? 7;
  const colour = spanColour(theme, kind, status);
  const isGroup = kind === 'attempt';
  // A hair of air between neighbours, where there is room for it.
  const width = block.width > 4 ? block.width - 1 : block.width;
  context.fillStyle = colour;
  if (isGroup) {
    context.fillRect(block.x, top + height - 2, width, 2);
    if (width > 4) context.fillRect(block.x, top + height - 5, 1, 5);
  } else {
    if (row === 1 && width > 6) {
      // A gate lies inside the agent's work: what is under it is not to be read through it.
      context.fillStyle = theme.background;
      context.fillRect(block.x, top, width, height);
      context.fillStyle = colour;
    }
    context.globalAlpha = row === 1 && width > 6 ? (theme.isHighContrast ? 0.15 : 0.28) : row === 1 ? 0.9 : 0.75;
    context.fillRect(block.x, top, width, height);
    context.globalAlpha = 1;
    if (row === 1 && width > 6) {
      // The state is in the edge, so that it shows under any text and any theme.
      context.fillRect(block.x, top, 2, height);
      if (theme.isHighContrast || status === 'waiting') outline(context, block.x, top, width, height, colour);
    }
  }
  if (block.count === 1 && block.index === lane.hoveredSpan) outline(context, block.x, top, width, height, theme.foreground);
  if (block.index === lane.pickedSpan) outline(context, block.x - 1, top - 1, Math.max(3, width) + 2, height + 2, theme.foreground, 2);
  if (row > 1 || width < 22 || block.count > 1) return;
  const span = store.span(block.index);
  if (span === null) return;
  // A long span that began before the view keeps its name in sight.
  const left = Math.max(0, block.x) + (isGroup ? 4 : 6);
  const room = Math.min(block.x + width, free) - left - 2;
  const text = firstThatFits(isGroup ? [span.label, `attempt ${span.attempt}`, `${span.attempt}`] : phaseWords(span), room);
  if (text === '') return;
  context.fillStyle = isGroup ? theme.faint : theme.foreground;
  context.fillText(text, left, isGroup ? top + 4 : top + height / 2 + 0.5);
}

/** What to write on a span, longest first. Half a word says less than none. */
function phaseWords({ kind, status, label }: SpanView): string[] {
  const mark = marks[status];
  const name = mark === undefined ? spanTitle(kind) : `${mark} ${spanTitle(kind)}`;
  const short = mark === undefined ? [name] : [name, mark];
  return kind === 'execute' ? short : [`${name} · ${label}`, ...short];
}

function outline(context: CanvasRenderingContext2D, x: number, y: number, width: number, height: number, colour: string, line = 1): void {
  context.strokeStyle = colour;
  context.lineWidth = line;
  context.strokeRect(x + 0.5, y + 0.5, Math.max(1, width - 1), height - 1);
}

const firstThatFits = (texts: readonly string[], widthPx: number): string => texts.find((text) => text.length * charPx <= widthPx) ?? '';

/** Draws the names of the ticks. */
export function drawAxis(
  context: CanvasRenderingContext2D,
  drawn: Pick<DrawnTimeline, 'width' | 'height' | 'view' | 'ticks' | 'theme'>,
): void {
  const { width, height, view, theme } = drawn;
  const scale = width / (view.to - view.from);
  context.clearRect(0, 0, width, height);
  context.font = `11px ${theme.font}`;
  context.textBaseline = 'middle';
  for (const { at, label } of drawn.ticks) {
    const x = Math.round((at - view.from) * scale);
    context.fillStyle = theme.grid;
    context.fillRect(x, height - 5, 1, 5);
    // Part of a time would be another one.
    if (x + 4 + label.length * charPx > width) continue;
    context.fillStyle = theme.faint;
    context.fillText(label, x + 4, height / 2);
  }
}
