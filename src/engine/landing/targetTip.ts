import type { GitRepository, Oid } from '../../core/ports/git.ts';
import type { RunState } from '../../core/run/state.ts';

/**
 * Where a run's target stands now. A branch that its first landing makes stands at the commit that stands for having none; null when the branch is gone.
 */
export const targetTip = async (repository: GitRepository, { spec }: RunState): Promise<Oid | null> =>
  (await repository.readRef(`refs/heads/${spec.target}`)) ?? spec.unborn ?? null;
