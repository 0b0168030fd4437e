import type { RunState } from '../run/state.ts';

/** Waits for its turn to land, or has it: committed, and neither landed, refused, parked nor ended. */
export const isInLine = (state: RunState): boolean =>
  state.landing !== null &&
  state.landing.queuedSeq !== null &&
  state.landing.landed === null &&
  state.landing.refused === null &&
  state.parked === null &&
  state.concluded === null &&
  state.cancelledBy === null &&
  !state.timedOut;

/** The line of runs before a branch, first in, first out. A run that was sent back joins at the end again. */
export const lineFor = (runs: Iterable<RunState>, target: string): readonly RunState[] =>
  [...runs]
    .filter((state) => isInLine(state) && state.landing?.target === target)
    .sort((a, b) => (a.landing?.queuedSeq ?? 0) - (b.landing?.queuedSeq ?? 0));

export interface Place {
  readonly target: string;
  /** 1 for the run whose turn it is. */
  readonly place: number;
}

/** Where a run stands in its line; null when it is in none. */
export function placeOf(state: RunState, runs: Iterable<RunState>): Place | null {
  if (!isInLine(state) || state.landing === null) return null;
  const { target } = state.landing;
  const index = lineFor(runs, target).findIndex(({ run }) => run === state.run);
  return index < 0 ? null : { target, place: index + 1 };
}

/** '2nd in line for main'; '' for the first, which is landing. */
export const placeText = (place: Place | null): string =>
  place === null || place.place === 1 ? '' : `${ordinal(place.place)} in line for ${place.target}`;

function ordinal(count: number): string {
  const tens = count % 100;
  const ending = tens >= 11 && tens <= 13 ? undefined : ['st', 'nd', 'rd'][(count % 10) - 1];
  return `${count}${ending ?? 'th'}`;
}
