import { exitCodes } from '../model/exitCodes.ts';
import { totalTokens } from '../model/tokens.ts';
import { costText } from '../model/usd.ts';
import { currentAttempt, type Phase, type RunState } from '../run/state.ts';
import { countText, elapsedText, plural } from './figures.ts';
import { type ResultRow, statusOf } from './runResult.ts';

/** Where a run stands, or how it ended: what a host has a sign and a colour for. */
export type Standing = Phase | 'landed' | 'committed' | 'cancelled' | 'error' | 'failed' | 'timedOut' | 'violation';

/** The one word for it, in the terminal, the sidebar and the panel. */
export const standingWords: Readonly<Record<Standing, string>> = {
  queued: 'queued',
  bootstrapping: 'starting',
  ready: 'ready',
  executing: 'executing',
  testing: 'testing',
  waiting: 'needs you',
  committing: 'commit',
  landing: 'landing',
  reverting: 'reverting',
  parked: 'parked',
  ending: 'ending',
  ended: 'ended',
  landed: 'landed',
  committed: 'committed',
  cancelled: 'cancelled',
  error: 'error',
  failed: 'failed',
  timedOut: 'timeout',
  violation: 'violation',
};

/** @param exitCode of a run that has ended; null where it is not known */
export function standing(phase: Phase, status: ResultRow['status'], exitCode: number | null): Standing {
  if (phase !== 'ended') return phase;
  if (status === 'running') return 'ended';
  if (status !== 'failed') return status;
  return exitCode === exitCodes.timeout ? 'timedOut' : exitCode === exitCodes.security ? 'violation' : 'failed';
}

export const standingOf = (state: RunState): Standing => standing(state.phase, statusOf(state), state.concluded?.exitCode ?? null);

/** 'attempt 2 of 3', or '' before the first. */
export function attemptText(state: RunState): string {
  const attempt = currentAttempt(state);
  if (attempt === null) return '';
  return state.phase === 'ended'
    ? `attempt ${attempt.attempt}`
    : `attempt ${attempt.attempt} of ${Math.max(attempt.attempt, state.spec.attempts + state.grantedAttempts)}`;
}

/** 'attempt 2' for a run that got there with its second, '3 attempts' for one that did not; 'no attempt'. */
export function triesText(state: RunState): string {
  const tries = state.attempts.length;
  if (tries === 0) return 'no attempt';
  const status = statusOf(state);
  return status === 'landed' || status === 'committed' || state.phase !== 'ended' ? `attempt ${tries}` : plural(tries, 'attempt');
}

/** '1,830 tok'; '' before the first model call. */
export const tokensText = (state: RunState): string => (state.messages === 0 ? '' : `${countText(totalTokens(state.tokens))} tok`);

/** '$0.0121', 'unpriced'; '' before the first model call. */
export const runCostText = (state: RunState): string => (state.messages === 0 ? '' : costText(state.cost));

/** From its start to its end, or to `now` while it runs. */
export function runElapsedText(state: RunState, now: number): string {
  const until = state.endedAt ?? (state.parked === null ? null : state.waitingSince) ?? now;
  return elapsedText(until - (state.startedAt ?? state.requestedAt));
}
