import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';

export interface FoundProcess {
  readonly pid: number;
  readonly commandLine: string;
}

const read = (file: string): string => {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    // The process has ended, or belongs to someone else.
    return '';
  }
};

const workingFolder = (pid: number): string => {
  try {
    return readlinkSync(`/proc/${pid}/cwd`);
  } catch {
    return '';
  }
};

/** Waits for this run's end, and ends by itself. */
const isSweeper = (pid: number): boolean => read(`/proc/${pid}/cmdline`).includes('/runner/sweeperMain.ts\0');

/**
 * Processes that belong to a test run: `marker` is in their environment, they work below `folder`, or were started with a path in it.
 * Needs /proc; elsewhere empty. Zombies have none of these, so they don't count. This process itself doesn't either.
 */
export function findOwnProcesses(marker: string, folder: string): FoundProcess[] {
  let names: string[];
  try {
    names = readdirSync('/proc');
  } catch {
    return [];
  }
  return names
    .map(Number)
    .filter((pid) => Number.isInteger(pid) && pid !== process.pid && !isSweeper(pid))
    .filter((pid) => {
      const started = read(`/proc/${pid}/environ`) + read(`/proc/${pid}/cmdline`);
      const cwd = workingFolder(pid);
      return started.includes(marker) || started.includes(`${folder}/`) || cwd === folder || cwd.startsWith(`${folder}/`);
    })
    .map((pid) => ({ pid, commandLine: read(`/proc/${pid}/cmdline`).replaceAll('\0', ' ').trim() }));
}

export const isAgentServer = (found: FoundProcess): boolean => /\bopencode\b.* serve\b/.test(found.commandLine);

/** The process, and its whole group when it leads one. */
const kill = (pid: number, signal: NodeJS.Signals): void => {
  for (const target of [-pid, pid]) {
    try {
      process.kill(target, signal);
    } catch {
      // Already gone, or no leader.
    }
  }
};

/** Ends what `find` returns, and what it returns again, until nothing is left or the patience of about 10 s is at its end. */
export async function endAll(find: () => readonly FoundProcess[]): Promise<void> {
  for (let round = 0; round < 50; round += 1) {
    const found = find();
    if (found.length === 0) return;
    for (const { pid } of found) kill(pid, round < 10 ? 'SIGTERM' : 'SIGKILL');
    await sleep(200);
  }
}

/** Waits up to `limitMs` for processes that are about to end by themselves; returns those that are still there. */
export async function settled(find: () => readonly FoundProcess[], limitMs: number): Promise<readonly FoundProcess[]> {
  const until = performance.now() + limitMs;
  let found = find();
  while (found.length > 0 && performance.now() < until) {
    await sleep(200);
    found = find();
  }
  return found;
}
