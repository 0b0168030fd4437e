import { UserFacingError } from '../base/userFacingError.ts';

const SHOWN_LINES = 3;

/**
 * What is told of an engine that was started and gives no answer.
 * @param pid of its process while that lives: then it may still come up, and nothing is wrong but time
 * @param log its file, and `tail` the end of what is in it
 */
export function engineNotUp(started: {
  readonly pid: number | null;
  readonly log: string;
  readonly tail: string;
  readonly waitedMs: number;
}): UserFacingError {
  const { pid, log, tail, waitedMs } = started;
  if (pid !== null) {
    return new UserFacingError(
      'engineUnavailable',
      `The engine was started (process ${pid}) but has not answered for ${Math.round(waitedMs / 1000)} s. Nothing was changed. The machine may have too much to do.`,
      { actions: ['try again when it is quieter', `see its log ${log}`] },
    );
  }
  const lines = tail.trim().split('\n').slice(-SHOWN_LINES).join('\n');
  const told = lines === '' ? `Its log ${log} says nothing.` : `Its log ${log} ends with:\n${lines}`;
  return new UserFacingError('engineUnavailable', `The engine did not start. Nothing was changed. ${told}`, {
    actions: ['reactor doctor'],
  });
}
