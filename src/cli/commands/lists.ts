import { exitCodes } from '../../core/model/exitCodes.ts';
import type { RunState } from '../../core/run/state.ts';
import { type CommandContext, type CommonOptions, folderOf, printJson, printLines } from '../commandContext.ts';
import { cellLines, runTable, statusLines, statusRow } from '../render/statusLines.ts';
import { styleOf } from '../render/style.ts';
import { withSource } from '../source.ts';

/** `reactor status`: what waits for a person and what runs. */
export async function statusCommand({ terminal, host }: CommandContext, options: CommonOptions): Promise<number> {
  const status = await withSource(await host(), folderOf(terminal, options), (source) =>
    source.status(terminal.dayOf(terminal.clock.now())),
  );
  if (options.json)
    printJson(terminal, { runs: status.runs.map((state) => statusRow(state, status.runs)), cells: status.cells, inbox: status.inbox });
  else printLines(terminal, statusLines(status, styleOf(terminal.stdout, terminal.environment), terminal.clock.now()));
  return exitCodes.done;
}

/** `reactor cells`: worktrees and servers that are there now. */
export async function cellsCommand({ terminal, host }: CommandContext, options: CommonOptions): Promise<number> {
  const { cells } = await withSource(await host(), folderOf(terminal, options), (source) => source.status(null));
  if (options.json) printJson(terminal, { cells });
  else printLines(terminal, cellLines(cells, styleOf(terminal.stdout, terminal.environment)));
  return exitCodes.done;
}

const runsToRead = 1000;

/** `reactor tasks`: each task with its last run, newest first. */
export async function tasksCommand({ terminal, host }: CommandContext, options: CommonOptions): Promise<number> {
  const runs = await withSource(await host(), folderOf(terminal, options), (source) => source.runs(runsToRead));
  const last = new Map<string, RunState>();
  for (const state of runs) if (!last.has(state.task)) last.set(state.task, state);
  const tasks = [...last.values()];
  if (options.json) printJson(terminal, { tasks: tasks.map((state) => statusRow(state, tasks)) });
  else if (tasks.length === 0) printLines(terminal, ['No task has been run in this repository yet. Start with: reactor run --prompt "…"']);
  else printLines(terminal, runTable(tasks, styleOf(terminal.stdout, terminal.environment), terminal.clock.now()));
  return exitCodes.done;
}
