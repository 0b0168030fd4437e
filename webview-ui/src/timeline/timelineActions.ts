import { isFollowing, lanes, pickedRun, pickedSpan, pickRun, storeOf, view } from '../panelState.ts';
import { hostNow, now } from '../ui/browserClock.ts';
import { fitTo, follow, latestWork, pan, reveal, type Viewport, zoom } from './viewport.ts';

/** The time a run takes up, known from the list of runs before any of its spans is there. */
const extents = (): Viewport[] =>
  lanes.value.map(({ requestedAt, startedAt, endedAt }) => ({ from: startedAt ?? requestedAt, to: endedAt ?? hostNow() }));

/** What is shown before the person has chosen: the latest work. */
export const defaultView = (): Viewport => fitTo(latestWork(extents()) ?? { from: hostNow() - 60_000, to: hostNow() });

export const shownView = (): Viewport => {
  const chosen = view.value ?? defaultView();
  return isFollowing.value ? follow(chosen, now.value) : chosen;
};

export function zoomBy(factor: number, around?: number): void {
  const shown = shownView();
  view.value = zoom(shown, factor, around ?? (isFollowing.value ? shown.to : (shown.from + shown.to) / 2));
}

export function panBy(share: number): void {
  const shown = shownView();
  isFollowing.value = false;
  view.value = pan(shown, share);
}

/** All of the latest work again. */
export function fitLatest(): void {
  isFollowing.value = false;
  view.value = null;
}

/** The picked run from its first to its last moment. */
export function fitPicked(): void {
  const run = pickedRun.value;
  const extent = run === null ? null : storeOf(run).extent(hostNow());
  isFollowing.value = false;
  if (extent !== null) view.value = fitTo(extent);
}

export function toggleFollow(): void {
  view.value = shownView();
  isFollowing.value = !isFollowing.value;
}

/** Picks the run above (-1) or below (1). */
export function pickLane(step: number): void {
  const at = lanes.value.findIndex(({ run }) => run === pickedRun.value);
  const next = lanes.value[Math.min(lanes.value.length - 1, Math.max(0, at + step))];
  if (next !== undefined) pickRun(next.run);
}

/** Picks a span and brings it into view. */
export function pickSpan(run: string, index: number | null): void {
  pickRun(run);
  pickedSpan.value = index;
  const span = index === null ? null : storeOf(run).span(index);
  if (span === null) return;
  const shown = shownView();
  const next = reveal(shown, { from: span.start, to: span.end ?? hostNow() });
  if (next === shown) return;
  isFollowing.value = false;
  view.value = next;
}

/** The span before or after the picked one of its run, by the order in which they were recorded. */
export function stepSpan(step: 1 | -1): void {
  const run = pickedRun.value;
  if (run === null) return;
  const { count } = storeOf(run);
  if (count === 0) return;
  const at = pickedSpan.value;
  pickSpan(run, at === null ? (step === 1 ? 0 : count - 1) : Math.min(count - 1, Math.max(0, at + step)));
}
