import { elapsedText, linesText, plural } from '../../core/projections/figures.ts';
import { type Standing, standingOf, standingWords } from '../../core/projections/runWords.ts';
import { type AttemptState, currentAttempt, isGreen, type RunState } from '../../core/run/state.ts';

export interface RunMark {
  /** A codicon. */
  readonly icon: string;
  /** A theme colour, or null for the text's own. */
  readonly color: string | null;
  /** Colour is never alone: the word stands beside it. */
  readonly word: string;
}

const marks: Readonly<Record<Standing, readonly [icon: string, color: string | null]>> = {
  queued: ['clock', null],
  bootstrapping: ['loading~spin', 'charts.blue'],
  ready: ['circle-outline', 'charts.blue'],
  executing: ['sync~spin', 'charts.blue'],
  testing: ['beaker', 'charts.purple'],
  waiting: ['bell-dot', 'charts.yellow'],
  committing: ['git-commit', 'charts.blue'],
  landing: ['git-merge', 'charts.blue'],
  reverting: ['discard', 'charts.orange'],
  parked: ['debug-pause', 'charts.yellow'],
  ending: ['loading~spin', null],
  ended: ['circle-filled', null],
  landed: ['pass', 'charts.green'],
  committed: ['git-branch', 'charts.green'],
  cancelled: ['circle-slash', null],
  rejected: ['circle-slash', null],
  error: ['error', 'charts.red'],
  failed: ['error', 'charts.red'],
  timedOut: ['error', 'charts.red'],
  violation: ['shield', 'charts.red'],
};

/** Where a run stands, or how it ended. */
export function markOf(state: RunState): RunMark {
  const standing = standingOf(state);
  const [icon, color] = marks[standing];
  return { icon, color, word: standingWords[standing] };
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

/** What the candidate of this tree changes: '2 files +12 −3'; '' when the run has none such. */
export function changeText(state: RunState, tree: string): string {
  const candidate = state.attempts.findLast((attempt) => attempt.candidate?.tree === tree)?.candidate;
  return candidate ? `${plural(candidate.filesTotal, 'file')} ${linesText(candidate.added, candidate.removed)}` : '';
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
