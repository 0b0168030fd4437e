import { readdirSync, readFileSync } from 'node:fs';
import { systemClock } from '../../../src/adapters/clock/systemClock.ts';

/** Command lines of a group's live processes; needs /proc. Zombies don't count: pid 1 may reap them late. */
export function groupCommands(group: number): string[] {
  return pids().flatMap((pid) => {
    try {
      const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
      const [state, , own] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
      if (Number(own) !== group || state === 'Z') return [];
      return [readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ')];
    } catch {
      // It has ended meanwhile.
      return [];
    }
  });
}

const pids = (): string[] => {
  try {
    return readdirSync('/proc').filter((name) => /^\d+$/.test(name));
  } catch {
    return [];
  }
};

export function signalGroup(group: number, signal: NodeJS.Signals): void {
  try {
    process.kill(-group, signal);
  } catch {
    // Gone.
  }
}

/** @returns whether it came true within the limit */
export async function comesTrue(condition: () => boolean, limitMs: number): Promise<boolean> {
  for (const end = systemClock.monotonic() + limitMs; systemClock.monotonic() < end; await systemClock.sleep(50)) {
    if (condition()) return true;
  }
  return condition();
}
