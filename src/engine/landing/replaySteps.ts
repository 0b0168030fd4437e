import type { GitRepository, Oid } from '../../core/ports/git.ts';
import { commitMessage, stepMessage } from '../../core/run/commitMessage.ts';
import { type RunState, startOf } from '../../core/run/state.ts';
import { gitError } from '../gitRefused.ts';

/**
 * The steps of a run anew on `tip`, where its target has come to: each with the tree that merging it there gives, the last one with `tree`, which is
 * the one that is tested. A step that changes nothing there, or that conflicts where the last one does not, becomes one with the next. Writes
 * objects only.
 */
export async function replaySteps(
  repository: GitRepository,
  state: RunState,
  tip: Oid,
  { tree, apart }: { readonly tree: Oid; readonly apart: Oid | undefined },
): Promise<{ readonly commit: Oid; readonly steps: number }> {
  const range = { base: startOf(state), tip: state.lastGreen.commit };
  const own = await repository.commitsWithTrailer(range, { key: 'Reactor-Run', value: state.run });
  const last = { commit: tip, tree: await repository.treeOf(tip), steps: 0 };
  const final = state.lastGreen.commit;
  for (const commit of [...own.filter((step) => step !== final).toReversed(), final]) {
    const isLast = commit === final;
    const merged = isLast ? tree : await mergedTree(repository, state, { ours: tip, theirs: commit, base: apart });
    if (merged === null || (merged === last.tree && !(isLast && last.steps === 0))) continue;
    const written = await repository.writeCommit({ tree: merged, parents: [last.commit], message: messageOf(state, commit), sign: true });
    if (!written.ok) throw gitError('a step could not be committed on the target', written.error);
    Object.assign(last, { commit: written.value, tree: merged, steps: last.steps + 1 });
  }
  return { commit: last.commit, steps: last.steps };
}

async function mergedTree(
  repository: GitRepository,
  { spec }: RunState,
  request: Parameters<GitRepository['mergeTrees']>[0],
): Promise<Oid | null> {
  const outcome = await repository.mergeTrees({ ...request, unrelated: spec.unborn !== undefined });
  if (!outcome.ok) throw gitError('the merge of a step could not be computed', outcome.error);
  return outcome.value.kind === 'clean' ? outcome.value.tree : null;
}

function messageOf(state: RunState, commit: Oid): string {
  const steps = state.attempts.filter(({ stepCommit }) => stepCommit !== null);
  const index = steps.findIndex(({ stepCommit }) => stepCommit === commit);
  const step = steps[index];
  return step === undefined ? commitMessage(state, state.attempts.at(-1)?.attempt ?? 1, []) : stepMessage(state, step.attempt, index + 1);
}
