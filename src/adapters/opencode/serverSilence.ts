import type { Clock } from '../../base/clock.ts';
import type { Disposable } from '../../base/lifecycle.ts';
import type { ServerConnection } from './serverConnection.ts';

/** A server that leaves so many looks in a row without an answer is stopped or stuck, though its process is there. */
export const SILENT_LOOKS = 3;
/** How long a look waits for an answer. */
export const LOOK_LIMIT_MS = 15_000;
const LOOK_EVERY_MS = 5_000;
/** After a look that was refused at once. */
const LOOK_AGAIN_MS = 1_000;

/** Whether the server answers nothing any more, which takes three looks to tell. Never rejects; false when aborted meanwhile. */
export async function isSilent(connection: ServerConnection, clock: Clock, signal?: AbortSignal): Promise<boolean> {
  try {
    for (let look = 1; !(await connection.answers(LOOK_LIMIT_MS, signal)); look += 1) {
      if (look === SILENT_LOOKS) return true;
      await clock.sleep(LOOK_AGAIN_MS, signal);
    }
    return false;
  } catch (error) {
    if (signal?.aborted) return false;
    throw error;
  }
}

/** Looks at the server from time to time until disposed, and calls `onSilent` once when it does not answer any more. */
export function watchForSilence(connection: ServerConnection, clock: Clock, onSilent: () => void): Disposable {
  const over = new AbortController();
  const watch = async (): Promise<void> => {
    do await clock.sleep(LOOK_EVERY_MS, over.signal);
    while (!(await isSilent(connection, clock, over.signal)));
    if (!over.signal.aborted) onSilent();
  };
  // It ends by being aborted, too.
  watch().catch(() => {});
  return { dispose: () => over.abort() };
}
