import { open } from 'node:fs/promises';
import { resolve } from 'node:path';
import { UserFacingError } from '../../base/userFacingError.ts';
import { exitCodes } from '../../core/model/exitCodes.ts';
import { countText, plural } from '../../core/projections/figures.ts';
import type { CliHost } from '../cliHost.ts';
import { type CommandContext, type CommonOptions, folderOf, printJson, printLines } from '../commandContext.ts';
import { safeLine } from '../render/safeText.ts';
import { requireRun } from '../source.ts';

export interface ExportCommandOptions extends CommonOptions {
  readonly format?: 'ndjson' | 'csv';
  readonly run?: string;
  readonly verify?: boolean;
  readonly output?: string;
}

/** `reactor export`: the journal as it stands, or with `--verify` whether its chain is whole. Starts no engine. */
export async function exportCommand({ terminal, host }: CommandContext, options: ExportCommandOptions): Promise<number> {
  const loaded = await host();
  const folder = folderOf(terminal, options);
  if (options.verify) return await verify(loaded);
  const run = options.run === undefined ? {} : { run: await runId(loaded, folder, options.run) };
  const format = options.format ?? 'ndjson';
  if (options.output === undefined) {
    await loaded.exportEntries(folder, {
      format,
      ...run,
      write: async (part) => {
        terminal.stdout.write(part);
        await terminal.stdout.flush();
      },
    });
    return exitCodes.done;
  }
  const file = await create(resolve(terminal.folder, options.output), options.output);
  try {
    const count = await loaded.exportEntries(folder, {
      format,
      ...run,
      write: async (part) => {
        await file.write(part);
      },
    });
    if (options.json) printJson(terminal, { file: options.output, format, entries: count });
    else printLines(terminal, [`${plural(count, 'entry', 'entries')} written to ${options.output}`]);
  } finally {
    await file.close();
  }
  return exitCodes.done;

  async function verify(cliHost: CliHost): Promise<number> {
    const report = await cliHost.verifyJournal(folder);
    if (options.json) printJson(terminal, report);
    else if (report.ok)
      printLines(terminal, [
        `The journal is whole: ${plural(report.entries, 'entry', 'entries')}, each carries the hash of the one before it.`,
      ]);
    if (report.ok) return exitCodes.done;
    if (!options.json) {
      terminal.stderr.write(
        `reactor: the journal is broken at entry ${countText(report.firstBroken)}: ${safeLine(report.what)}\n` +
          'Entries before it are as they were written; nothing was repaired.\n  → keep a copy of the data folder before anything else: reactor doctor names it\n',
      );
    }
    return exitCodes.configuration;
  }
}

async function runId(host: CliHost, folder: string, name: string): Promise<string> {
  const reader = await host.reader(folder);
  try {
    const state = await requireRun(
      {
        run: async (wanted) => reader.run(wanted) ?? reader.runsOfTask(wanted).at(-1) ?? null,
        runs: async (limit) => reader.recentRuns(limit),
      },
      name,
    );
    return state.run;
  } finally {
    reader.close();
  }
}

/** A file that is already there is left as it is. */
async function create(path: string, name: string) {
  try {
    return await open(path, 'wx');
  } catch (error) {
    const exists = error instanceof Error && 'code' in error && error.code === 'EEXIST';
    throw new UserFacingError('configuration', exists ? `${name} already exists and was left as it is.` : `${name} can't be written.`, {
      cause: error,
      actions: ['name another file with --output'],
    });
  }
}
