/** Codes of errors that are shown to a person as written. Match on these, never on the text. */
export type UserErrorCode =
  | 'configuration'
  | 'notARepository'
  | 'unknownRun'
  | 'notPossibleNow'
  | 'agentServerMissing'
  | 'engineUnavailable'
  | 'engineVersion'
  | 'journalBroken'
  | 'environment'
  | 'interrupted';

/**
 * An error for a person: the message says what happened, what it means for the work, and what to do next.
 * Anything thrown that is not one of these is a bug and is logged with its stack.
 */
export class UserFacingError extends Error {
  readonly code: UserErrorCode;
  /** Commands or steps that help, most likely first. */
  readonly actions: readonly string[];

  constructor(code: UserErrorCode, message: string, options: { actions?: readonly string[]; cause?: unknown } = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = 'UserFacingError';
    this.code = code;
    this.actions = options.actions ?? [];
  }
}
