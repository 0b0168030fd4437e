import { type CommandEvidence, event } from '../core/journal/events.ts';
import { markerCheck } from '../core/landing/feedback.ts';
import { hookCommand } from '../core/run/hookCommands.ts';
import type { Cell } from './cell.ts';
import { layOut } from './layOut.ts';
import type { RunContext } from './runContext.ts';
import { runInCell } from './runInCell.ts';

/** The test command, with a look for conflict markers before it where the agent had to resolve some, and with the repository's commit hook after it when the run is configured to obey it. */
async function testCommand({ state, deps }: RunContext): Promise<string> {
  const { spec, reworked } = state;
  const test = reworked === null || reworked.paths.length === 0 ? spec.test : `${markerCheck(reworked.paths)}; ${spec.test}`;
  const hook = spec.hooks ? hookCommand(await deps.repository.hooks(), 'pre-commit') : null;
  return hook === null ? test : `${test} && ${hook}`;
}

/** Runs what decides in the cell, and tells nobody. */
export async function runGate(context: RunContext, cell: Cell, name: string, signal: AbortSignal): Promise<CommandEvidence> {
  const timeoutMs = context.state.spec.limits.testTimeoutMs;
  return runInCell(context, cell.server.client, { command: await testCommand(context), name, timeoutMs, isGate: true }, signal);
}

/** Runs the tests; null when the server went away under them: the run then starts another and tests again. */
export async function runTests(context: RunContext, cell: Cell, name: string, signal: AbortSignal): Promise<CommandEvidence | null> {
  const limited = context.remainingMs() < context.state.spec.limits.testTimeoutMs;
  const evidence = await runGate(context, cell, name, signal);
  if (evidence.end === 'timedOut' && limited && context.remainingMs() <= 1000) {
    await context.record(event('run/timedOut', { afterMs: Math.round(evidence.durationMs) }));
  }
  return evidence.end === 'serverGone' || evidence.end === 'aborted' ? null : evidence;
}

/** Lays a tree out in the cell and runs the tests on it; with `runTests`, null when they did not come to an end. */
export async function testTree<T>(
  context: RunContext,
  cell: Cell,
  tree: string,
  name: string,
  signal: AbortSignal,
  run: (context: RunContext, cell: Cell, name: string, signal: AbortSignal) => Promise<T>,
): Promise<T> {
  await layOut(context, tree, 'the merged tree', signal);
  return run(context, cell, name, signal);
}
