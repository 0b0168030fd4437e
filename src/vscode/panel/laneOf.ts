import { totalTokens } from '../../core/model/tokens.ts';
import { resultRow } from '../../core/projections/runResult.ts';
import { endOf, standingOf, standingWords } from '../../core/projections/runWords.ts';
import { boundaryText, isUnsandboxed } from '../../core/projections/unsandboxed.ts';
import { type AttemptState, isGreen, type RunState } from '../../core/run/state.ts';
import type { Lane } from '../../protocol/panelShapes.ts';

/** States of one run to choose from in the diff. A lane is sent at each change of its run: a run of hundreds of attempts must not make it long. */
const mostCandidates = 50;

/** A run as the panel lists it. */
export function laneOf(state: RunState): Lane {
  const row = resultRow(state);
  return {
    run: state.run,
    task: state.task,
    title: state.spec.title,
    phase: state.phase,
    word: standingWords[standingOf(state)],
    status: endOf(state),
    reason: row.reason,
    boundary: boundaryText(state),
    unsandboxed: isUnsandboxed(state),
    requestedAt: state.requestedAt,
    startedAt: state.startedAt,
    endedAt: state.endedAt,
    parkedAt: state.parked === null ? null : state.waitingSince,
    attempts: state.attempts.length,
    attemptLimit: state.spec.attempts + state.grantedAttempts,
    tokens: totalTokens(state.tokens),
    cost: state.cost,
    budgetUsd: state.budgetUsd,
    baseTree: state.spec.baseTree,
    greenTree: state.lastGreen.tree,
    candidates: state.attempts.slice(-mostCandidates).flatMap((attempt) => {
      const { candidate, test } = attempt;
      if (candidate === null) return [];
      return [
        { attempt: attempt.attempt, tree: candidate.tree, green: test === null ? null : isGreen(test.evidence), fate: fateOf(attempt) },
      ];
    }),
    reviewTree: state.pending.find(({ kind }) => kind === 'review')?.tree ?? null,
  };
}

const fateOf = (attempt: AttemptState): string => {
  if (attempt.commit !== null) return 'committed';
  if (attempt.closed !== null) return attempt.closed.how;
  return attempt.review?.decision ?? 'open';
};
