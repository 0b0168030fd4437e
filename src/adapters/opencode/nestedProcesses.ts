import { readdirSync } from 'node:fs';
import type { Clock } from '../../base/clock.ts';
import { LEADER_MARKER } from '../../core/ports/processes.ts';
import { killMarked } from './markedProcesses.ts';
import { procFile, stateOf } from './procFiles.ts';

const LIMIT_MS = 5_000;
const STILL_LIMIT_MS = 1_000;
const LOOK_EVERY_MS = 10;

interface Row {
  readonly pid: number;
  /** In how many process namespaces it is, counted from this one. */
  readonly depth: number;
  /** The first process of the innermost of them. Killed, it takes all others with it, whatever they start meanwhile. */
  readonly isFirst: boolean;
}

/**
 * Ends everything that runs in sandboxes of commands below a server, whatever it did to its environment, group and session: by the process namespaces,
 * which nothing gets out of. The server and what it started itself stay. Reactor touches no file of a cell while something of the agent's runs in
 * it: a folder that becomes a link between two looks would lead git out of the worktree. Where there are no namespaces, commands are found by a mark
 * in their environment, and what has shed it and lost its parent is not.
 * @param leader the outermost process of the server's own sandbox.
 * @returns whether all of it is gone.
 */
export async function endNested(clock: Clock, leader: number): Promise<boolean> {
  if (process.platform !== 'linux') return killMarked(clock, LEADER_MARKER, String(leader));
  const until = clock.monotonic() + LIMIT_MS;
  for (;;) {
    const { nested } = below(leader);
    if (nested.length === 0) return true;
    signal(nested, 'SIGKILL');
    if (clock.monotonic() > until) return false;
    await clock.sleep(LOOK_EVERY_MS);
  }
}

/**
 * Does a short work while no command runs below a server and none can be started: the server stands still meanwhile. Never without namespaces,
 * where it is not known for sure that none runs.
 * @param leader as for `endNested`.
 * @returns null, and nothing was done, when a command is running or the server could not be made to stand still.
 */
export async function whileStill<T>(clock: Clock, leader: number, work: () => Promise<T>): Promise<T | null> {
  if (process.platform !== 'linux') return null;
  const stopped = new Set<number>();
  const until = clock.monotonic() + STILL_LIMIT_MS;
  try {
    for (;;) {
      const { beside, nested } = below(leader);
      if (beside.length === 0 || nested.length > 0 || clock.monotonic() > until) return null;
      const moving = beside.filter((pid) => !isStopped(pid));
      if (moving.length === 0) return await work();
      for (const pid of moving) stopped.add(pid);
      signal(moving, 'SIGSTOP');
      await clock.sleep(LOOK_EVERY_MS);
    }
  } finally {
    signal([...stopped], 'SIGCONT');
  }
}

function signal(pids: readonly number[], name: NodeJS.Signals): void {
  for (const pid of pids) {
    try {
      process.kill(pid, name);
    } catch {
      // It has ended meanwhile.
    }
  }
}

/** What runs below a server's outermost process: in sandboxes of commands, and beside the server, itself included. */
function below(leader: number): { readonly nested: readonly number[]; readonly beside: readonly number[] } {
  const own = [...familyOf(leader)].flatMap((pid) => rowOf(pid) ?? []);
  const depth = own.find(({ pid }) => pid === leader)?.depth;
  if (depth === undefined) return { nested: [], beside: [] };
  // One for the server's sandbox, one for that of a command.
  return {
    nested: own.filter((row) => row.depth >= depth + 2).map(({ pid }) => pid),
    beside: own.filter((row) => row.depth === depth + 1 && !row.isFirst).map(({ pid }) => pid),
  };
}

/** A process and all that descend from it. */
function familyOf(leader: number): ReadonlySet<number> {
  const parents = new Map<number, number>();
  for (const name of readdirSync('/proc')) {
    if (!/^\d+$/.test(name)) continue;
    try {
      parents.set(Number(name), stateOf(name).parent);
    } catch {
      // It ended while being looked at.
    }
  }
  const family = new Set([leader]);
  for (let size = 0; size !== family.size; ) {
    size = family.size;
    for (const [pid, parent] of parents) if (family.has(parent)) family.add(pid);
  }
  return family;
}

function rowOf(pid: number): Row | null {
  try {
    const status = procFile(pid, 'status');
    if (/^State:\s+[ZX]/m.test(status)) return null;
    const numbers = (/^NSpid:\s+(.*)$/m.exec(status)?.[1] ?? '').split(/\s+/);
    return { pid, depth: numbers.length, isFirst: numbers.at(-1) === '1' };
  } catch {
    // It ended while being looked at.
    return null;
  }
}

/** Each of its threads: one that is not stopped yet could still start something. */
function isStopped(pid: number): boolean {
  try {
    return readdirSync(`/proc/${pid}/task`).every((thread) => /^State:\s+[TtZX]/m.test(procFile(pid, `task/${thread}/status`)));
  } catch {
    // It, or a thread of it, ended while being looked at; the next look tells.
    return false;
  }
}
