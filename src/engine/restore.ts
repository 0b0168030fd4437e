import { UserFacingError } from '../base/userFacingError.ts';
import { event } from '../core/journal/events.ts';
import type { Oid } from '../core/ports/git.ts';
import type { AttemptState, RunState } from '../core/run/state.ts';
import type { EngineContext } from './runContext.ts';

/**
 * Makes a branch of what an attempt had done. When none is named it is the last one that became a candidate, else the last one with a kept state.
 * @param tree one of what the attempt was before a person changed it; null for what it is now.
 * @throws UserFacingError `notPossibleNow` when there is none.
 */
export async function restoreAttempt(
  engine: EngineContext,
  state: RunState,
  wanted: number | null,
  tree: string | null,
): Promise<{ branch: string; commit: string; attempt: number }> {
  const { repository } = engine.deps;
  const kept = state.attempts.filter((a) => statesOf(a).length > 0);
  const found = wanted === null ? (kept.findLast((a) => a.candidate !== null) ?? kept.at(-1)) : kept.find((a) => a.attempt === wanted);
  if (found === undefined) {
    const there = kept.map((a) => a.attempt).join(', ');
    throw new UserFacingError(
      'notPossibleNow',
      `${state.run} has no kept ${wanted === null ? 'attempt' : `attempt ${wanted}`}${there ? `; kept are: ${there}` : ''}.`,
      {
        actions: [`reactor show ${state.run}`],
      },
    );
  }
  const asked = tree === null ? statesOf(found).at(-1) : statesOf(found).find((one) => one.tree === tree);
  if (asked === undefined)
    throw new UserFacingError(
      'notPossibleNow',
      `Attempt ${found.attempt} of ${state.run} was never tree ${tree?.slice(0, 10)}. Nothing was restored.`,
      {
        actions: [`reactor show ${state.run}`],
      },
    );
  const commit = (await repository.readRef(asked.ref)) ?? asked.commit;
  if (commit === null) {
    throw new UserFacingError(
      'notPossibleNow',
      `What attempt ${found.attempt} of ${state.run} had done is kept no longer: ${asked.ref} is gone. Nothing was restored.`,
      { actions: [`reactor show ${state.run}, for the attempts that are kept`] },
    );
  }
  for (let suffix = 1; suffix < 1000; suffix += 1) {
    const branch = `reactor/restored/${state.run}-${found.attempt}${suffix === 1 ? '' : `-${suffix}`}`;
    const ref = `refs/heads/${branch}`;
    const there = await repository.readRef(ref);
    if (there === commit) return { branch, commit, attempt: found.attempt };
    if (there !== null) continue;
    const moved = await repository.moveRef({ ref, to: commit, expected: null, reason: `reactor: restored ${state.run}` });
    if (!moved.ok)
      throw new UserFacingError(
        'environment',
        `The branch ${branch} could not be made: ${moved.error.message.trim()}. What it was to hold is kept as ${asked.ref}.`,
      );
    await engine.ledger.append(state.run, 'engine', event('restore/branchCreated', { attempt: found.attempt, branch, commit }));
    return { branch, commit, attempt: found.attempt };
  }
  throw new UserFacingError('environment', `Too many branches were restored of ${state.run}; none was made.`, {
    actions: [`git branch --delete --force reactor/restored/${state.run}-${found.attempt}, and of the others what you need no more`],
  });
}

interface KeptState {
  readonly ref: string;
  /** Null where only the ref names it. */
  readonly commit: Oid | null;
  readonly tree: Oid | null;
}

/** What is kept of an attempt, the last of it at the end: its candidates, or what it had done when it was interrupted. */
const statesOf = ({ former, candidate, closed }: AttemptState): readonly KeptState[] => [
  ...(closed?.keptRef == null ? [] : [{ ref: closed.keptRef, commit: null, tree: null }]),
  ...[...former, ...(candidate === null ? [] : [candidate])].map(({ keptRef, keptCommit, tree }) => ({
    ref: keptRef,
    commit: keptCommit,
    tree,
  })),
];
