import type { Oid } from '../../core/ports/git.ts';
import type { RunContext } from '../runContext.ts';

/** How far back in the journal it is looked for. */
const MOST_RUNS = 1000;

/**
 * Where a run's target stands now. A branch that its first landing makes stands at the commit that stands for having none; null when the branch is
 * gone, be it that it was deleted or that a person has given the branch that is to come another name.
 */
export async function targetTip(context: Pick<RunContext, 'deps' | 'state'>): Promise<Oid | null> {
  const { target, unborn } = context.state.spec;
  const tip = await context.deps.repository.readRef(`refs/heads/${target}`);
  if (tip !== null || unborn === undefined || target === null) return tip;
  return (await isToCome(context, target)) ? unborn : null;
}

/** A checkout whose branch has no commit is on it all the same. A bare repository has none, so that only what landed there tells. */
async function isToCome({ deps, state }: Pick<RunContext, 'deps' | 'state'>, target: string): Promise<boolean> {
  if (state.spec.checkout !== null) return (await deps.repository.checkoutPathOf(target)) !== null;
  return !deps.journal.recentRuns(MOST_RUNS).some(({ landing }) => landing?.landed?.target === target);
}
