import { readFileSync } from 'node:fs';

/**
 * The kernel's id of this start of the machine (Linux, random(4)): after a restart, pids and start times may come again.
 * Null where there is none; there, the start time, which is a date, tells restarts apart.
 */
export function readBootId(): string | null {
  try {
    return readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
  } catch {
    return null;
  }
}
