import { readFileSync } from 'node:fs';
import process from 'node:process';

/**
 * The kernel's id of this start of the machine (Linux, random(4)): after a restart, pids and start times may come again.
 * Null where there is none; there, the start time, which is a date, tells restarts apart.
 * REACTOR_BOOT_ID takes its place in tests, which can't restart the machine.
 */
export function readBootId(): string | null {
  const given = process.env['REACTOR_BOOT_ID'];
  if (given !== undefined && given !== '') return given;
  try {
    return readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
  } catch {
    return null;
  }
}
