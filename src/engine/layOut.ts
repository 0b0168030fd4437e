import type { Oid } from '../core/ports/git.ts';
import { gitError } from './gitRefused.ts';
import { keepRestAndTell } from './keep.ts';
import type { RunContext } from './runContext.ts';

/**
 * Makes the run's worktree hold a tree and nothing else that git does not ignore. What it held and no kept state has is kept first (INV-008), and the run
 * says where. Does nothing when it holds that tree.
 * @param what the tree, for people.
 * @throws Error when git refuses, or the worktree is gone.
 */
export async function layOut(context: RunContext, tree: Oid, what: string, signal?: AbortSignal): Promise<void> {
  const { repository } = context.deps;
  const { cell } = context.state;
  if (cell === null) throw new Error(`no cell to lay out ${what} in`);
  const snapshot = await repository.snapshot(cell.worktree, signal);
  if (!snapshot.ok) throw gitError(`can't read the state of ${cell.worktree}`, snapshot.error);
  if (snapshot.value.tree === tree) return;
  await keepRestAndTell(context, snapshot);
  const laid = await repository.checkoutTree(cell.worktree, tree, signal);
  if (!laid.ok) throw gitError(`can't lay out ${what}`, laid.error);
  context.laidOut.add(tree);
}
