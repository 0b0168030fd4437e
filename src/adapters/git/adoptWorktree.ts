import { ok } from '../../base/result.ts';
import type { CreateWorktree, GitResult, Oid } from '../../core/ports/git.ts';
import { resetWorktree } from './cellState.ts';
import { locateCell, onCell, recordBranch, worktreeKey } from './cellWorktree.ts';
import { refusalOf } from './gitRefusals.ts';
import { refreshView } from './privateView.ts';
import { deleteRef, moveRef } from './refs.ts';
import type { RepositoryContext } from './repositoryContext.ts';

/** The worktree's HEAD goes to a new branch; its files are read again only when the base is another one. */
export async function adoptWorktree(
  context: RepositoryContext,
  request: CreateWorktree & { readonly from: string; readonly fromBase: Oid },
  signal?: AbortSignal,
): Promise<GitResult<void>> {
  const ref = `refs/heads/${request.branch}`;
  const made = await moveRef(context, { ref, to: request.base, expected: null, reason: 'reactor: new cell' }, signal);
  if (!made.ok) return made;
  const cell = await locateCell(context, await worktreeKey(request.path));
  if (!cell.ok) return cell;
  await recordBranch(cell.value.gitDir, request.branch);
  if (request.base === request.fromBase) {
    const head = await context.git.run(onCell(cell.value, ['symbolic-ref', 'HEAD', ref]), signal);
    if (head.exitCode !== 0) return refusalOf(head);
  } else {
    const reset = await resetWorktree(context, request.path, request.base, signal);
    if (!reset.ok) return reset;
  }
  await refreshView(context, cell.value, request.branch, request.base);
  await deleteRef(context, { ref: `refs/heads/${request.from}`, expected: request.fromBase }, signal);
  return ok(undefined);
}
