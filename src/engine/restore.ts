import { UserFacingError } from '../base/userFacingError.ts';
import { event } from '../core/journal/events.ts';
import type { RunState } from '../core/run/state.ts';
import type { EngineContext } from './runContext.ts';

/**
 * Makes a branch of what an attempt had done. The last attempt with a kept state when none is named.
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
  const kept = state.attempts.filter((a) => a.candidate !== null);
  const found = wanted === null ? kept.at(-1) : kept.find((a) => a.attempt === wanted);
  if (!found?.candidate) {
    const there = kept.map((a) => a.attempt).join(', ');
    throw new UserFacingError(
      'notPossibleNow',
      `${state.run} has no kept ${wanted === null ? 'attempt' : `attempt ${wanted}`}${there ? `; kept are: ${there}` : ''}.`,
      {
        actions: [`reactor show ${state.run}`],
      },
    );
  }
  const asked = tree === null ? found.candidate : [...found.former, found.candidate].find((candidate) => candidate.tree === tree);
  if (asked === undefined)
    throw new UserFacingError('notPossibleNow', `Attempt ${found.attempt} of ${state.run} was never tree ${tree?.slice(0, 10)}.`);
  const { keptCommit, keptRef } = asked;
  const commit = (await repository.readRef(keptRef)) ?? keptCommit;
  for (let suffix = 1; suffix < 1000; suffix += 1) {
    const branch = `reactor/restored/${state.run}-${found.attempt}${suffix === 1 ? '' : `-${suffix}`}`;
    const ref = `refs/heads/${branch}`;
    const there = await repository.readRef(ref);
    if (there === commit) return { branch, commit, attempt: found.attempt };
    if (there !== null) continue;
    const moved = await repository.moveRef({ ref, to: commit, expected: null, reason: `reactor: restored ${state.run}` });
    if (!moved.ok) throw new UserFacingError('environment', `The branch ${branch} could not be made: ${moved.error.message}.`);
    await engine.ledger.append(state.run, 'engine', event('restore/branchCreated', { attempt: found.attempt, branch, commit }));
    return { branch, commit, attempt: found.attempt };
  }
  throw new UserFacingError('environment', `Too many restored branches of ${state.run}; delete some of reactor/restored/.`);
}
