import type { Command } from 'commander';
import { exitCodes } from '../../core/model/exitCodes.ts';
import type { CliHost } from '../cliHost.ts';
import { type CommandContext, folderOf, printLines } from '../commandContext.ts';
import { completionScripts } from './completionScripts.ts';

export function completionCommand({ terminal }: CommandContext, shell: keyof typeof completionScripts): number {
  terminal.stdout.write(completionScripts[shell]);
  return exitCodes.done;
}

const runsToOffer = 100;

/**
 * `reactor __complete WORD… CURRENT`: what the shell may offer for CURRENT, one per line. Never fails and never starts an engine:
 * a shell in the middle of a line is no place for an error.
 */
export async function completeCommand(context: CommandContext, program: Command, words: readonly string[]): Promise<number> {
  const before = words.slice(0, -1);
  const current = words.at(-1) ?? '';
  const candidates = staticCandidates(program, before, current);
  const offered = candidates ?? (await runNames(context, before));
  printLines(
    context.terminal,
    offered.filter((candidate) => candidate.startsWith(current)),
  );
  return exitCodes.done;
}

const isHidden = (command: Command): boolean => command.name().startsWith('__') || command.name() === 'engine';

/** Null where the name of a run belongs. */
function staticCandidates(program: Command, before: readonly string[], current: string): readonly string[] | null {
  const commands = program.commands.filter((command) => !isHidden(command));
  const command = commands.find((one) => one.name() === before[0]);
  if (command === undefined) return before.length > 0 ? [] : [...commands.map((one) => one.name()), 'help', '--help', '--version'];
  const last = before.at(-1) ?? '';
  const valued = command.options.find((option) => option.long === last || option.short === last);
  if (valued !== undefined && (valued.required || valued.optional)) {
    if (valued.argChoices !== undefined) return valued.argChoices;
    return valued.long === '--run' ? null : [];
  }
  if (current.startsWith('-')) return [...command.options.flatMap(({ long }) => long ?? []), '--help'];
  const argument = command.registeredArguments[0];
  if (argument === undefined || positionals(command, before.slice(1)) > 0) return [];
  return argument.argChoices ?? null;
}

/** Words that are neither options nor their values. */
function positionals(command: Command, words: readonly string[]): number {
  let count = 0;
  for (let index = 0; index < words.length; index += 1) {
    const word = words[index] ?? '';
    const option = command.options.find(({ long, short }) => long === word || short === word);
    if (option?.required) index += 1;
    else if (!word.startsWith('-')) count += 1;
  }
  return count;
}

async function runNames({ terminal, host }: CommandContext, before: readonly string[]): Promise<readonly string[]> {
  const named = before.indexOf('--repo');
  const repo = named < 0 ? undefined : before[named + 1];
  try {
    const loaded: CliHost = await host();
    const reader = await loaded.reader(folderOf(terminal, repo === undefined ? {} : { repo }));
    try {
      return [...new Set(reader.recentRuns(runsToOffer).flatMap(({ task, run }) => [task, run]))];
    } finally {
      reader.close();
    }
  } catch {
    return [];
  }
}
