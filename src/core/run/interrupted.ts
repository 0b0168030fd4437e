import { type DomainEvent, type EventData, event } from '../journal/events.ts';
import { exitCodes } from '../model/exitCodes.ts';
import type { RunState } from './state.ts';

/** Since the last attempt that came to an end of its own, or since somebody resumed the run. */
export const interruptionsInRow = ({ attempts, attemptsAtResume }: RunState): number =>
  attempts.length - Math.max(attemptsAtResume, attempts.findLastIndex((a) => a.closed?.how !== 'interrupted') + 1);

/**
 * How a run waits whose work is broken off again and again by what happens around it: there is something to go on from, once somebody has looked.
 * @param what happened, without a full stop
 */
export const parkedByInterruption = ({ run }: RunState, what: string): EventData<'run/parked'> => ({
  code: 'interrupted',
  exitCode: exitCodes.waits,
  reason: `${what.trimEnd()}; what was done is kept. When the cause is mended, go on with: reactor resume ${run}`,
});

/** A run that was stopped, or has landed, has to come to its end. */
export const mayWait = ({ cancelledBy, timedOut, landing }: RunState): boolean => cancelledBy === null && !timedOut && !landing?.landed;

/**
 * What becomes of a run whose cell can't be had or kept, or that gets no further: it waits when an attempt was begun, else it ends, and nothing is lost by that.
 * @param reason without a full stop
 */
export const endWithoutCell = (state: RunState, reason: string): DomainEvent =>
  state.attempts.length > 0
    ? event('run/parked', parkedByInterruption(state, reason))
    : event('run/concluded', { status: 'error', exitCode: exitCodes.configuration, reason });
