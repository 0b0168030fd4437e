import { UserFacingError } from '../../base/userFacingError.ts';
import type { EngineClient } from '../../protocol/engineClient.ts';
import { type CommandContext, folderOf, printJson } from '../commandContext.ts';
import { errorResult } from '../errorReport.ts';
import { followRuns } from '../follow/followRuns.ts';
import type { FollowedRun } from '../follow/runFollower.ts';
import { type ResumeOptions, resumeCommand } from './answers.ts';
import { finishRuns } from './finishRuns.ts';
import { budgetOf } from './runRequests.ts';

/** `reactor resume [RUN] [--all]`: one parked run, or every one that a budget has parked. */
export async function resumeSome(
  context: CommandContext,
  name: string | undefined,
  options: ResumeOptions & { readonly all?: boolean },
): Promise<number> {
  if (options.all !== true && name !== undefined) return resumeCommand(context, name, options);
  const { terminal } = context;
  const json = options.json ?? false;
  try {
    if ((options.all === true) === (name !== undefined)) {
      throw new UserFacingError('configuration', 'Name the run that is to go on, or say --all for every run that a budget has parked.', {
        actions: ['reactor resume RUN', 'reactor resume --all'],
      });
    }
    const people = json ? terminal.stderr : terminal.stdout;
    const begin = (client: EngineClient) => resumeParked(client, options, (line) => people.write(`${line}\n`));
    const outcome = await followRuns(terminal, await context.host(), { folder: folderOf(terminal, options), json }, begin);
    return finishRuns(context, outcome, json);
  } catch (error) {
    if (json) printJson(terminal, errorResult(error));
    throw error;
  }
}

async function resumeParked(client: EngineClient, options: ResumeOptions, say: (line: string) => void): Promise<FollowedRun[]> {
  const budget = options.budget === undefined ? {} : { budgetUsd: budgetOf(options.budget) };
  const { runs } = await client.request('status', {});
  const parked = runs.filter((state) => state.parked?.code === 'budget' && state.pending.length === 0);
  if (parked.length === 0) throw new UserFacingError('notPossibleNow', 'No run is parked for a budget.', { actions: ['reactor status'] });
  const followed: FollowedRun[] = [];
  for (const state of parked) {
    const { run, seq } = await client.request('resume', { run: state.run, ...budget });
    followed.push({ run, seq, state });
  }
  say(`${followed.length === 1 ? '1 run goes on.' : `${followed.length} runs go on.`}`);
  return followed;
}
