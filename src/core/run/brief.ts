import type { CommandEvidence } from '../journal/events.ts';
import type { AttemptState, RunState } from './state.ts';

const LONGEST_TEXT = 1000;
const MOST_ITEMS = 200;

/**
 * A run's state as far as lists show it: without prompts, outputs of commands and lists of files, and with every other text and list cut to a
 * bound. A thousand of them fit into one message.
 */
export function briefRun(state: RunState): RunState {
  const { spec, base, landing } = state;
  const brief = bounded({
    ...state,
    spec: { ...spec, prompt: '' },
    base: base === null ? null : { ...base, evidence: withoutTail(base.evidence) },
    attempts: [],
    landing:
      landing === null ? null : { ...landing, test: landing.test && { ...landing.test, evidence: withoutTail(landing.test.evidence) } },
    feedback: null,
  });
  return { ...brief, attempts: state.attempts.map((attempt) => bounded(briefAttempt(attempt))) };
}

const withoutTail = (evidence: CommandEvidence): CommandEvidence => ({ ...evidence, tail: '' });

const briefAttempt = (attempt: AttemptState): AttemptState => ({
  ...attempt,
  prompt: '',
  candidate: attempt.candidate === null ? null : { ...attempt.candidate, files: [] },
  test: attempt.test === null ? null : { ...attempt.test, evidence: withoutTail(attempt.test.evidence) },
  former: [],
});

/** The same with every text and list in it cut to a bound. */
const bounded = <T>(value: T): T => cut(value) as T;

function cut(value: unknown): unknown {
  if (typeof value === 'string') return value.length > LONGEST_TEXT ? `${value.slice(0, LONGEST_TEXT)}…` : value;
  if (Array.isArray(value)) return value.slice(0, MOST_ITEMS).map(cut);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, part]) => [name, cut(part)]));
}
