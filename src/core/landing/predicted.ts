import type { RunState } from '../run/state.ts';

/** A conflict that a landing would meet if it came now. */
export interface PredictedConflict {
  /** The target, or the task of the other run, as people name it. */
  readonly with: string;
  /** The other run; null for the target. */
  readonly run: string | null;
  readonly paths: readonly string[];
}

const MOST_PATHS = 3;

const pathsText = (paths: readonly string[]): string =>
  paths.length <= MOST_PATHS ? paths.join(', ') : `${paths.slice(0, MOST_PATHS).join(', ')} and ${paths.length - MOST_PATHS} more`;

/** 'conflicts with main in a.ts, and with TASK-002 in b.ts'; '' when no conflict is to be expected. */
export function predictedText({ predicted }: Pick<RunState, 'predicted'>): string {
  const [first, ...others] = predicted.map((conflict) => `with ${conflict.with} in ${pathsText(conflict.paths)}`);
  return first === undefined ? '' : ['conflicts', [first, ...others.map((other) => `and ${other}`)].join(', ')].join(' ');
}

/** Whether two changes may conflict at all: they have a path in common. A list that was cut may have any. */
export function mayConflict(a: ChangedPaths, b: ChangedPaths): boolean {
  if (a.isCut || b.isCut) return true;
  const [few, many] = a.paths.size < b.paths.size ? [a, b] : [b, a];
  return [...few.paths].some((path) => many.paths.has(path));
}

export interface ChangedPaths {
  readonly paths: ReadonlySet<string>;
  readonly isCut: boolean;
}

export const isSamePrediction = (a: readonly PredictedConflict[], b: readonly PredictedConflict[]): boolean =>
  JSON.stringify(a) === JSON.stringify(b);
