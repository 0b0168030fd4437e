import { event } from '../../core/journal/events.ts';
import type { Oid } from '../../core/ports/git.ts';
import { GitRefused } from '../gitRefused.ts';
import type { RunContext } from '../runContext.ts';

/** How the move of a branch came out. `dirty`: it is checked out with unfinished changes or git's lock on it is held, and nothing was touched. `lost`: somebody moved it. */
export type Move =
  | { readonly kind: 'moved'; readonly checkout: 'followed' | 'none' }
  | { readonly kind: 'dirty'; readonly message: string; readonly isLocked: boolean }
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
  const path = await repository.checkoutPathOf(target);
  // Who asked was on the branch that is to come, and nobody is any more.
  if (isFirst && path === null && state.spec.checkout !== null) return { kind: 'lost' };
  // What is checked out is looked at right before it is changed.
  const moved =
    path === null
      ? await repository.moveRef({ ref: `refs/heads/${target}`, to: commit, expected, reason: `reactor: ${reason}` })
      : await repository.fastForwardCheckout({ path, branch: target, to: commit, expected });
  if (moved.ok) return { kind: 'moved', checkout: path === null ? 'none' : 'followed' };
  const { code, message } = moved.error;
  if (code === 'locked')
    return { kind: 'dirty', message: `${target} could not be moved. ${message} Then: reactor approve ${run}`, isLocked: true };
  if (code === 'dirty' || (code === 'refMoved' && path !== null)) {
    const checkout = await repository.checkoutOf(target);
    const isUnfinished = checkout !== null && !checkout.clean;
    const what = isUnfinished ? checkout.unfinished.join(', ') : message;
    const todo = isFirst ? 'Commit them or move them away' : 'Commit or stash them';
    const dirty = `${target} is checked out in ${path ?? ''} with unfinished changes (${what}); nothing there was touched. ${todo}, then resume the run: reactor approve ${run}`;
    if (code === 'dirty' || isUnfinished) return { kind: 'dirty', message: dirty, isLocked: false };
  }
  if (code === 'refMoved') return { kind: 'lost' };
  throw new GitRefused(`${target} could not be moved: ${message}`, false);
}

/** What is recorded of a target that could not be moved for what is in its checkout. */
export const refusedMove = ({ isLocked }: Extract<Move, { kind: 'dirty' }>, message: string) =>
  event('landing/refused', { code: 'dirty', message, paths: [], ...(isLocked ? { locked: true as const } : {}) });

/**
 * Takes back what the move of a landing, or that of the batch it is in, has left in a checkout of the target when it was cut short: the landing is given
 * up, or whoever lands next may come to another commit.
 */
export async function takeMoveBack({ deps, engine, state }: RunContext): Promise<void> {
  const { landing, spec } = state;
  if (landing === null || landing.onto === '' || landing.refused !== null || landing.landed !== null) return;
  const path = await deps.repository.checkoutPathOf(landing.target);
  if (path === null) return;
  const expected = landing.onto === spec.unborn ? null : landing.onto;
  const commits = [landing.commit, ...(landing.batch?.runs ?? []).map((run) => engine.ledger.state(run)?.landing?.commit)];
  for (const to of new Set(commits)) {
    if (to && (await deps.repository.takeBackCheckout({ path, branch: landing.target, to, expected }))) return;
  }
}
