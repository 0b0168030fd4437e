import { foldRunCosts, type RunCosts } from '../projections/costs/runCosts.ts';
import type { RunState } from '../run/state.ts';
import type { Entry } from './entry.ts';
import { damagedEntry } from './storedData.ts';

/** The fold of a run. Returns null for an entry it can't start from. */
export type EvolveRun = (state: RunState | null, entry: Entry) => RunState | null;

/** A run's state and costs beside the place of its first entry, which is its age. */
export interface ProjectedRun {
  readonly firstSeq: number;
  readonly state: RunState;
  readonly costs: RunCosts | null;
}

export const isOpen = (state: RunState): boolean => state.phase !== 'ended';

/** The number in a task id of the form TASK-nnn; 0 for any other. */
export const taskNumber = (task: string): number => Number(/^TASK-(\d{1,15})$/.exec(task)?.[1] ?? 0);

/**
 * Folds one entry of a run. `seq` of the state is always that of the run's last entry, known or not, because it is what an
 * append is checked against.
 */
export function foldRun(evolve: EvolveRun, before: ProjectedRun | null, entry: Entry, known: boolean): ProjectedRun | null {
  const state = before?.state ?? null;
  const next = known ? (evolve(state, entry) ?? state) : state;
  if (next === null) return null;
  if (next.run !== entry.run) throw damagedEntry(entry.seq, `it is filed under run ${entry.run} and speaks of run ${next.run}`);
  const costs = known ? foldRunCosts(before?.costs ?? null, entry) : (before?.costs ?? null);
  return { firstSeq: before?.firstSeq ?? entry.seq, state: next.seq === entry.seq ? next : { ...next, seq: entry.seq }, costs };
}
