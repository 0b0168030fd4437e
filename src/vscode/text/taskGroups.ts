import { endOf } from '../../core/projections/runWords.ts';
import type { RunState } from '../../core/run/state.ts';

/** Under which heading a task stands. */
export const taskGroups = ['notStarted', 'queued', 'running', 'parked', 'landed', 'committed', 'failed', 'rejected', 'cancelled'] as const;
export type TaskGroup = (typeof taskGroups)[number];

export const groupTitles: Record<TaskGroup, string> = {
  notStarted: 'Not started',
  queued: 'Queued',
  running: 'Running',
  parked: 'Parked',
  landed: 'Landed',
  committed: 'Committed',
  failed: 'Failed',
  rejected: 'Rejected',
  cancelled: 'Cancelled',
};

export function groupOf(state: RunState): Exclude<TaskGroup, 'notStarted'> {
  if (state.phase === 'queued') return 'queued';
  if (state.phase === 'parked') return 'parked';
  if (state.phase !== 'ended') return 'running';
  switch (endOf(state)) {
    case 'landed':
      return 'landed';
    case 'committed':
      return 'committed';
    case 'rejected':
      return 'rejected';
    case 'cancelled':
      return 'cancelled';
    default:
      return 'failed';
  }
}

/** Has a cell at work: neither queued, parked nor ended. */
export const isActive = (state: RunState): boolean => state.phase !== 'queued' && state.phase !== 'parked' && state.phase !== 'ended';
