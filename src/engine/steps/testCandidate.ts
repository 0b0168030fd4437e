import { event } from '../../core/journal/events.ts';
import { isGreen, type RunState } from '../../core/run/state.ts';
import { standsOnNothing } from '../../core/run/unborn.ts';
import type { Cell } from '../cell.ts';
import { cleanUpAfterSetUp } from '../halfMade.ts';
import type { LandingAhead } from '../landing/landingAhead.ts';
import { layOut } from '../layOut.ts';
import { rememberedGreen } from '../rememberedGreen.ts';
import type { RunContext } from '../runContext.ts';
import { askMergeHook } from './hooks.ts';
import { prepareAgain } from './landing.ts';
import { runTests, testTree } from './runTests.ts';

/** Tests the base before money is spent, unless this very tree has passed the same command before. */
export async function testBase(context: RunContext, cell: Cell, signal: AbortSignal): Promise<boolean> {
  const { spec } = context.state;
  const remembered = rememberedGreen(context, spec.baseTree);
  if (remembered !== null) {
    await context.record(event('base/tested', { tree: spec.baseTree, evidence: remembered, remembered: true }));
    return true;
  }
  const evidence = await runTests(context, cell, 'base-test', signal);
  if (evidence === null) return false;
  await context.record(event('base/tested', { tree: spec.baseTree, evidence, remembered: false }));
  if (isGreen(evidence)) await cleanUpAfterSetUp(context);
  return true;
}

/** Runs the tests on the candidate and records on which tree they ran (INV-007). Returns false when the server went away. */
export async function testCandidate(context: RunContext, cell: Cell, attempt: number, signal: AbortSignal): Promise<boolean> {
  const { deps, state } = context;
  const current = state.attempts.find((a) => a.attempt === attempt);
  const candidate = current?.candidate;
  if (!candidate || state.cell === null) throw new Error('nothing to test');
  // A person may have revised it, or a test that came to no end may have left files.
  await layOut(context, candidate.tree, 'the candidate', signal);
  const tested = { tree: candidate.tree, what: 'the candidate', ground: groundOf(state, attempt, candidate.tree) };
  const evidence = await runTests(context, cell, `attempt-${attempt}-test`, signal, tested);
  if (evidence === null) return false;
  // Tests that lost their worktree say nothing of the candidate.
  if (!(await deps.files.exists(state.cell.worktree))) throw new Error('the worktree was removed while its tests ran');
  const after = await deps.repository.snapshot(state.cell.worktree);
  const tree = after.ok ? after.value.tree : candidate.tree;
  const changedByTest =
    tree === candidate.tree ? [] : (await deps.repository.changes(candidate.tree, tree)).map((c) => c.path).slice(0, 50);
  await context.record(event('attempt/tested', { attempt, tree: candidate.tree, evidence, changedByTest }));
  return true;
}

/** The state of the target that a landing has brought the attempt's work onto, the candidate itself when it stands on nothing; null when it stands on the base. */
const groundOf = (state: RunState, attempt: number, tree: string): string | null => {
  const { reworked } = state;
  if (reworked !== null && attempt > reworked.after) return reworked.tree;
  return standsOnNothing(state, attempt) ? tree : null;
};

/**
 * Tests the merged tree in the cell, unless that was done ahead or it is the one that has passed, and asks the hook for merges where there is one.
 * Returns false when the server went away.
 */
export async function testLanding(context: RunContext, cell: Cell, ahead: LandingAhead, signal: AbortSignal): Promise<boolean> {
  const { state } = context;
  const { landing } = state;
  if (landing === null || state.cell === null) throw new Error('no landing to test');
  if (await prepareAgain(context, ahead, true)) return true;
  context.engine.lines.foresee(context.run, landing.commit);
  const tested = await ahead.evidenceOf(landing.onto, landing.tree);
  const { tree, mergeHook } = landing;
  const hasPassed = tree === state.lastGreen.tree;
  const test = tested ?? (hasPassed ? null : await testTree(context, cell, tree, 'landing-test', signal));
  if (test === null && !hasPassed) return false;
  const asks = mergeHook && (test === null || isGreen(test));
  const hook = asks ? await askMergeHook(context, cell, tree, signal) : null;
  const evidence = test ?? hook;
  if (evidence === null || (asks && hook === null)) return false;
  await context.record(event('landing/tested', { tree: landing.tree, evidence }));
  if (!isGreen(evidence)) {
    await context.record(
      event('landing/refused', {
        code: 'red',
        message: `green alone, but red together with ${landing.target} as it is now; the work is committed on ${state.cell.branch}`,
        paths: [],
      }),
    );
  }
  return true;
}
