import type { Clock } from '../../../src/base/clock.ts';
import { type Disposable, toDisposable } from '../../../src/base/lifecycle.ts';

/** Time that stands still until it is advanced. */
export class ManualClock implements Clock {
  #now: number;
  readonly #timers = new Set<{ at: number; run: () => void }>();

  constructor(now = 0) {
    this.#now = now;
  }

  now(): number {
    return this.#now;
  }
  monotonic(): number {
    return this.#now;
  }

  sleep(ms: number): Promise<void> {
    return new Promise((resolve) => this.schedule(ms, resolve));
  }

  schedule(ms: number, run: () => void): Disposable {
    const timer = { at: this.#now + ms, run };
    this.#timers.add(timer);
    return toDisposable(() => this.#timers.delete(timer));
  }

  /** How many calls are scheduled. */
  get timers(): number {
    return this.#timers.size;
  }

  /** Runs what falls due, in order of time. */
  advance(ms: number): void {
    const until = this.#now + ms;
    for (;;) {
      const due = [...this.#timers].filter(({ at }) => at <= until).sort((a, b) => a.at - b.at)[0];
      if (due === undefined) break;
      this.#timers.delete(due);
      this.#now = Math.max(this.#now, due.at);
      due.run();
    }
    this.#now = until;
  }

  /** The machine sleeps: what falls due meanwhile is run when it wakes. */
  suspend(ms: number): void {
    this.#now += ms;
    this.advance(0);
  }
}
