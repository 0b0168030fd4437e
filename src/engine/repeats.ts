import type { Step } from '../core/run/nextStep.ts';

/** More than any work takes that gets somewhere. */
const MOST_IN_A_ROW = 50;

/** Counts how often a run needs the same step in a row, so that one that comes to nothing is not done for ever. */
export class Repeats {
  #last = '';
  #times = 0;

  /** Takes note of the step that is next; true when it has been so too often. Waiting for an answer may take as often as it likes. */
  isEndless(step: Step): boolean {
    const name = JSON.stringify(step);
    this.#times = name === this.#last && step.step !== 'wait' ? this.#times + 1 : 1;
    this.#last = name;
    return this.#times > MOST_IN_A_ROW;
  }
}
