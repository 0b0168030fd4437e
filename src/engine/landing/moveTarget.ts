import type { Oid } from '../../core/ports/git.ts';
import { GitRefused } from '../gitRefused.ts';
import type { RunContext } from '../runContext.ts';

/** How the move of a branch came out. `dirty`: it is checked out with unfinished changes or git's lock on it is held, and nothing was touched. `lost`: somebody moved it. */
export type Move =
  | { readonly kind: 'moved'; readonly checkout: 'followed' | 'none' }
  | { readonly kind: 'dirty'; readonly message: string }
  | { readonly kind: 'lost' };

/**
 * Moves the target by compare-and-swap; a checkout of it follows when it is clean and is never touched otherwise.
 * The user's hooks run in their checkout as with their own `git merge --ff-only`.
 */
export async function moveTargetTo(
  { deps, run, state }: RunContext,
  { target, onto, commit, reason }: { readonly target: string; readonly onto: Oid; readonly commit: Oid; readonly reason: string },
): Promise<Move> {
  const { repository } = deps;
  const isFirst = onto === state.spec.unborn;
  const expected = isFirst ? null : onto;
  const checkout = await repository.checkoutOf(target);
  const dirty = (what: string): Move => ({
    kind: 'dirty',
    message: `${target} is checked out in ${checkout?.path ?? ''} with unfinished changes (${what}); nothing there was touched. ${isFirst ? 'Commit them or move them away' : 'Commit or stash them'}, then resume the run: reactor approve ${run}`,
  });
  if (checkout !== null && !checkout.clean) return dirty(checkout.unfinished.join(', '));
  const moved =
    checkout === null
      ? await repository.moveRef({ ref: `refs/heads/${target}`, to: commit, expected, reason: `reactor: ${reason}` })
      : await repository.fastForwardCheckout({ path: checkout.path, branch: target, to: commit, expected });
  if (moved.ok) return { kind: 'moved', checkout: checkout === null ? 'none' : 'followed' };
  if (moved.error.code === 'dirty') return dirty(moved.error.message);
  if (moved.error.code === 'refMoved') return { kind: 'lost' };
  if (moved.error.code === 'locked')
    return { kind: 'dirty', message: `${target} could not be moved. ${moved.error.message} Then: reactor approve ${run}` };
  throw new GitRefused(`${target} could not be moved: ${moved.error.message}`, false);
}
