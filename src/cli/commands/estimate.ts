import { categoryOf } from '../../core/model/category.ts';
import { exitCodes } from '../../core/model/exitCodes.ts';
import type { RunRequest } from '../../core/model/runRequest.ts';
import { estimate, type PlannedTask, together } from '../../core/projections/costs/estimate.ts';
import { titleOf } from '../../core/run/resolveSpec.ts';
import type { CliHost } from '../cliHost.ts';
import { type CommandContext, folderOf, printJson, printLines } from '../commandContext.ts';
import { type EstimatedTask, estimateLines } from '../render/estimateLines.ts';
import { styleOf } from '../render/style.ts';
import { type RunOptions, runRequests } from './runRequests.ts';

/** `reactor estimate`: what tasks will likely cost, from past runs. Starts no engine, no agent and nothing else. */
export async function estimateCommand({ terminal, host }: CommandContext, options: RunOptions): Promise<number> {
  const loaded = await host();
  const folder = folderOf(terminal, options);
  const requests = await runRequests(options, terminal, loaded);
  const reader = await loaded.reader(folder);
  const { runs } = reader.costs();
  reader.close();
  const tasks: EstimatedTask[] = [];
  for (const request of requests) {
    const planned = await plannedTask(request, loaded);
    tasks.push({ task: request.task ?? null, planned, estimate: estimate(planned, runs) });
  }
  if (options.json) {
    const total = together(tasks.map((one) => one.estimate.usd));
    const rows = tasks.map(({ task, planned: { title, category, model }, estimate: found }) => ({
      task,
      title,
      category,
      model,
      ...found,
    }));
    printJson(terminal, { tasks: rows, totalUsd: total });
  } else printLines(terminal, estimateLines(tasks, styleOf(terminal.stdout, terminal.environment)));
  return exitCodes.done;
}

/** What the run would be settled to, as far as its cost depends on it. */
async function plannedTask(request: RunRequest, host: CliHost): Promise<PlannedTask> {
  const { config } = await host.config(request.folder);
  const { facts } = await host.repository(request.folder);
  const test = request.test ?? config.test ?? (await host.detectTest(request.folder))?.command ?? '';
  const title = request.title ?? titleOf(request.prompt);
  const category = categoryOf({ title, category: request.category });
  return {
    title,
    prompt: request.prompt,
    category,
    model: request.model ?? config.model ?? null,
    test,
    folder: facts.prefix,
  };
}
