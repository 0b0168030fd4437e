import { exitCodes } from '../../core/model/exitCodes.ts';
import { totalTokens } from '../../core/model/tokens.ts';
import { costText } from '../../core/model/usd.ts';
import { countText, elapsedText, plural } from '../../core/projections/figures.ts';
import { statusOf } from '../../core/projections/runResult.ts';
import { currentAttempt, type Phase, type RunState } from '../../core/run/state.ts';
import type { Tone } from './style.ts';

export interface Mark {
  readonly mark: string;
  readonly word: string;
  readonly tone: Tone;
}

const phaseMarks: Record<Phase, Mark> = {
  queued: { mark: '◌', word: 'queued', tone: 'dim' },
  bootstrapping: { mark: '◌', word: 'starting', tone: 'accent' },
  ready: { mark: '◌', word: 'ready', tone: 'accent' },
  executing: { mark: '●', word: 'executing', tone: 'accent' },
  testing: { mark: '◐', word: 'testing', tone: 'accent' },
  waiting: { mark: '◇', word: 'waits', tone: 'warn' },
  committing: { mark: '◑', word: 'commit', tone: 'accent' },
  landing: { mark: '◑', word: 'landing', tone: 'accent' },
  reverting: { mark: '↺', word: 'reverting', tone: 'warn' },
  parked: { mark: '◇', word: 'parked', tone: 'warn' },
  ending: { mark: '◌', word: 'ending', tone: 'dim' },
  ended: { mark: '■', word: 'ended', tone: 'dim' },
};

/** Mark and word for where a run stands, or how it ended. */
export function markOf(state: RunState): Mark {
  if (state.phase !== 'ended') return phaseMarks[state.phase];
  switch (statusOf(state)) {
    case 'landed':
      return { mark: '✓', word: 'landed', tone: 'good' };
    case 'committed':
      return { mark: '✓', word: 'committed', tone: 'good' };
    case 'cancelled':
      return { mark: '■', word: 'cancelled', tone: 'warn' };
    case 'error':
      return { mark: '✗', word: 'error', tone: 'bad' };
    case 'failed': {
      const code = state.concluded?.exitCode;
      const word = code === exitCodes.timeout ? 'timeout' : code === exitCodes.security ? 'violation' : 'failed';
      return { mark: '✗', word, tone: 'bad' };
    }
    case 'parked':
      return phaseMarks.parked;
    case 'running':
      return phaseMarks.ended;
  }
}

/** 'attempt 2 of 3', or '' before the first. */
export function attemptText(state: RunState): string {
  const attempt = currentAttempt(state);
  if (attempt === null) return '';
  return state.phase === 'ended'
    ? `attempt ${attempt.attempt}`
    : `attempt ${attempt.attempt} of ${state.spec.attempts + state.grantedAttempts}`;
}

/** 'attempt 2' for a run that got there with its second, '3 attempts' for one that did not; 'no attempt'. */
export function triesText(state: RunState): string {
  const tries = state.attempts.length;
  if (tries === 0) return 'no attempt';
  const status = statusOf(state);
  return status === 'landed' || status === 'committed' || state.phase !== 'ended' ? `attempt ${tries}` : plural(tries, 'attempt');
}

/** '1,830 tok'. */
export const tokensText = (state: RunState): string => `${countText(totalTokens(state.tokens))} tok`;

/** '$0.0121', 'unpriced'; '' before the first model call. */
export const runCostText = (state: RunState): string => (state.messages === 0 ? '' : costText(state.cost));

/** From its start to its end, or to `now` while it runs. */
export function runElapsedText(state: RunState, now: number): string {
  const until = state.endedAt ?? (state.parked === null ? null : state.waitingSince) ?? now;
  return elapsedText(until - (state.startedAt ?? state.requestedAt));
}
