/** The stretch of time that is shown, milliseconds since the epoch. */
export interface Viewport {
  readonly from: number;
  readonly to: number;
}

const leastMs = 5;
const mostMs = 400 * 86_400_000;

/** Widened or narrowed by `factor` (below 1: closer) around a moment, which stays where it is. */
export function zoom(view: Viewport, factor: number, around: number): Viewport {
  const width = view.to - view.from;
  const next = Math.min(mostMs, Math.max(leastMs, width * factor));
  const share = width === 0 ? 0.5 : (around - view.from) / width;
  const from = around - next * share;
  return { from, to: from + next };
}

/** Moved by a share of its width; positive is later. */
export function pan(view: Viewport, share: number): Viewport {
  const by = (view.to - view.from) * share;
  return { from: view.from + by, to: view.to + by };
}

/** All of `extent` with a little air at both ends. */
export function fitTo(extent: Viewport): Viewport {
  const width = Math.max(extent.to - extent.from, 1000);
  return { from: extent.from - width * 0.02, to: extent.to + width * 0.04 };
}

/** The same width, ending a little after `now`. */
export function follow(view: Viewport, now: number): Viewport {
  const width = view.to - view.from;
  return { from: now - width * 0.95, to: now + width * 0.05 };
}

/** Moved, not scaled, so that a span can be seen; scaled only when it is wider than the view. */
export function reveal(view: Viewport, span: Viewport): Viewport {
  const width = view.to - view.from;
  if (span.to - span.from > width) return fitTo(span);
  if (span.from >= view.from && span.to <= view.to) return view;
  const middle = (span.from + span.to) / 2;
  return { from: middle - width / 2, to: middle + width / 2 };
}

/** How long runs may lie apart and still be shown together at first. */
const gapMs = 10 * 60_000;

/** The latest stretch of work: the last run and those that lie close before it. Null without runs. */
export function latestWork(extents: readonly Viewport[]): Viewport | null {
  const latestFirst = [...extents].sort((a, b) => b.to - a.to);
  const [last] = latestFirst;
  if (last === undefined) return null;
  let from = last.from;
  for (const extent of latestFirst) if (extent.to >= from - gapMs) from = Math.min(from, extent.from);
  return { from, to: last.to };
}
