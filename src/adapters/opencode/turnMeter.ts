import type { Clock } from '../../base/clock.ts';
import type { TurnLimits, TurnResult } from '../../core/ports/agent.ts';
import { elapsedText } from '../../core/projections/figures.ts';

const MINUTE_MS = 60_000;

/** Time during which somebody was asked something does not count. */
export interface Waiting {
  readonly isOpen: boolean;
  readonly openMs: number;
}

/** Counts the model calls of one turn and knows when one of its limits is passed. */
export class TurnMeter {
  readonly #limits: TurnLimits;
  readonly #clock: Clock;
  readonly #startedAt: number;
  readonly #calls = new Set<string>();
  readonly #firstStep = new Map<string, string>();
  readonly #retries = new Set<string>();
  #recent: number[] = [];
  #progressAt: number;

  constructor(limits: TurnLimits, clock: Clock) {
    this.#limits = limits;
    this.#clock = clock;
    this.#startedAt = clock.monotonic();
    this.#progressAt = this.#startedAt;
  }

  /** Model calls so far. */
  get steps(): number {
    return this.#calls.size;
  }

  progress(): void {
    this.#progressAt = this.#clock.monotonic();
  }

  /** A message of the model exists: one call, whatever is heard of it later. */
  call(messageId: string): void {
    this.#count(this.#calls, messageId);
  }

  /** A call that was made before the turn was joined: it counts, but not as one of the last minute. */
  callBefore(messageId: string): void {
    this.#calls.add(messageId);
  }

  /** A step began within a message; each one after the first is a further call. */
  step(messageId: string, partId: string): void {
    const first = this.#firstStep.get(messageId);
    if (first === undefined) this.#firstStep.set(messageId, partId);
    else if (first !== partId) this.#count(this.#calls, partId);
  }

  /** The server repeats a call that failed. It costs no step, but it is a call. */
  retry(key: string): void {
    this.#count(this.#retries, key);
  }

  exceeded(waiting: Waiting): { readonly end: 'limit'; readonly limit: NonNullable<TurnResult['limit']>; readonly reason: string } | null {
    const now = this.#clock.monotonic();
    const { steps, callsPerMinute, stallMs, timeoutMs } = this.#limits;
    this.#recent = this.#recent.filter((at) => now - at < MINUTE_MS);
    if (this.steps > steps)
      return { end: 'limit', limit: 'steps', reason: `the agent made more than ${steps} model calls (limits.stepsPerAttempt)` };
    if (this.#recent.length > callsPerMinute)
      return {
        end: 'limit',
        limit: 'callRate',
        reason: `the agent made more than ${callsPerMinute} model calls in a minute (limits.callsPerMinute)`,
      };
    if (now - this.#startedAt - waiting.openMs > timeoutMs)
      return { end: 'limit', limit: 'time', reason: `the agent's turn took longer than ${elapsedText(timeoutMs)} (timeout)` };
    if (waiting.isOpen) this.#progressAt = now;
    else if (now - this.#progressAt > stallMs)
      return { end: 'limit', limit: 'stall', reason: `nothing was heard of the agent for ${elapsedText(stallMs)} (limits.stall)` };
    return null;
  }

  #count(known: Set<string>, key: string): void {
    if (known.has(key)) return;
    known.add(key);
    const now = this.#clock.monotonic();
    this.#recent.push(now);
    this.#progressAt = now;
  }
}
