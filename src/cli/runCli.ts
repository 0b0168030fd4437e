import { CommanderError } from 'commander';
import { UserFacingError } from '../base/userFacingError.ts';
import { exitCodes } from '../core/model/exitCodes.ts';
import type { CliHost } from './cliHost.ts';
import { printJson } from './commandContext.ts';
import { errorReport, errorResult, exitCodeOfError } from './errorReport.ts';
import { buildProgram } from './program.ts';
import type { Terminal } from './terminal.ts';
import { unwritten } from './unwritten.ts';

/**
 * One call of the command line.
 * @param loadHost called at most once, and only by commands that need more than the terminal.
 * @returns the exit code, when everything has been written; what could not be written is told, and is a failure of commands that only tell.
 */
export async function runCli(terminal: Terminal, loadHost: () => Promise<CliHost>): Promise<number> {
  const exitCode = await dispatch(terminal, loadHost);
  await terminal.stdout.flush();
  const lost = terminal.stdout.failure;
  if (lost !== null) terminal.stderr.write(`${errorReport(unwritten('The output', lost), false)}\n`);
  await terminal.stderr.flush();
  // How runs came out is true all the same.
  return lost === null || followingCommands.includes(terminal.argv[0] ?? '') || exitCode !== exitCodes.done
    ? exitCode
    : exitCodes.configuration;
}

async function dispatch(terminal: Terminal, loadHost: () => Promise<CliHost>): Promise<number> {
  let loading: Promise<CliHost> | null = null;
  const host = () => {
    loading ??= loadHost();
    return loading;
  };
  let exitCode: number | null = null;
  const program = buildProgram({ terminal, host }, (code) => {
    exitCode = code;
  });
  for (const command of [program, ...program.commands]) {
    command.exitOverride();
    command.configureOutput({
      writeOut: (text) => terminal.stdout.write(text),
      writeErr: (text) => terminal.stderr.write(text),
      getOutHelpWidth: () => (terminal.stdout.isTTY ? terminal.stdout.columns : 100),
      getErrHelpWidth: () => (terminal.stderr.isTTY ? terminal.stderr.columns : 100),
      outputError: (text, write) => write(text.replace(/^error: /, 'reactor: ')),
    });
  }
  const { argv } = terminal;
  if (argv.length === 0) {
    terminal.stderr.write(program.helpInformation());
    return exitCodes.configuration;
  }
  try {
    await program.parseAsync([...argv], { from: 'user' });
    return exitCode ?? exitCodes.done;
  } catch (error) {
    if (error instanceof CommanderError) {
      if (error.exitCode === 0) return exitCodes.done;
      if (endsWithResult(argv)) printJson(terminal, errorResult(misuse(error, argv)));
      return exitCodes.configuration;
    }
    const { stderr } = terminal;
    stderr.write(`${errorReport(error, argv.includes('--verbose'), stderr.isTTY ? stderr.columns : undefined)}\n`);
    return exitCodeOfError(error);
  }
}

/** Commands that follow runs: their exit code is that of the runs, and their `--json` promises a result object as the last line. */
const followingCommands = ['run', 'approve', 'reject', 'resume', 'kill'];

const endsWithResult = (argv: readonly string[]): boolean => argv.includes('--json') && followingCommands.includes(argv[0] ?? '');

const misuse = (error: CommanderError, argv: readonly string[]): UserFacingError =>
  new UserFacingError('configuration', error.message.replace(/^error: /, ''), {
    actions: [`reactor ${argv[0] ?? ''} --help`.replace('  ', ' ')],
  });
