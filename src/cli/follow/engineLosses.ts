import type { Clock } from '../../base/clock.ts';
import type { EventType } from '../../core/journal/events.ts';

/** Losses in a row after which nobody should start another engine by themselves. */
export const MOST_LOSSES = 5;
/** An engine that lived for so long is not one that dies as soon as it has begun. */
const LIVED_MS = 60_000;

/** What a run has only once something has come to its end. All else an engine records again each time it takes a run up. */
const progress: ReadonlySet<string> = new Set<EventType>([
  'cell/setupFinished',
  'base/tested',
  'message/finished',
  'attempt/candidateBuilt',
  'attempt/tested',
  'attempt/reverted',
  'attempt/stepCommitted',
  'attempt/committed',
  'approval/answered',
  'landing/tested',
  'landing/landed',
  'landing/refused',
  'landing/reworked',
  'run/parked',
  'run/concluded',
  'run/finished',
]);

/** Counts the engines that were lost one after another. One that got something done, or lived for a while, starts the count anew. */
export class EngineLosses {
  readonly #clock: Clock;
  #count = 0;
  #since: number;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#since = clock.monotonic();
  }

  get isTooMany(): boolean {
    return this.#count > MOST_LOSSES;
  }

  /** An engine is followed from now on. */
  connected(): void {
    this.#since = this.#clock.monotonic();
  }

  /** An entry of a followed run has come. */
  saw(type: string): void {
    if (progress.has(type)) this.#count = 0;
  }

  lost(): void {
    if (this.#clock.monotonic() - this.#since >= LIVED_MS) this.#count = 0;
    this.#count += 1;
  }
}
