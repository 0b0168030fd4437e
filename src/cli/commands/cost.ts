import { UserFacingError } from '../../base/userFacingError.ts';
import { exitCodes } from '../../core/model/exitCodes.ts';
import type { JournalReader } from '../../core/ports/journal.ts';
import type { CostDimension } from '../../core/projections/costs/costDimensions.ts';
import { costTable, type TimeRange } from '../../core/projections/costs/costTable.ts';
import { usDollars } from '../../core/projections/costs/currency.ts';
import type { RunCosts } from '../../core/projections/costs/runCosts.ts';
import { taskTree } from '../../core/projections/costs/taskCosts.ts';
import { costTableCsv, costTableObject } from '../../core/report/costTableText.ts';
import { ledgerCsvHeader, ledgerCsvLine } from '../../core/report/ledgerRow.ts';
import type { RunState } from '../../core/run/state.ts';
import type { CliHost } from '../cliHost.ts';
import { type CommandContext, type CommonOptions, folderOf } from '../commandContext.ts';
import { costTableLines } from '../render/costTableLines.ts';
import { type Style, styleOf, uncut } from '../render/style.ts';
import { taskTreeLines } from '../render/taskTreeLines.ts';
import { todayText } from '../render/todayText.ts';
import { requireRun } from '../source.ts';
import type { Terminal } from '../terminal.ts';
import { chargesOf, rangeOf } from './charges.ts';
import { openOutput } from './output.ts';

export interface CostOptions extends CommonOptions {
  readonly by?: CostDimension;
  readonly since?: string;
  readonly until?: string;
  readonly format?: 'table' | 'csv' | 'json' | 'html';
  readonly output?: string;
}

/** `reactor cost`: what was spent, by one thing; `reactor cost TASK`: the tree of one task with its arithmetic. Starts no engine. */
export async function costCommand({ terminal, host }: CommandContext, name: string | undefined, options: CostOptions): Promise<number> {
  const format = options.format ?? (options.json ? 'json' : 'table');
  if (name !== undefined) refuseTogether(options, format);
  const range = rangeOf(terminal, options);
  const loaded = await host();
  const folder = folderOf(terminal, options);
  const reader = await loaded.reader(folder);
  try {
    const text =
      name === undefined
        ? await reportText(terminal, loaded, folder, reader, format, range, options)
        : await taskText(terminal, reader, name, format, styleFor(terminal, options));
    const output = await openOutput(terminal, options.output);
    try {
      await output.write(text);
    } finally {
      await output.close();
    }
    if (options.output !== undefined) terminal.stderr.write(`written to ${options.output}\n`);
  } finally {
    reader.close();
  }
  return exitCodes.done;
}

/** A file has neither a width nor colours, whatever terminal it is asked for on. */
const styleFor = ({ stdout, environment }: Terminal, { output }: CostOptions): Style =>
  output === undefined ? styleOf(stdout, environment) : { ...uncut(styleOf(stdout, environment)), colours: false };

function refuseTogether(options: CostOptions, format: string): void {
  const given = (['by', 'since', 'until'] as const).find((option) => options[option] !== undefined);
  if (given === undefined && format !== 'html') return;
  const what = given === undefined ? '--format html is' : `--${given} is`;
  throw new UserFacingError('configuration', `${what} for reports of the whole repository; the tree of one task has all of it.`, {
    actions: ['leave it out, or leave the task out'],
  });
}

async function reportText(
  terminal: Terminal,
  host: CliHost,
  folder: string,
  reader: JournalReader,
  format: NonNullable<CostOptions['format']>,
  range: TimeRange,
  options: CostOptions,
): Promise<string> {
  const { runs } = reader.costs(range.from ?? 0);
  const { config } = await host.config(folder);
  const currency = config.currency ?? usDollars;
  if (format === 'html') {
    const { costHtml } = await import('../../core/report/costHtml.ts');
    const { facts } = await host.repository(folder);
    return costHtml({
      runs,
      range,
      now: terminal.clock.now(),
      dayOf: terminal.dayOf,
      budgets: config.budgets,
      currency,
      repository: nameOf(facts.topLevel ?? facts.commonDir),
      version: terminal.version,
    });
  }
  const table = costTable(runs, options.by ?? 'task', range, terminal.dayOf);
  if (format === 'json') return `${JSON.stringify(costTableObject(table))}\n`;
  if (format === 'csv') return costTableCsv(table);
  const style = styleFor(terminal, options);
  const { perDayUsd } = config.budgets;
  const today = perDayUsd === undefined || range.to !== null ? [] : [todayText(runs, perDayUsd, terminal)];
  return `${[...costTableLines(table, rangeText(range, runs, terminal), style, currency), ...today].join('\n')}\n`;
}

const nameOf = (path: string): string =>
  path
    .replace(/\/\.git\/?$/, '')
    .split('/')
    .findLast((part) => part !== '') ?? path;

/** '2026-05-01 to 2026-05-20', or the days of what was recorded. */
function rangeText(range: TimeRange, runs: readonly RunCosts[], { dayOf, clock }: Terminal): string {
  if (range.from === null && range.to === null) {
    const first = Math.min(...runs.flatMap(({ cells }) => cells.map(({ at }) => at)));
    return Number.isFinite(first) ? `all that is recorded, from ${dayOf(first)} on` : 'all that is recorded';
  }
  const from = range.from === null ? 'the beginning' : dayOf(range.from);
  const to = range.to === null ? dayOf(clock.now()) : dayOf(range.to - 1);
  return from === to ? from : `${from} to ${to}`;
}

async function taskText(
  terminal: Terminal,
  reader: JournalReader,
  name: string,
  format: CostOptions['format'],
  style: Style,
): Promise<string> {
  const runs = await runsNamed(reader, name);
  const charges = new Map(runs.map(({ run }) => [run, [...chargesOf(reader, run)]]));
  if (format === 'csv')
    return (
      ledgerCsvHeader +
      [...charges.values()]
        .flat()
        .map((charge) => ledgerCsvLine(charge, terminal.dayOf(charge.at)))
        .join('')
    );
  const tree = taskTree(runs, charges, terminal.clock.now());
  if (format === 'json') return `${JSON.stringify(tree)}\n`;
  return `${taskTreeLines(tree, style).join('\n')}\n`;
}

/** The runs of a task, oldest first, or the one run of that name. @throws UserFacingError `unknownRun` */
async function runsNamed(reader: JournalReader, name: string): Promise<readonly RunState[]> {
  const runs = reader.runsOfTask(name);
  if (runs.length > 0) return runs;
  const source = { run: async (wanted: string) => reader.run(wanted), runs: async (limit: number) => reader.recentRuns(limit) };
  return [await requireRun(source, name)];
}
