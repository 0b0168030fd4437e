import { exitCodes } from '../../core/model/exitCodes.ts';
import { totalTokens } from '../../core/model/tokens.ts';
import { costText } from '../../core/model/usd.ts';
import { countText, elapsedText } from '../../core/projections/figures.ts';
import { statusOf } from '../../core/projections/runResult.ts';
import { type AttemptState, currentAttempt, isGreen, type Phase, type RunState } from '../../core/run/state.ts';

export interface RunMark {
  /** A codicon. */
  readonly icon: string;
  /** A theme colour, or null for the text's own. */
  readonly color: string | null;
  /** Colour is never alone: the word stands beside it. */
  readonly word: string;
}

const mark = (icon: string, color: string | null, word: string): RunMark => ({ icon, color, word });

const phaseMarks: Record<Phase, RunMark> = {
  queued: mark('clock', null, 'queued'),
  bootstrapping: mark('loading~spin', 'charts.blue', 'starting'),
  ready: mark('circle-outline', 'charts.blue', 'ready'),
  executing: mark('sync~spin', 'charts.blue', 'executing'),
  testing: mark('beaker', 'charts.purple', 'testing'),
  waiting: mark('bell-dot', 'charts.yellow', 'waiting for you'),
  committing: mark('git-commit', 'charts.blue', 'committing'),
  landing: mark('git-merge', 'charts.blue', 'landing'),
  reverting: mark('discard', 'charts.orange', 'reverting'),
  parked: mark('debug-pause', 'charts.yellow', 'parked'),
  ending: mark('loading~spin', null, 'ending'),
  ended: mark('circle-filled', null, 'ended'),
};

/** Where a run stands, or how it ended. */
export function markOf(state: RunState): RunMark {
  if (state.phase !== 'ended') return phaseMarks[state.phase];
  switch (statusOf(state)) {
    case 'landed':
      return mark('pass', 'charts.green', 'landed');
    case 'committed':
      return mark('git-branch', 'charts.green', 'on its branch');
    case 'cancelled':
      return mark('circle-slash', null, 'stopped');
    case 'error':
      return mark('error', 'charts.red', 'error');
    case 'failed': {
      const code = state.concluded?.exitCode;
      if (code === exitCodes.security) return mark('shield', 'charts.red', 'security violation');
      return mark('error', 'charts.red', code === exitCodes.timeout ? 'out of time' : 'failed');
    }
    default:
      return phaseMarks.ended;
  }
}

/** 'attempt 2 of 3', or '' before the first. */
export function attemptText(state: RunState): string {
  const attempt = currentAttempt(state);
  if (attempt === null) return '';
  return state.phase === 'ended'
    ? `attempt ${attempt.attempt}`
    : `attempt ${attempt.attempt} of ${Math.max(attempt.attempt, state.spec.attempts + state.grantedAttempts)}`;
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

/** 'green in 8.1 s', 'red: exit code 1 in 0.8 s', 'not tested'. */
export function testText(attempt: AttemptState): string {
  const evidence = attempt.test?.evidence;
  if (evidence === undefined) return 'not tested';
  const time = elapsedText(evidence.durationMs);
  if (isGreen(evidence)) return `green in ${time}`;
  return evidence.end === 'exited' ? `red: exit code ${evidence.exitCode} in ${time}` : `red: stopped after ${time}`;
}

/** The parts that are there, with dots between. */
export const joined = (...parts: readonly string[]): string => parts.filter((part) => part !== '').join(' · ');

/** The newest attempt that has a candidate, with it. */
export function lastCandidate(
  state: RunState,
): { readonly attempt: AttemptState; readonly candidate: NonNullable<AttemptState['candidate']> } | null {
  const attempt = state.attempts.findLast((a) => a.candidate !== null);
  return attempt?.candidate ? { attempt, candidate: attempt.candidate } : null;
}

/** What an approval of the run would have to name now: the review that waits. */
export const pendingReview = (state: RunState) => state.pending.find(({ kind }) => kind === 'review') ?? null;

/** What came of the present attempt so far: 'green in 8.1 s · tree 9f3c2ab'. */
export function currentText(state: RunState, short: (oid: string) => string): string {
  const attempt = currentAttempt(state);
  if (attempt === null) return '';
  const { candidate } = attempt;
  return joined(attempt.test === null ? '' : testText(attempt), candidate === null ? '' : `tree ${short(candidate.tree)}`);
}
