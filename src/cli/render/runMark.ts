import { type Standing, standingOf, standingWords } from '../../core/projections/runWords.ts';
import type { RunState } from '../../core/run/state.ts';
import type { Tone } from './style.ts';

export interface Mark {
  readonly mark: string;
  readonly word: string;
  readonly tone: Tone;
}

const marks: Readonly<Record<Standing, readonly [mark: string, tone: Tone]>> = {
  queued: ['◌', 'dim'],
  bootstrapping: ['◌', 'accent'],
  ready: ['◌', 'accent'],
  executing: ['●', 'accent'],
  testing: ['◐', 'accent'],
  waiting: ['◇', 'warn'],
  committing: ['◑', 'accent'],
  landing: ['◑', 'accent'],
  reverting: ['↺', 'warn'],
  parked: ['◇', 'warn'],
  ending: ['◌', 'dim'],
  ended: ['■', 'dim'],
  landed: ['✓', 'good'],
  committed: ['✓', 'good'],
  cancelled: ['■', 'warn'],
  rejected: ['■', 'warn'],
  error: ['✗', 'bad'],
  failed: ['✗', 'bad'],
  timedOut: ['✗', 'bad'],
  violation: ['✗', 'bad'],
};

/** Mark and word for where a run stands, or how it ended. */
export function markOf(state: RunState): Mark {
  const standing = standingOf(state);
  const [mark, tone] = marks[standing];
  return { mark, word: standingWords[standing], tone };
}
