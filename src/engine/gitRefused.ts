import { UserFacingError } from '../base/userFacingError.ts';
import { volumeWords } from '../base/volumeWords.ts';
import type { GitRefusal } from '../core/ports/git.ts';

/**
 * Git would not do what a run needs to come to its end, for a reason that only a person can mend: a signature that can't be made, a hook that says no, a
 * volume that is full. Nothing is lost by it: the run waits, and can be resumed.
 */
export class GitRefused extends Error {
  /** Trying again would come out the same, or ask the person again. */
  readonly isFinal: boolean;
  constructor(message: string, isFinal: boolean) {
    super(message);
    this.name = 'GitRefused';
    this.isFinal = isFinal;
  }
}

/** The error for something that git did not do: one for a person when only they can mend it, else one that may pass. @param what could not be done */
export function gitError(what: string, { code, message }: GitRefusal): Error {
  const text = `${what}: ${message}`;
  return code === 'volume' || code === 'unsigned' ? new GitRefused(text, code === 'unsigned') : new Error(text);
}

/** A database beside the journal, such as that of the money, that can't be written for now: SQLite's errors have a number. */
const isOfDatabase = (error: unknown): error is UserFacingError =>
  error instanceof UserFacingError && error.code === 'environment' && error.cause instanceof Error && 'errcode' in error.cause;

/** What of an error is for a person to mend; null when it is none of these. */
export function refusalIn(error: unknown): GitRefused | null {
  if (error instanceof GitRefused) return error;
  if (isOfDatabase(error)) return new GitRefused(error.message.replace(/\.$/, ''), false);
  const words = volumeWords(error);
  return words === null ? null : new GitRefused(`${words} (${(error as Error).message})`, false);
}
