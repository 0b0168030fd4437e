import type { EventData } from '../../core/journal/events.ts';
import { event } from '../../core/journal/events.ts';
import { commentFeedback, conflictFeedback, redMergeFeedback } from '../../core/landing/feedback.ts';
import type { Oid } from '../../core/ports/git.ts';
import { gitError } from '../gitRefused.ts';
import { keepWorktree } from '../keep.ts';
import type { RunContext } from '../runContext.ts';
import { startApart } from './onto.ts';

const MOST_DIFF_BYTES = 24_000;

/**
 * Sends a landing back to the agent: the worktree is brought onto the target as it is now, with the run's change merged into it and the
 * conflicts marked, and the agent is told why, in a person's words where there are some. From there on the run's work stands on the target;
 * what it had committed stays kept. Can be repeated.
 */
export async function rework(context: RunContext, code: EventData<'landing/reworked'>['code']): Promise<void> {
  const { repository } = context.deps;
  const { state } = context;
  const { cell, landing, lastGreen } = state;
  if (cell === null || landing === null) throw new Error('no landing to work on again');
  const { target } = landing;
  const onto = await repository.readRef(`refs/heads/${target}`);
  const merge = onto === null ? null : await mergeWith(context, onto, lastGreen.commit);
  if (onto === null || merge === null || (code === 'conflict' && merge.paths.length === 0)) {
    // The target is another one by now; the landing may come out differently.
    await context.record(event('landing/queued', { target }));
    return;
  }
  // Its parent is the commit, so that both stay reachable (INV-008).
  const kept = await keepWorktree(context, `${state.attempts.length}-landing`);
  const reset = await repository.resetWorktree(cell.worktree, onto);
  if (!reset.ok) throw gitError(`the worktree could not be brought to ${target}`, reset.error);
  const laid = await repository.checkoutTree(cell.worktree, merge.tree);
  if (!laid.ok) throw gitError('the merge could not be laid out', laid.error);
  const { paths } = merge;
  const diff = paths.length === 0 ? null : await repository.patch({ from: onto, to: merge.tree, paths, maxBytes: MOST_DIFF_BYTES });
  const conflict = diff === null ? null : conflictFeedback(target, paths, diff);
  const text =
    landing.comment === null
      ? (conflict ?? redMergeFeedback(target, landing.test?.evidence ?? null))
      : commentFeedback(target, landing.comment, conflict);
  const ontoTree = await repository.treeOf(onto);
  await context.record(event('landing/reworked', { code, onto, ontoTree, tree: merge.tree, keptRef: kept.ref, paths: [...paths], text }));
}

async function mergeWith(context: RunContext, ours: Oid, theirs: Oid): Promise<{ tree: Oid; paths: readonly string[] } | null> {
  const { deps, state } = context;
  const base = await startApart(deps.repository, state, ours);
  const merge = await deps.repository.mergeTrees({ ours, theirs, base, unrelated: state.spec.unborn !== undefined });
  if (!merge.ok) throw gitError('the merge could not be computed', merge.error);
  return merge.value.kind === 'clean' ? { tree: merge.value.tree, paths: [] } : merge.value;
}
