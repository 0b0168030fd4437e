import { randomUUID } from 'node:crypto';
import { exitCodes } from '../../core/model/exitCodes.ts';
import type { EngineClient } from '../../protocol/engineClient.ts';
import { type CommandContext, folderOf, printJson } from '../commandContext.ts';
import { type BegunRun, errorResult } from '../errorReport.ts';
import { askEngine, connectAlways, followRuns } from '../follow/followRuns.ts';
import type { FollowedRun } from '../follow/runFollower.ts';
import { safeLine } from '../render/safeText.ts';
import { finishRuns } from './finishRuns.ts';
import { parallelOf, type RunOptions, runRequests } from './runRequests.ts';

/** `reactor run`: submits, follows to the end, and tells how it came out. */
export async function runCommand(context: CommandContext, options: RunOptions): Promise<number> {
  const { terminal } = context;
  const json = options.json ?? false;
  const people = json ? terminal.stderr : terminal.stdout;
  let begun: readonly BegunRun[] = [];
  try {
    const host = await context.host();
    const folder = folderOf(terminal, options);
    const sideBySide = parallelOf(options);
    const requests = await runRequests(options, terminal, host);
    const submission = randomUUID();
    let again = false;
    const submit = async (client: EngineClient) => {
      const asked = client.request('submit', { requests: [...requests], ...sideBySide, submission, ...(again ? { again } : {}) });
      again = true;
      const { runs, notes } = await asked;
      begun = runs;
      for (const note of notes) people.write(`${safeLine(note)}\n`);
      return runs;
    };
    if (options.detach) {
      const connect = () => connectAlways(host, folder, false);
      const { client, value: runs } = await askEngine(await connect(), connect, submit);
      try {
        if (json) printJson(terminal, { type: 'submitted', runs });
        else
          for (const { run, task } of runs)
            terminal.stdout.write(`${task} runs as ${run} in the background: reactor watch, reactor logs ${task} -f\n`);
      } finally {
        client.dispose();
      }
      return exitCodes.done;
    }
    const begin = async (client: EngineClient): Promise<readonly FollowedRun[]> =>
      (await submit(client)).map(({ run, seq }) => ({ run, seq, state: null }));
    return finishRuns(context, await followRuns(terminal, host, { folder, json, canBeginAgain: true }, begin), json);
  } catch (error) {
    if (json) printJson(terminal, errorResult(error, begun));
    throw error;
  }
}
