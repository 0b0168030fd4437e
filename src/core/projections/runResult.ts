import type { RunStatus } from '../journal/events.ts';
import { exitCodes } from '../model/exitCodes.ts';
import type { TokenCounts } from '../model/tokens.ts';
import { usdToNumber } from '../model/usd.ts';
import type { ProtectedChange } from '../policy/protectedPaths.ts';
import type { RunState } from '../run/state.ts';

/** What a run came to, as other tools read it. `running` stands only for a run that has neither ended nor been parked. */
export interface ResultRow {
  readonly run: string;
  readonly task: string;
  readonly status: RunStatus | 'running';
  /** The commit that landed, or else the one on the cell's branch. */
  readonly commit: string | null;
  /** The branch that has the commit: the target when landed, else the cell's. */
  readonly branch: string | null;
  /** Tree of the commit, or of the last candidate. */
  readonly tree: string | null;
  readonly base: string;
  readonly attempts: number;
  readonly tokens: TokenCounts;
  /** US dollars; null when any part has no price. */
  readonly costUsd: number | null;
  /** From start to end, or to the moment it began to wait; null while it runs. */
  readonly durationMs: number | null;
  readonly reason: string;
  /** Ref of the last kept candidate. */
  readonly kept: string | null;
  /** Files of the last candidate for which a person is asked whatever the policy is, and why; not there when there is none. */
  readonly protected?: readonly ProtectedChange[];
}

export function resultRow(state: RunState): ResultRow {
  const landed = state.landing?.landed ?? null;
  const committed = state.attempts.findLast((a) => a.commit !== null) ?? null;
  const kept = state.attempts.findLast((a) => a.candidate !== null)?.candidate ?? null;
  const end = state.endedAt ?? (state.parked === null ? null : state.waitingSince);
  return {
    run: state.run,
    task: state.task,
    status: statusOf(state),
    commit: landed?.to ?? committed?.commit ?? null,
    branch: landed?.target ?? state.cell?.branch ?? null,
    tree: landed?.tree ?? committed?.candidate?.tree ?? kept?.tree ?? null,
    base: state.spec.base,
    attempts: state.attempts.length,
    tokens: state.tokens,
    costUsd: state.cost.unpricedCalls > 0 ? null : usdToNumber(state.cost.usd),
    durationMs: end === null ? null : Math.max(0, end - (state.startedAt ?? state.requestedAt)),
    reason: state.concluded?.reason ?? state.parked?.reason ?? state.deferred ?? state.pending[0]?.title ?? state.queued?.text ?? '',
    kept: kept?.keptRef ?? null,
    ...(kept === null || kept.protected.length === 0 ? {} : { protected: kept.protected }),
  };
}

export function statusOf(state: RunState): ResultRow['status'] {
  if (state.concluded) return state.concluded.status;
  return state.parked === null && state.queued?.code !== 'person' ? 'running' : 'parked';
}

/** The exit code a run stands for now; null while it runs without waiting for a person. */
export function exitCodeOf(state: RunState): number | null {
  const known = state.concluded?.exitCode ?? state.parked?.exitCode ?? null;
  return known ?? (state.pending.length > 0 || state.queued?.code === 'person' ? exitCodes.waits : null);
}
