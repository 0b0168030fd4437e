import { UserFacingError } from '../../base/userFacingError.ts';
import { exitCodes } from '../../core/model/exitCodes.ts';
import { allTime, type TimeRange } from '../../core/projections/costs/costTable.ts';
import { countText, plural } from '../../core/projections/figures.ts';
import type { CliHost } from '../cliHost.ts';
import { type CommandContext, type CommonOptions, folderOf, printJson, printLines } from '../commandContext.ts';
import { safeLine } from '../render/safeText.ts';
import { requireRun } from '../source.ts';
import { chargesOf, rangeOf } from './charges.ts';
import { type Output, openOutput } from './output.ts';
import { writeLedger } from './writeLedger.ts';

export interface ExportCommandOptions extends CommonOptions {
  readonly format?: 'ndjson' | 'csv';
  readonly run?: string;
  readonly verify?: boolean;
  readonly output?: string;
  /** The charges in place of the journal's entries. */
  readonly ledger?: boolean;
  readonly since?: string;
  readonly until?: string;
}

/** `reactor export`: the journal as it stands, with `--ledger` its charges, or with `--verify` whether its chain is whole. Starts no engine. */
export async function exportCommand({ terminal, host }: CommandContext, options: ExportCommandOptions): Promise<number> {
  const loaded = await host();
  const folder = folderOf(terminal, options);
  if (options.verify) return await verify(loaded);
  const run = options.run === undefined ? {} : { run: await runId(loaded, folder, options.run) };
  const format = options.format ?? 'ndjson';
  const range = options.ledger ? rangeOf(terminal, options) : refuseRange(options);
  const output = await openOutput(terminal, options.output);
  try {
    const entries = options.ledger
      ? await exportLedger(loaded, folder, { format, range, ...run, output })
      : await loaded.exportEntries(folder, { format, ...run, write: output.write });
    if (options.output === undefined) return exitCodes.done;
    if (options.json) printJson(terminal, { file: options.output, format, entries });
    else
      printLines(terminal, [
        `${plural(entries, options.ledger ? 'charge' : 'entry', options.ledger ? 'charges' : 'entries')} written to ${options.output}`,
      ]);
  } finally {
    await output.close();
  }
  return exitCodes.done;

  /** Charges one by one, for accounting. @returns how many */
  async function exportLedger(
    cliHost: CliHost,
    of: string,
    { format: form, range: within, run: only, output: to }: { format: 'ndjson' | 'csv'; range: TimeRange; run?: string; output: Output },
  ): Promise<number> {
    const reader = await cliHost.reader(of);
    try {
      return await writeLedger(chargesOf(reader, only), { format: form, range: within, dayOf: terminal.dayOf, write: to.write });
    } finally {
      reader.close();
    }
  }

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

/** The journal is exported whole: a part of it has no chain. @throws UserFacingError `configuration` */
function refuseRange(options: ExportCommandOptions): TimeRange {
  const given = (['since', 'until'] as const).find((option) => options[option] !== undefined);
  if (given === undefined) return allTime;
  throw new UserFacingError('configuration', `--${given} is for the ledger.`, {
    actions: ['add --ledger', 'leave it out: the journal is exported whole'],
  });
}
