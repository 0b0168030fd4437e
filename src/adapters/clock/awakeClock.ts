import type { Clock } from '../../base/clock.ts';
import { type Disposable, toDisposable } from '../../base/lifecycle.ts';

/** Looks come this often, so that a longer time between two of them is one in which this process did not run. */
const LOOK_EVERY_MS = 5000;
/** A loaded machine delays a look, too, but by less than this. */
const ASLEEP_AFTER_MS = 30_000;
/** Timers may fire so much before their time. */
const TIMER_SLACK_MS = 1;

export interface AwakeClockOptions {
  readonly lookEveryMs?: number;
  readonly asleepAfterMs?: number;
  /** Told how long the process did not run. */
  readonly onSlept?: (ms: number) => void;
}

/**
 * A clock whose durations leave out the time in which this process did not run, because the machine was suspended or the process stopped: no
 * limit is passed in one's sleep. Operating systems differ in whether their own clocks count it. The time of day is the one of `base`.
 * Disposed of, it counts as `base` does.
 */
export function createAwakeClock(base: Clock, options: AwakeClockOptions = {}): Clock & Disposable {
  const { lookEveryMs = LOOK_EVERY_MS, asleepAfterMs = ASLEEP_AFTER_MS, onSlept = () => {} } = options;
  let seen = base.monotonic();
  let sleptMs = 0;
  let isLooking = true;
  const monotonic = (): number => {
    const now = base.monotonic();
    const gap = now - seen;
    seen = now;
    if (isLooking && gap > asleepAfterMs) {
      sleptMs += gap;
      onSlept(gap);
    }
    return now - sleptMs;
  };
  let looking: Disposable;
  const look = (): void => {
    monotonic();
    looking = base.schedule(lookEveryMs, look);
  };
  look();
  /** A timer of the system may have run on in the meantime. */
  const left = (due: number): number => Math.min(due - monotonic(), asleepAfterMs);
  return {
    now: () => base.now(),
    monotonic,
    async sleep(ms, signal) {
      const due = monotonic() + ms;
      do await base.sleep(Math.max(0, left(due)), signal);
      while (left(due) > TIMER_SLACK_MS);
    },
    schedule(ms, run) {
      const due = monotonic() + ms;
      const wait = (): Disposable =>
        base.schedule(Math.max(0, left(due)), () => {
          if (left(due) > TIMER_SLACK_MS) timer = wait();
          else run();
        });
      let timer = wait();
      return toDisposable(() => timer.dispose());
    },
    dispose() {
      isLooking = false;
      looking.dispose();
    },
  };
}
