import type { Clock } from '../base/clock.ts';
import { type Disposable, DisposableStore } from '../base/lifecycle.ts';
import type { Repositories } from './repositories.ts';

/** Draws once for changes that come together: some time after the first of them, or not at all when it was disposed of before. */
export class Gathered implements Disposable {
  readonly #clock: Clock;
  readonly #ms: number;
  readonly #draw: () => void;
  #waiting: Disposable | null = null;
  #isDisposed = false;

  constructor(clock: Clock, ms: number, draw: () => void) {
    this.#clock = clock;
    this.#ms = ms;
    this.#draw = draw;
  }

  /** Something has changed. */
  soon(): void {
    if (this.#isDisposed) return;
    this.#waiting ??= this.#clock.schedule(this.#ms, () => {
      this.#waiting = null;
      this.#draw();
    });
  }

  /** Something has changed whenever a run has. @returns what ends that */
  withRuns({ onDidChangeRun, onDidReset }: Pick<Repositories, 'onDidChangeRun' | 'onDidReset'>): Disposable {
    const store = new DisposableStore();
    store.add(onDidChangeRun(() => this.soon()));
    store.add(onDidReset(() => this.soon()));
    return store;
  }

  dispose(): void {
    this.#isDisposed = true;
    this.#waiting?.dispose();
    this.#waiting = null;
  }
}
