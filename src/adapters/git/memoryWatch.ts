import { readFile } from 'node:fs/promises';
import { totalmem } from 'node:os';
import process from 'node:process';
import type { Clock } from '../../base/clock.ts';
import type { Disposable } from '../../base/lifecycle.ts';

const LOOK_EVERY_MS = 500;
const LEAST_BYTES = 2 * 1024 ** 3;

/** What one git may hold of the machine's memory, or of that of the container it runs in: a share, and never so little that a large repository needs more. */
export function mostMemory(share: number): number {
  const constrained = process.constrainedMemory();
  const machine = constrained > 0 ? Math.min(constrained, totalmem()) : totalmem();
  return Math.max(LEAST_BYTES, Math.floor(machine * share));
}

/** Looks, twice a second, how much memory a process holds that is no file's, and says once that it is too much. Only Linux tells. */
export function watchMemory(
  clock: Clock,
  pid: number | undefined,
  mostBytes: number,
  onTooMuch: () => void,
  heldBy: (pid: number) => Promise<number | null> = heldBytes,
): Disposable {
  let isOver = pid === undefined || process.platform !== 'linux';
  let timer: Disposable | null = null;
  const look = async (): Promise<void> => {
    const held = await heldBy(pid ?? 0);
    if (isOver || held === null) return;
    if (held <= mostBytes) return schedule();
    isOver = true;
    onTooMuch();
  };
  const schedule = (): void => {
    timer = clock.schedule(LOOK_EVERY_MS, () => void look());
  };
  if (!isOver) schedule();
  return {
    dispose: () => {
      isOver = true;
      timer?.dispose();
    },
  };
}

/** Null when the process is gone, or can't be looked at. */
async function heldBytes(pid: number): Promise<number | null> {
  const status = await readFile(`/proc/${pid}/status`, 'latin1').catch(() => null);
  const kilobytes = /^RssAnon:\s+(\d+) kB$/m.exec(status ?? '')?.[1];
  return kilobytes === undefined ? null : Number(kilobytes) * 1024;
}
