import type { CommandEvidence } from '../core/journal/events.ts';
import { isTestedAlike } from '../core/landing/batch.ts';
import { isGreen } from '../core/run/state.ts';
import type { RunContext } from './runContext.ts';

const RUNS_LOOKED_AT = 100;

/** Evidence that this very tree has passed the same test after the same set-up in this repository before; null when there is none. */
export function rememberedGreen(context: RunContext, tree: string): CommandEvidence | null {
  for (const other of context.deps.journal.recentRuns(RUNS_LOOKED_AT)) {
    if (other.run === context.run || !isTestedAlike(context.state, other)) continue;
    if (other.base && other.spec.baseTree === tree && isGreen(other.base.evidence)) return other.base.evidence;
    const passed = other.attempts.find((a) => a.test?.tree === tree && isGreen(a.test.evidence));
    if (passed?.test) return passed.test.evidence;
  }
  return null;
}
