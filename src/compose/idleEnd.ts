import type { Clock } from '../base/clock.ts';
import { errorText, type Log } from '../base/log.ts';

interface IdleEndOptions {
  readonly clock: Clock;
  readonly log: Log;
  /** How long nothing must have been to do. */
  readonly idleMs: number;
  /** Nothing goes on, and no client is there. */
  readonly isIdle: () => boolean;
  /** Done first; null for nothing. A failure of it keeps nobody from ending. */
  readonly cleanUp: (() => Promise<unknown>) | null;
  readonly end: () => void;
}

/** Ends an engine that has had nothing to do for a while, but not one that was asked for something while it cleaned up. */
export class IdleEnd {
  readonly #options: IdleEndOptions;
  #since: number;
  #isCleaning = false;

  constructor(options: IdleEndOptions) {
    this.#options = options;
    this.#since = options.clock.monotonic();
  }

  /** Something was to do until now. */
  restart(): void {
    this.#since = this.#options.clock.monotonic();
  }

  /** To be called now and then. */
  look(): void {
    const { clock, idleMs, isIdle, cleanUp, end } = this.#options;
    if (!isIdle()) this.restart();
    else if (clock.monotonic() - this.#since < idleMs || this.#isCleaning) return;
    else if (cleanUp === null) end();
    else void this.#cleanUpAndEnd(cleanUp);
  }

  async #cleanUpAndEnd(cleanUp: () => Promise<unknown>): Promise<void> {
    const { log, isIdle, end } = this.#options;
    const since = this.#since;
    this.#isCleaning = true;
    try {
      await cleanUp();
    } catch (error) {
      log.log('warn', 'what is past its limit could not be removed', { error: errorText(error) });
    } finally {
      this.#isCleaning = false;
    }
    if (isIdle() && this.#since === since) end();
  }
}
