import { exitCodes } from '../../core/model/exitCodes.ts';
import { statusOf } from '../../core/projections/runResult.ts';
import { type CommandContext, type CommonOptions, folderOf, printJson } from '../commandContext.ts';
import { errorResult } from '../errorReport.ts';
import { followRuns } from '../follow/followRuns.ts';
import { requireRun } from '../source.ts';
import { finishRuns } from './finishRuns.ts';

/** `reactor kill`: cancels a run, waits until its cell is gone, and exits 0 when it was cancelled. */
export async function killCommand(context: CommandContext, name: string, options: CommonOptions): Promise<number> {
  const { terminal } = context;
  const json = options.json ?? false;
  try {
    const host = await context.host();
    const outcome = await followRuns(terminal, host, { folder: folderOf(terminal, options), json }, async (client) => {
      const source = {
        run: async (run: string) => (await client.request('run', { run })).state,
        runs: async (limit: number) => (await client.request('runs', { limit })).runs,
      };
      const state = await requireRun(source, name);
      const { run, seq } = await client.request('cancel', { run: state.run });
      return [{ run, seq, state }];
    });
    const cancelled =
      outcome.states.length > 0 && outcome.states.every((state) => state.phase === 'ended' && statusOf(state) === 'cancelled');
    if (cancelled) return finishRuns(context, { ...outcome, exitCode: exitCodes.done }, json);
    terminal.stderr.write('The run was not cancelled: it came to its end first.\n');
    return finishRuns(
      context,
      { ...outcome, exitCode: outcome.exitCode === exitCodes.done ? exitCodes.configuration : outcome.exitCode },
      json,
    );
  } catch (error) {
    if (json) printJson(terminal, errorResult(error));
    throw error;
  }
}
