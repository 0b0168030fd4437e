import { loosenedText } from '../policy/loosened.ts';
import type { RunState } from '../run/state.ts';

/** True for a live cell without a boundary, be it that none works here or that none was asked for. */
export const isUnsandboxed = ({ cell }: RunState): boolean => cell !== null && cell.server !== null && cell.boundary === null;

export const UNSANDBOXED_WORDS = 'unsandboxed: commands run as you';

/** What is out of the ordinary about the boundary of a run's cell, for people; '' when nothing is. */
export function boundaryText(state: RunState): string {
  const { loosened } = state.spec;
  const parts = [isUnsandboxed(state) ? UNSANDBOXED_WORDS : '', loosened === undefined ? '' : loosenedText(loosened)];
  return parts.filter((part) => part !== '').join('; ');
}
