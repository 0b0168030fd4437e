import { errorText } from '../base/log.ts';
import { UserFacingError } from '../base/userFacingError.ts';
import { exitCodes } from '../core/model/exitCodes.ts';
import { safeText } from './render/safeText.ts';
import { wrapText } from './render/textWidth.ts';

/**
 * What is told of an error that ended a command, for people: what happened, what to do, and the stack only when asked for.
 * @param columns width at which sentences are broken between words; commands to type never are
 */
export function errorReport(error: unknown, verbose: boolean, columns = Number.POSITIVE_INFINITY): string {
  const wrapped = (text: string): string =>
    text
      .split('\n')
      .flatMap((line) => wrapText(line, columns))
      .join('\n');
  if (error instanceof UserFacingError) {
    const actions = error.actions.map((action) => `  → ${safeText(action)}`);
    const cause = verbose && error.cause !== undefined ? [safeText(errorText(error.cause))] : [];
    return [wrapped(`reactor: ${safeText(error.message)}`), ...actions, ...cause].join('\n');
  }
  const what = error instanceof Error ? error.message : String(error);
  const head = wrapped(
    `reactor: something went wrong inside Reactor: ${safeText(what)}\nWhat agents did is kept; runs go on in the engine. See reactor status.`,
  );
  return verbose ? `${head}\n${safeText(errorText(error))}` : `${head}\n  → run the command again with --verbose for the details`;
}

export const exitCodeOfError = (error: unknown): number =>
  error instanceof UserFacingError && error.code === 'interrupted' ? exitCodes.interrupted : exitCodes.configuration;

/** A run that a command has set off or moved on. */
export interface BegunRun {
  readonly run: string;
  readonly task: string;
}

/**
 * The closing line of `--json` for a command that can't tell how its runs come out.
 * @param begun runs that go on in the engine all the same
 */
export function errorResult(error: unknown, begun: readonly BegunRun[] = [], exitCode = exitCodeOfError(error)): unknown {
  const known = error instanceof UserFacingError;
  return {
    type: 'result',
    exitCode,
    runs: [],
    ...(begun.length === 0 ? {} : { begun: begun.map(({ run, task }) => ({ run, task })) }),
    error: {
      code: known ? error.code : 'bug',
      message: error instanceof Error ? error.message : String(error),
      actions: known ? error.actions : [],
    },
  };
}
