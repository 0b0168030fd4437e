import type { RunState } from '../../core/run/state.ts';

/**
 * True when nothing more comes of a run by itself: it has ended, it is parked and its server is gone, or it comes after one that is.
 * @param parkedAnew it was parked after the command that is being followed. A run that was parked before counts only while
 *   something else of it still waits for a person.
 */
export function isSettled(state: RunState, parkedAnew: boolean): boolean {
  if (state.phase === 'ended' || state.queued?.code === 'person') return true;
  const suspended = state.parked !== null && (state.cell === null || state.cell.server === null);
  return suspended && (parkedAnew || state.pending.length > 0);
}
