import { type CommandEvidence, event } from '../../core/journal/events.ts';
import { markerCheck } from '../../core/landing/feedback.ts';
import type { Oid } from '../../core/ports/git.ts';
import { hookCommand } from '../../core/run/hookCommands.ts';
import { isGreen } from '../../core/run/state.ts';
import type { Cell } from '../cell.ts';
import { cleanUpAfterSetUp } from '../halfMade.ts';
import { layOut } from '../layOut.ts';
import { clearLeftovers } from '../leftovers.ts';
import type { RunContext } from '../runContext.ts';
import { runInCell } from '../runInCell.ts';

/** 128 and the number of SIGKILL: tests do not end so by themselves. The machine was short of memory, or somebody killed them. */
const KILLED = 137;
/** Tests that are killed each time are red. */
const MOST_KILLS = 2;

/** A tree that is laid out in the cell, and what the setup command must have been run for before it is tested. */
export interface TestedTree {
  readonly tree: Oid;
  /** The tree, for people. */
  readonly what: string;
  /** The state of the project that it stands on; null when that is what the cell was made from. */
  readonly ground: Oid | null;
  /** Tested before it is the run's turn: that the run's time is up is told by who tests it then. */
  readonly isAhead?: boolean;
}

/** The test command, with a look for conflict markers before it where the agent had to resolve some, and with the repository's commit hook after it when the run is configured to obey it. */
async function testCommand({ state, deps }: RunContext): Promise<string> {
  const { spec, reworked } = state;
  const test = reworked === null || reworked.paths.length === 0 ? spec.test : `${markerCheck(reworked.paths)}; ${spec.test}`;
  const hook = spec.hooks ? hookCommand(await deps.repository.hooks(), 'pre-commit') : null;
  return hook === null ? test : `${test} && ${hook}`;
}

/**
 * Runs the tests, after the setup command where the tree stands on another state than it was last run for: what it made of that one, such as
 * installed dependencies, says nothing of this one. A setup command that fails is as red as a test. They run again when they were killed, which
 * says nothing of the tree.
 * @param tested null for what the cell was made from.
 * @returns null when the server went away under them: the run then starts another and tests again.
 */
export async function runTests(
  context: RunContext,
  cell: Cell,
  name: string,
  signal: AbortSignal,
  tested: TestedTree | null = null,
): Promise<CommandEvidence | null> {
  const { limits } = context.state.spec;
  const isAnew = tested !== null && mustSetUp(context, cell, tested);
  if (isAnew) {
    const evidence = await setUpAnew(context, cell, name, signal, tested);
    if (evidence === null || !isGreen(evidence)) return evidence;
  }
  const gate = { command: await testCommand(context), name, timeoutMs: limits.testTimeoutMs, isGate: true, keepsGateHome: isAnew };
  for (let kills = 1; ; kills += 1) {
    const evidence = await gateCommand(context, cell, gate, signal, tested?.isAhead);
    if (evidence?.exitCode !== KILLED || kills > MOST_KILLS || context.state.timedOut) return evidence;
    const what = 'the tests were killed (signal 9), as they are when the machine is out of memory; they run again';
    await context.record(event('run/recoveryApplied', { code: 'R3', what, retry: kills, delayMs: 0 }));
    await (tested === null ? cleanUpAfterSetUp(context) : layOut(context, tested.tree, tested.what, signal));
  }
}

/** Lays a merged tree out in the cell, without what the agent left where git ignores it, and runs the tests on it; null when they did not come to an end. */
export async function testTree(
  context: RunContext,
  cell: Cell,
  tree: Oid,
  name: string,
  signal: AbortSignal,
  isAhead = false,
): Promise<CommandEvidence | null> {
  const what = 'the merged tree';
  await layOut(context, tree, what, signal);
  // Once it was set up for this tree, what is there now is of that.
  if (context.state.spec.setup === null || cell.setUpFor !== tree) await clearLeftovers(context, signal);
  return runTests(context, cell, name, signal, { tree, what, ground: tree, isAhead });
}

const mustSetUp = ({ state }: RunContext, cell: Cell, { ground }: TestedTree): boolean =>
  state.spec.setup !== null && ground !== null && cell.setUpFor !== ground;

async function setUpAnew(
  context: RunContext,
  cell: Cell,
  name: string,
  signal: AbortSignal,
  { tree, what, ground, isAhead }: TestedTree,
): Promise<CommandEvidence | null> {
  const { setup, limits } = context.state.spec;
  // Broken off or failed, it leaves what is neither of the state before nor of this one.
  cell.setUpFor = null;
  const request = { command: setup ?? '', name: `${name}-setup`, timeoutMs: limits.setupTimeoutMs, isGate: true };
  const evidence = await gateCommand(context, cell, request, signal, isAhead);
  if (evidence === null || !isGreen(evidence)) return evidence;
  await context.record(event('cell/setupFinished', { evidence }));
  cell.setUpFor = ground;
  // What it changed of the files that are tested is no part of them.
  await layOut(context, tree, what, signal);
  return evidence;
}

async function gateCommand(
  context: RunContext,
  cell: Cell,
  request: Parameters<typeof runInCell>[2],
  signal: AbortSignal,
  isAhead = false,
): Promise<CommandEvidence | null> {
  const limited = context.remainingMs() < request.timeoutMs;
  const evidence = await runInCell(context, cell.server.client, request, signal);
  if (evidence.end === 'timedOut' && limited && !isAhead && context.remainingMs() <= 1000) {
    await context.record(event('run/timedOut', { afterMs: Math.round(evidence.durationMs) }));
  }
  return evidence.end === 'serverGone' || evidence.end === 'aborted' ? null : evidence;
}
