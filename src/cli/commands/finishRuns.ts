import { type ResultRow, resultRow } from '../../core/projections/runResult.ts';
import type { CommandContext } from '../commandContext.ts';
import { printJson } from '../commandContext.ts';
import type { FollowOutcome } from '../follow/followRuns.ts';
import { styleOf } from '../render/style.ts';
import { summaryLines } from '../render/summary.ts';

/** The closing result object of `--json`. A run that goes on without this command counts as not done. */
export const resultObject = (outcome: FollowOutcome): unknown => ({
  type: 'result',
  exitCode: outcome.exitCode,
  runs: outcome.states.map((state) => settledRow(resultRow(state))),
});

const settledRow = (row: ResultRow): ResultRow =>
  row.status === 'running' ? { ...row, status: 'error', reason: row.reason || 'left running in the engine; see reactor status' } : row;

/** Tells how followed runs came out: the summary for people, or the result object. @returns the exit code */
export function finishRuns({ terminal }: Pick<CommandContext, 'terminal'>, outcome: FollowOutcome, json: boolean): number {
  const people = json ? terminal.stderr : terminal.stdout;
  const lines = summaryLines(outcome.states, styleOf(people, terminal.environment), terminal.clock.now());
  if (outcome.states.length > 0) people.write(`\n${lines.join('\n')}\n`);
  const left = outcome.left ? outcome.states.filter((state) => state.phase !== 'ended') : [];
  if (left.some(({ cancelledBy }) => cancelledBy === null)) {
    people.write('  Left running in the engine: reactor watch shows it, reactor kill ends it.\n');
  } else if (left.length > 0) people.write('  The engine goes on ending it and keeps what was done: reactor status shows it until then.\n');
  if (json) printJson(terminal, resultObject(outcome));
  return outcome.exitCode;
}
