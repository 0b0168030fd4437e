import { Emitter, type Event } from '../base/event.ts';
import { type Disposable, toDisposable } from '../base/lifecycle.ts';
import type { Log } from '../base/log.ts';

/** Knows whether any person is at a client and would see what waits for them. */
export class Attendance implements Disposable {
  #present = 0;
  readonly #changed: Emitter<boolean>;

  constructor(log: Log) {
    this.#changed = new Emitter<boolean>((error) => log.log('error', 'a listener of attendance failed', { error: String(error) }));
  }

  get isAttended(): boolean {
    return this.#present > 0;
  }

  /** Fires with the new answer when the first person comes or the last one goes. */
  get onDidChange(): Event<boolean> {
    return this.#changed.event;
  }

  /** A person is here until the result is disposed. */
  arrive(): Disposable {
    this.#present += 1;
    if (this.#present === 1) this.#changed.fire(true);
    return toDisposable(() => {
      this.#present -= 1;
      if (this.#present === 0) this.#changed.fire(false);
    });
  }

  dispose(): void {
    this.#changed.dispose();
  }
}
