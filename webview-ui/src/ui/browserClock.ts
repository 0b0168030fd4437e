import { signal } from '@preact/signals';

let offsetMs = 0;

/** Learns the host's clock, by which all times of the journal are shown. */
export const setHostNow = (now: number): void => {
  offsetMs = now - Date.now();
};

/** Milliseconds since the epoch by the host's clock. */
export const hostNow = (): number => Date.now() + offsetMs;

/** What local time is ahead of UTC at a moment. */
export const localOffset = (at: number): number => -new Date(at).getTimezoneOffset() * 60_000;

/** The host's time, renewed once a second (seldom where less motion is wanted) while something goes on and the page can be seen. */
export const now = signal(hostNow());

const tickMs = 1000;
/** For people who asked for less motion: what is followed moves this seldom. */
const calmTickMs = 10_000;
const stillness = window.matchMedia('(prefers-reduced-motion: reduce)');
let timer: number | null = null;

/** Lets `now` move or stand still. */
export function setTicking(isTicking: boolean): void {
  const wanted = isTicking && document.visibilityState === 'visible';
  if (wanted === (timer !== null)) return;
  if (timer !== null) window.clearInterval(timer);
  timer = wanted ? window.setInterval(() => tick(), stillness.matches ? calmTickMs : tickMs) : null;
  tick();
}

const tick = (): void => {
  now.value = hostNow();
};

/** Calls `run` when what has changed by now is on the screen. */
export function afterPaint(run: () => void): void {
  requestAnimationFrame(() => requestAnimationFrame(() => run()));
}

/** Calls `run` when the person has stopped doing something for `ms`. */
export function debounced(ms: number, run: () => void): () => void {
  let due = 0;
  return () => {
    window.clearTimeout(due);
    due = window.setTimeout(run, ms);
  };
}
