import type { EventData } from '../journal/events.ts';
import { exitCodes } from '../model/exitCodes.ts';
import { totalTokens } from '../model/tokens.ts';
import { costText } from '../model/usd.ts';
import { currentAttempt, type Phase, type RunState } from '../run/state.ts';
import { countText, elapsedText, plural } from './figures.ts';
import { type ResultRow, statusOf } from './runResult.ts';

/** Where a run stands, or how it ended: what a host has a sign and a colour for. */
export type Standing = Phase | 'landed' | 'committed' | 'cancelled' | 'error' | 'rejected' | 'failed' | 'timedOut' | 'violation';

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
  rejected: 'rejected',
  failed: 'failed',
  timedOut: 'timeout',
  violation: 'violation',
};

export function standingOf(state: RunState): Standing {
  if (state.phase !== 'ended') return state.phase;
  const status = endOf(state);
  if (status === 'running') return 'ended';
  if (status !== 'failed') return status;
  const { exitCode } = state.concluded ?? {};
  return exitCode === exitCodes.timeout ? 'timedOut' : exitCode === exitCodes.security ? 'violation' : 'failed';
}

/** What a run came to, for people: as for programs, but what a person did not want has not failed. */
export const endOf = (state: RunState): ResultRow['status'] | 'rejected' => endWord(state.concluded, statusOf(state));

const endWord = <S extends string>(conclusion: { readonly rejected?: true | undefined } | null, status: S): S | 'rejected' =>
  conclusion?.rejected === true ? 'rejected' : status;

/** How a run has ended and why, in one line: 'failed: never green in 3 attempts', 'rejected by ann'. */
export function conclusionText(conclusion: Readonly<EventData<'run/concluded'>>): string {
  const word = endWord(conclusion, conclusion.status);
  return saysAlready(word, conclusion.reason) ? conclusion.reason : `${word}: ${conclusion.reason}`;
}

/** Whether a reason begins with the word it would stand behind: 'landed on main', 'rejected by ann'. */
export const saysAlready = (word: string, reason: string): boolean => reason === word || reason.startsWith(`${word} `);

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
