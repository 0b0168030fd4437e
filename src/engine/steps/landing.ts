import { event } from '../../core/journal/events.ts';
import type { Oid } from '../../core/ports/git.ts';
import type { RunContext } from '../runContext.ts';
import { commitMessage } from './commit.ts';

const MAX_RACES = 5;

type RefusalCode = 'dirty' | 'conflict' | 'moved' | 'gone';
const refuse = (context: RunContext, code: RefusalCode, message: string, paths: readonly string[] = []): Promise<number> =>
  context.record(event('landing/refused', { code, message, paths: [...paths] }));

/** Works out the commit that would land on the target as it is now: the candidate's own, or its merge with what came since. */
export async function prepareLanding(context: RunContext): Promise<void> {
  const { repository } = context.deps;
  const { state } = context;
  const { target, land, base } = state.spec;
  if (target === null) throw new Error('no target to land on');
  const { commit, tree } = state.lastGreen;
  const tip = await repository.readRef(`refs/heads/${target}`);
  if (tip === null) {
    await context.record(event('landing/started', { target, from: base, mode: land }));
    await refuse(context, 'gone', `the branch ${target} is no longer there; make it again and run: reactor approve ${context.run}`);
    return;
  }
  await context.record(event('landing/started', { target, from: tip, mode: land }));
  const [isThere, straight] =
    // Nothing came since: the candidate is the target's child, as its last green state is.
    tip === base && commit !== base
      ? [false, true]
      : await Promise.all([repository.isAncestor(commit, tip), repository.isAncestor(tip, commit)]);
  if (isThere) {
    await context.record(event('landing/landed', { target, from: tip, to: tip, tree, checkout: 'none' }));
    return;
  }
  if (straight && land === 'ff') {
    await context.record(event('landing/prepared', { commit, tree, onto: tip, merged: false }));
    return;
  }
  const merged = straight ? tree : await mergedTree(context, tip, commit);
  if (merged === null) return;
  const attempt = state.attempts.at(-1)?.attempt ?? 1;
  const message =
    land === 'merge'
      ? `Merge ${state.cell?.branch ?? state.task} into ${target}\n\nReactor-Run: ${context.run}\n`
      : commitMessage(state, attempt, []);
  const parents = land === 'merge' ? [tip, commit] : [tip];
  const written = await repository.writeCommit({ tree: merged, parents, message, sign: true });
  if (!written.ok) throw new Error(`the merge could not be committed: ${written.error.message}`);
  await context.record(event('landing/prepared', { commit: written.value, tree: merged, onto: tip, merged: !straight }));
}

/** The tree of candidate and target together; null after recording the conflict. */
async function mergedTree(context: RunContext, tip: Oid, commit: Oid): Promise<Oid | null> {
  const outcome = await context.deps.repository.mergeTrees({ ours: tip, theirs: commit });
  if (!outcome.ok) throw new Error(`the merge could not be computed: ${outcome.error.message}`);
  if (outcome.value.kind === 'clean') return outcome.value.tree;
  const { paths } = outcome.value;
  const { cell, spec } = context.state;
  await refuse(
    context,
    'conflict',
    `${spec.target} has moved and conflicts in ${paths.slice(0, 5).join(', ')}${paths.length > 5 ? ` and ${paths.length - 5} more` : ''}; the work is committed on ${cell?.branch}. Merge it by hand, or reject it with a comment`,
    paths,
  );
  return null;
}

/** Moves the target by compare-and-swap to the tree that passed; a checkout of it follows when it is clean and is never touched otherwise. */
export async function moveTarget(context: RunContext): Promise<void> {
  const { repository } = context.deps;
  const { state } = context;
  const { landing } = state;
  if (landing === null) throw new Error('no landing prepared');
  const { target, onto, commit, tree } = landing;
  const ref = `refs/heads/${target}`;
  const [tip, checkout] = await Promise.all([repository.readRef(ref), repository.checkoutOf(target)]);
  if (tip !== null && tip !== onto && (await repository.isAncestor(commit, tip))) {
    // Moved before, but the engine ended before it could say so.
    await context.record(event('landing/landed', { target, from: onto, to: tip, tree, checkout: 'none' }));
    return;
  }
  if (checkout !== null && !checkout.clean) {
    await refuse(context, 'dirty', dirtyMessage(context, target, checkout.unfinished.join(', '), checkout.path));
    return;
  }
  const moved =
    checkout === null
      ? await repository.moveRef({ ref, to: commit, expected: onto, reason: `reactor: landed ${context.run}` })
      : await repository.fastForwardCheckout({ path: checkout.path, branch: target, to: commit, expected: onto });
  if (moved.ok) {
    await context.record(
      event('landing/landed', { target, from: onto, to: commit, tree, checkout: checkout === null ? 'none' : 'followed' }),
    );
    return;
  }
  if (moved.error.code === 'dirty') {
    await refuse(context, 'dirty', dirtyMessage(context, target, moved.error.message, checkout?.path ?? ''));
    return;
  }
  if (moved.error.code === 'locked') {
    await refuse(context, 'dirty', `${target} could not be moved. ${moved.error.message} Then: reactor approve ${context.run}`);
    return;
  }
  if (moved.error.code !== 'refMoved') throw new Error(`${target} could not be moved: ${moved.error.message}`);
  const races = context.deps.journal.read({ run: context.run, limit: 1000 }).filter((e) => e.type === 'landing/started').length;
  if (races >= MAX_RACES) {
    await refuse(context, 'moved', `${target} moved ${races} times while this was landing; run: reactor approve ${context.run}`);
    return;
  }
  await prepareLanding(context);
}

const dirtyMessage = (context: RunContext, target: string, what: string, path: string): string =>
  `${target} is checked out in ${path} with unfinished changes (${what}); nothing there was touched. Commit or stash them, then: reactor approve ${context.run}`;
