import type { Clock } from '../../base/clock.ts';

/** A process that broke a connection by dying is known to be dead within this time. */
export const DEATH_IS_KNOWN_MS = 1_000;

/** True when the process ends within the time; then whoever listens to `exited` has been told too. */
export async function endedWithin(exited: Promise<unknown>, ms: number, clock: Clock): Promise<boolean> {
  const over = new AbortController();
  const late = clock.sleep(ms, over.signal).then(
    () => false,
    () => false,
  );
  const ended = await Promise.race([exited.then(() => true), late]);
  over.abort();
  return ended;
}
