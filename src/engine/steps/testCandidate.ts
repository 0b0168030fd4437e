import { type CommandEvidence, event } from '../../core/journal/events.ts';
import { markerCheck } from '../../core/landing/feedback.ts';
import { isGreen } from '../../core/run/state.ts';
import type { Cell } from '../cell.ts';
import { layOut } from '../layOut.ts';
import { rememberedGreen } from '../rememberedGreen.ts';
import type { RunContext } from '../runContext.ts';
import { runInCell } from '../runInCell.ts';
import { prepareAgain } from './landing.ts';

/** 128 and the number of SIGKILL: tests do not end so by themselves. The machine was short of memory, or somebody killed them. */
const KILLED = 137;
/** Tests that are killed each time are red. */
const MOST_KILLS = 2;

/** The test command, with a look for conflict markers before it where the agent had to resolve some, and with the repository's commit hook after it when the run is configured to obey it. */
const testCommand = (context: RunContext): string => {
  const { spec, reworked } = context.state;
  const { hooks } = spec;
  const test = reworked === null || reworked.paths.length === 0 ? spec.test : `${markerCheck(reworked.paths)}; ${spec.test}`;
  return hooks ? `${test} && git add -A && git hook run --ignore-missing pre-commit` : test;
};

/**
 * Runs the tests, and again when they were killed, which says nothing of the tree; null when the server went away under them: the run then
 * starts another and tests again.
 * @param restore brings the worktree to what it was before the tests.
 */
async function runTests(
  context: RunContext,
  cell: Cell,
  name: string,
  restore: () => Promise<void>,
  signal: AbortSignal,
): Promise<CommandEvidence | null> {
  for (let kills = 1; ; kills += 1) {
    const evidence = await runTestsOnce(context, cell, name, signal);
    if (evidence?.exitCode !== KILLED || kills > MOST_KILLS || context.state.timedOut) return evidence;
    const what = 'the tests were killed (signal 9), as they are when the machine is out of memory; they run again';
    await context.record(event('run/recoveryApplied', { code: 'R3', what, retry: kills, delayMs: 0 }));
    await restore();
  }
}

async function runTestsOnce(context: RunContext, cell: Cell, name: string, signal: AbortSignal): Promise<CommandEvidence | null> {
  const { testTimeoutMs } = context.state.spec.limits;
  const limited = context.remainingMs() < testTimeoutMs;
  const evidence = await runInCell(
    context,
    cell.server.client,
    { command: testCommand(context), name, timeoutMs: testTimeoutMs, isGate: true },
    signal,
  );
  if (evidence.end === 'timedOut' && limited && context.remainingMs() <= 1000) {
    await context.record(event('run/timedOut', { afterMs: Math.round(evidence.durationMs) }));
  }
  return evidence.end === 'serverGone' || evidence.end === 'aborted' ? null : evidence;
}

/** Tests the base before money is spent, unless this very tree has passed the same command before. */
export async function testBase(context: RunContext, cell: Cell, signal: AbortSignal): Promise<boolean> {
  const { spec } = context.state;
  const remembered = rememberedGreen(context, spec.baseTree);
  if (remembered !== null) {
    await context.record(event('base/tested', { tree: spec.baseTree, evidence: remembered, remembered: true }));
    return true;
  }
  const evidence = await runTests(context, cell, 'base-test', () => cleanUpAfterBase(context), signal);
  if (evidence === null) return false;
  await context.record(event('base/tested', { tree: spec.baseTree, evidence, remembered: false }));
  if (isGreen(evidence)) await cleanUpAfterBase(context);
  return true;
}

/** What the tests wrote must not look like the agent's work. Only files git can make again are touched: nothing of a person is there yet. */
async function cleanUpAfterBase(context: RunContext): Promise<void> {
  const { cell, spec } = context.state;
  if (cell === null) return;
  const { repository } = context.deps;
  const after = await repository.snapshot(cell.worktree);
  if (after.ok && after.value.tree !== spec.baseTree) await repository.resetWorktree(cell.worktree, spec.base);
}

/** Runs the tests on the candidate and records on which tree they ran (INV-007). Returns false when the server went away. */
export async function testCandidate(context: RunContext, cell: Cell, attempt: number, signal: AbortSignal): Promise<boolean> {
  const { deps, state } = context;
  const current = state.attempts.find((a) => a.attempt === attempt);
  const candidate = current?.candidate;
  if (!candidate || state.cell === null) throw new Error('nothing to test');
  // A person may have revised it, or a test that came to no end may have left files.
  const restore = () => layOut(context, candidate.tree, 'the candidate', signal);
  await restore();
  const evidence = await runTests(context, cell, `attempt-${attempt}-test`, restore, signal);
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

/** Lays a tree out in the cell and runs the tests on it; null when they did not come to an end. */
export async function testTree(
  context: RunContext,
  cell: Cell,
  tree: string,
  name: string,
  signal: AbortSignal,
): Promise<CommandEvidence | null> {
  const restore = () => layOut(context, tree, 'the merged tree', signal);
  await restore();
  return runTests(context, cell, name, restore, signal);
}

/** Tests the merged tree in the cell. Returns false when the server went away. */
export async function testLanding(context: RunContext, cell: Cell, signal: AbortSignal): Promise<boolean> {
  const { state } = context;
  const { landing } = state;
  if (landing === null || state.cell === null) throw new Error('no landing to test');
  if (await prepareAgain(context, true)) return true;
  const evidence = await testTree(context, cell, landing.tree, 'landing-test', signal);
  if (evidence === null) return false;
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
