import { event } from '../../core/journal/events.ts';
import type { Oid } from '../../core/ports/git.ts';
import { commitMessage, stepMessage } from '../../core/run/commitMessage.ts';
import { stepsCommitted } from '../../core/run/nextStep.ts';
import type { RunState } from '../../core/run/state.ts';
import { parentsOn } from '../../core/run/unborn.ts';
import { GitRefused, gitError } from '../gitRefused.ts';
import { keptRefPrefix } from '../keep.ts';
import { layOut } from '../layOut.ts';
import type { RunContext } from '../runContext.ts';

/**
 * Commits exactly the tree that passed the tests on the cell's branch (INV-007). No hook runs here and no file is read again: hooks have had their word.
 * Steps that are on the branch are made one commit, or stay as they are, as the run is configured. Done twice it finds its own commit.
 */
export async function commit(context: RunContext, attempt: number): Promise<void> {
  const { state } = context;
  const tree = testedTree(state, attempt);
  const branch = branchOf(state);
  const { gated, lastGreen, spec } = state;
  const hasSteps = lastGreen.commit !== gated.commit;
  if (hasSteps && spec.steps === 'keep' && tree === lastGreen.tree) {
    await context.record(event('attempt/committed', { attempt, commit: lastGreen.commit, tree, branch }));
    return;
  }
  const squashes = hasSteps && spec.steps === 'squash';
  if (squashes) await keepSteps(context, lastGreen.commit);
  const message = commitMessage(state, attempt, modelsOf(context));
  const made = await commitOnBranch(context, attempt, { tree, message, parent: squashes ? gated.commit : lastGreen.commit });
  await context.record(event('attempt/committed', { attempt, commit: made, tree, branch }));
}

/** Commits the tree of one turn that passed the tests on the cell's branch, and leaves the worktree as that tree for the next turn. */
export async function commitStep(context: RunContext, attempt: number): Promise<void> {
  const { state } = context;
  const tree = testedTree(state, attempt);
  const step = stepsCommitted(state) + 1;
  const message = stepMessage(state, attempt, step);
  const made = await commitOnBranch(context, attempt, { tree, message, parent: state.lastGreen.commit });
  // What the tests left behind must not look like the agent's next step.
  if (state.cell?.hasWorktree === true) await layOut(context, tree, `step ${step}`);
  await context.record(event('attempt/stepCommitted', { attempt, step, commit: made, tree, branch: branchOf(state) }));
}

function testedTree(state: RunState, attempt: number): Oid {
  const current = state.attempts.find((a) => a.attempt === attempt);
  if (!current?.candidate || !current.test) throw new Error('nothing to commit');
  const { tree } = current.candidate;
  if (current.test.tree !== tree) throw new Error(`INV-007: tested ${current.test.tree}, would commit ${tree}`);
  return tree;
}

const branchOf = (state: RunState): string => {
  if (state.cell === null) throw new Error('nothing to commit on');
  return state.cell.branch;
};

/** The commit of this attempt at the tip of the cell's branch: the one made before, or a new one. */
async function commitOnBranch(
  context: RunContext,
  attempt: number,
  { tree, parent, message }: { readonly tree: Oid; readonly parent: Oid; readonly message: string },
): Promise<Oid> {
  const { repository } = context.deps;
  const { state, run } = context;
  const branch = branchOf(state);
  const ref = `refs/heads/${branch}`;
  const tip = await repository.readRef(ref);
  // Where the branch is still at the parent, nothing was committed before.
  if (tip !== null && tip !== parent && (await isOwnCommit(context, attempt, tip)) && (await repository.treeOf(tip)) === tree) return tip;
  const written = await repository.writeCommit({ tree, parents: parentsOn(state, parent), message, sign: true });
  if (!written.ok) throw new GitRefused(`the commit could not be made: ${written.error.message}`, written.error.code === 'unsigned');
  const moved = await repository.moveRef({ ref, to: written.value, expected: tip, reason: `reactor: ${run}` });
  if (!moved.ok) throw new GitRefused(`the branch ${branch} could not be moved: ${moved.error.message}`, false);
  return written.value;
}

async function isOwnCommit(context: RunContext, attempt: number, tip: Oid): Promise<boolean> {
  const { repository } = context.deps;
  const range = { base: context.state.spec.base, tip };
  const [ofRun] = await repository.commitsWithTrailer(range, { key: 'Reactor-Run', value: context.run });
  if (ofRun !== tip) return false;
  const [ofAttempt] = await repository.commitsWithTrailer(range, { key: 'Reactor-Attempt', value: String(attempt) });
  return ofAttempt === tip;
}

/** The steps stay reachable when the branch moves to the one commit made of them (INV-008). */
async function keepSteps(context: RunContext, last: Oid): Promise<void> {
  const { repository } = context.deps;
  for (let suffix = 1; suffix < 1000; suffix += 1) {
    const ref = `${keptRefPrefix}${context.run}/steps${suffix === 1 ? '' : `-${suffix}`}`;
    const there = await repository.readRef(ref);
    if (there === last) return;
    if (there !== null) continue;
    const kept = await repository.moveRef({ ref, to: last, expected: null, reason: 'reactor: steps kept' });
    if (!kept.ok) throw gitError('the steps could not be kept', kept.error);
    return;
  }
  throw new Error(`too many kept steps of ${context.run}`);
}

/** Models that worked for the run, by name. */
export const modelsOf = (context: RunContext): string[] => {
  const names = new Set<string>();
  for (let from = 1; ; ) {
    const page = context.deps.journal.read({ run: context.run, from });
    for (const entry of page) {
      if (entry.type !== 'message/finished') continue;
      const { message } = entry.data as { message: { provider: string; model: string } };
      names.add(`${message.provider}/${message.model}`);
    }
    const last = page.at(-1);
    if (last === undefined || page.length < 1000) return [...names].sort();
    from = last.seq + 1;
  }
};
