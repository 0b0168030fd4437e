import { placeOf, placeText } from '../landing/line.ts';
import type { RunState } from '../run/state.ts';

/** What a run needs before it goes on, that other runs have now: a place, or money; '' for none. Every host shows these words. */
export const heldText = ({ queued, deferred }: RunState): string => queued?.text ?? deferred ?? '';

/** The same, or how many land on its target before it: '2nd in line for main'. @param runs all open runs */
export const waitText = (state: RunState, runs: Iterable<RunState>): string => heldText(state) || placeText(placeOf(state, runs));
