import { isAbsolute, resolve } from 'node:path';
import type { CliHost } from './cliHost.ts';
import type { Terminal } from './terminal.ts';

/** Options that most commands share. */
export interface CommonOptions {
  readonly repo?: string;
  readonly json?: boolean;
  readonly verbose?: boolean;
}

/** What a command's action gets. Its result is the exit code. */
export interface CommandContext {
  readonly terminal: Terminal;
  /** Loaded when first asked for: help and completion of names need none of it. */
  readonly host: () => Promise<CliHost>;
}

/** The folder a command is for: `--repo`, or where it was called. */
export const folderOf = (terminal: Pick<Terminal, 'folder'>, options: CommonOptions): string =>
  options.repo === undefined ? terminal.folder : isAbsolute(options.repo) ? options.repo : resolve(terminal.folder, options.repo);

/** One JSON value on a line of standard output. */
export const printJson = (terminal: Pick<Terminal, 'stdout'>, value: unknown): void => terminal.stdout.write(`${JSON.stringify(value)}\n`);

export const printLines = (terminal: Pick<Terminal, 'stdout'>, lines: readonly string[]): void => {
  if (lines.length > 0) terminal.stdout.write(`${lines.join('\n')}\n`);
};
