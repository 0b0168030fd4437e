import { execFile } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { promisify } from 'node:util';
import type { Clock } from '../../base/clock.ts';
import { CELL_MARKER } from '../../core/ports/processes.ts';
import { procFile, stateOf } from './procFiles.ts';

/** Marks a command's processes, so that they are found again whatever group or session they moved to. */
export const COMMAND_MARKER = 'REACTOR_COMMAND';

const GRACE_MS = 2_000;
const KILL_MS = 5_000;
const LOOK_EVERY_MS = 25;

interface ProcessRow {
  readonly pid: number;
  readonly parent: number;
  readonly isMarked: boolean;
}

/**
 * Ends every process whose environment has `name=value`, and what those have started: SIGTERM, then SIGKILL. Resolves with
 * how many there were.
 */
export const endMarked = (clock: Clock, name: string, value: string): Promise<number> =>
  endMatching(clock, (environment) => environment.includes(`\0${name}=${value}\0`));

/** Ends every command of Reactor's in a cell, and nothing that the agent itself has started there. */
export const endCommandsOf = (clock: Clock, cell: string): Promise<number> =>
  endMatching(clock, (environment) => environment.includes(`\0${CELL_MARKER}=${cell}\0`) && environment.includes(`\0${COMMAND_MARKER}=`));

/** As `endMarked`, at once. False when some of it could not be ended. */
export async function killMarked(clock: Clock, name: string, value: string): Promise<boolean> {
  const until = clock.monotonic() + KILL_MS;
  for (;;) {
    const alive = await tree((environment) => environment.includes(`\0${name}=${value}\0`));
    if (alive.length === 0) return true;
    signal(alive, 'SIGKILL');
    if (clock.monotonic() > until) return false;
    await clock.sleep(LOOK_EVERY_MS);
  }
}

/** @param matches is given the variables of an environment, with a zero before, between and after them. */
async function endMatching(clock: Clock, matches: (environment: string) => boolean): Promise<number> {
  const first = await tree(matches);
  const seen = new Set(first);
  let alive = first;
  signal(alive, 'SIGTERM');
  const started = clock.monotonic();
  while (alive.length > 0 && clock.monotonic() - started < GRACE_MS + KILL_MS) {
    await clock.sleep(LOOK_EVERY_MS);
    alive = await tree(matches);
    for (const pid of alive) seen.add(pid);
    if (clock.monotonic() - started > GRACE_MS) signal(alive, 'SIGKILL');
  }
  return seen.size;
}

function signal(pids: readonly number[], name: NodeJS.Signals): void {
  for (const pid of pids) {
    try {
      process.kill(pid, name);
    } catch {
      // It has ended by itself meanwhile.
    }
  }
}

/** The marked processes and their descendants, which may have cleared their environment. */
async function tree(matches: (environment: string) => boolean): Promise<number[]> {
  const rows = process.platform === 'linux' ? fromProc(matches) : await fromPs(matches);
  const chosen = new Set(rows.filter((row) => row.isMarked).map((row) => row.pid));
  for (let size = -1; size !== chosen.size; ) {
    size = chosen.size;
    for (const row of rows) if (chosen.has(row.parent)) chosen.add(row.pid);
  }
  chosen.delete(process.pid);
  return [...chosen];
}

function fromProc(matches: (environment: string) => boolean): ProcessRow[] {
  const rows: ProcessRow[] = [];
  for (const entry of readdirSync('/proc')) {
    if (!/^\d+$/.test(entry)) continue;
    try {
      const { isEnded, parent } = stateOf(entry);
      if (isEnded) continue;
      rows.push({ pid: Number(entry), parent, isMarked: matches(`\0${readEnvironment(entry)}`) });
    } catch {
      // It ended while being looked at.
    }
  }
  return rows;
}

function readEnvironment(pid: string): string {
  try {
    return procFile(pid, 'environ');
  } catch {
    // Another user's process, which no command of ours can be.
    return '';
  }
}

async function fromPs(matches: (environment: string) => boolean): Promise<ProcessRow[]> {
  const { stdout } = await promisify(execFile)('ps', ['-axEww', '-o', 'pid=,ppid=,stat=,command='], { maxBuffer: 64 * 1024 * 1024 });
  return stdout.split('\n').flatMap((line) => {
    const match = /^\s*(\d+)\s+(\d+)\s+(\S+)\s(.*)$/.exec(line);
    if (!match || match[3]?.startsWith('Z')) return [];
    return [{ pid: Number(match[1]), parent: Number(match[2]), isMarked: matches(` ${match[4]} `.replaceAll(' ', '\0')) }];
  });
}
