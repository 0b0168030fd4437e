import { spanStatuses } from '../../../src/core/projections/timelineSpan.ts';
import type { LaneStore } from './laneStore.ts';
import type { Viewport } from './viewport.ts';

/** A rectangle to draw: one span, or (`count` above 1) several that are too close to tell apart. */
export interface Block {
  readonly x: number;
  readonly width: number;
  /** The span, or the gravest of those that are drawn together. */
  readonly index: number;
  readonly count: number;
}

/** Below this many pixels a span is drawn together with its neighbours. */
const leastPx = 2;

/** How much a status wants to be seen when several share a pixel. */
const gravity = spanStatuses.map((status) => ({ done: 0, good: 1, running: 2, interrupted: 3, waiting: 4, bad: 5 })[status]);

/**
 * What to draw of one line of a lane. However many spans there are, there are at most about as many blocks as pixels, so that the time a
 * frame takes does not grow with the journal. A red span is never hidden by the green ones around it.
 */
export function planRow(store: LaneStore, row: number, view: Viewport, widthPx: number, now: number): Block[] {
  const { starts, ends, statuses } = store;
  const scale = widthPx / (view.to - view.from);
  const blocks: Block[] = [];
  let left = -1;
  let right = -1;
  let gravest = -1;
  let count = 0;
  const flush = (): void => {
    if (count > 0) blocks.push({ x: left, width: Math.max(leastPx - 1, right - left), index: gravest, count });
    count = 0;
  };
  for (const index of store.row(row)) {
    const start = starts[index] ?? 0;
    const stored = ends[index] ?? Number.NaN;
    const end = Number.isNaN(stored) ? Math.max(now, start) : stored;
    if (end < view.from || start > view.to) continue;
    const x = Math.max(-2, (start - view.from) * scale);
    const x1 = Math.min(widthPx + 2, (end - view.from) * scale);
    if (x1 - x >= leastPx) {
      flush();
      blocks.push({ x, width: x1 - x, index, count: 1 });
      continue;
    }
    const pixel = Math.floor(x);
    if (count > 0 && pixel >= left && pixel <= right) {
      count += 1;
      right = Math.max(right, Math.min(x1, left + leastPx));
      if ((gravity[statuses[index] ?? 0] ?? 0) > (gravity[statuses[gravest] ?? 0] ?? 0)) gravest = index;
      continue;
    }
    flush();
    left = pixel;
    right = Math.max(pixel + 1, x1);
    gravest = index;
    count = 1;
  }
  flush();
  return blocks;
}

/** The span at a place of a line, the shortest when several lie there; null when there is none within `slackPx`. */
export function spanAt(store: LaneStore, row: number, view: Viewport, widthPx: number, x: number, now: number, slackPx = 2): number | null {
  const perPx = (view.to - view.from) / widthPx;
  const at = view.from + x * perPx;
  const slack = slackPx * perPx;
  let best: number | null = null;
  let bestWidth = Number.POSITIVE_INFINITY;
  for (const index of store.row(row)) {
    const start = store.starts[index] ?? 0;
    const stored = store.ends[index] ?? Number.NaN;
    const end = Number.isNaN(stored) ? Math.max(now, start) : stored;
    if (at < start - slack || at > end + slack) continue;
    const outside = at < start ? start - at : at > end ? at - end : 0;
    const width = end - start + outside * 1e6;
    if (width < bestWidth) {
      bestWidth = width;
      best = index;
    }
  }
  return best;
}
