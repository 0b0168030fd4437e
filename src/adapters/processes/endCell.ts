import type { Clock } from '../../base/clock.ts';
import type { KillReport, ProcessIdentity } from '../../core/ports/processes.ts';
import { CellProcesses } from './cellProcesses.ts';
import type { ProcessRow, ProcessTable } from './processTable.ts';

export interface EndCellDeps {
  readonly table: ProcessTable;
  readonly clock: Pick<Clock, 'monotonic' | 'sleep'>;
}

/** How long to go on with SIGKILL against what appears anew or does not go, milliseconds. */
const KILL_LIMIT_MS = 2000;
/** A process that is just being started shows no environment for a moment, so nothing found counts only the second time. */
const SECOND_LOOK_MS = 15;
const LONGEST_POLL_MS = 100;

/**
 * Ends all processes of a cell: SIGTERM to the leader's group and to every other process of the cell, SIGKILL to what is left `graceMs`
 * later, until two looks in a row find none. Returns as soon as none is left. Stopped processes are woken so that they get the SIGTERM.
 * Processes started during the grace time, as a shutdown handler does, are left to it. A pid is compared with its start time right
 * before each signal.
 */
export async function endCell(
  { table, clock }: EndCellDeps,
  cell: string,
  leader: ProcessIdentity | null,
  graceMs: number,
): Promise<KillReport> {
  const processes = new CellProcesses({ table, clock }, cell, leader);
  const signalled = new Set<number>();
  const killed = new Set<number>();

  const signalAll = (rows: readonly ProcessRow[], signals: readonly NodeJS.Signals[]): void => {
    const group = processes.leaderGroup();
    for (const signal of signals) {
      const groupReached = group !== null && send(-group, signal);
      for (const row of rows) {
        // Where it is now, not where it was found: a process on its way into a session of its own is missed by the group's signal.
        const now = processes.rowOf(row);
        const reached = groupReached && (now === null ? row.group === group : now.group === group);
        if (!reached && !(now !== null && send(row.pid, signal))) continue;
        signalled.add(row.pid);
        if (signal === 'SIGKILL') killed.add(row.pid);
      }
    }
  };

  const findTwice = async (): Promise<readonly ProcessRow[]> => {
    const first = await processes.find();
    if (first.length > 0) return first;
    await clock.sleep(SECOND_LOOK_MS);
    return processes.find();
  };

  const deadline = clock.monotonic() + graceMs;
  let found = await findTwice();
  while (found.length > 0 && clock.monotonic() < deadline) {
    signalAll(found, ['SIGTERM', 'SIGCONT']);
    let pollMs = 5;
    while (found.some((row) => processes.isRunning(row)) && clock.monotonic() < deadline) {
      await clock.sleep(Math.min(pollMs, Math.max(1, deadline - clock.monotonic())));
      pollMs = Math.min(pollMs * 1.5, LONGEST_POLL_MS);
    }
    found = await findTwice();
  }

  const killDeadline = clock.monotonic() + KILL_LIMIT_MS;
  while (found.length > 0) {
    signalAll(found, ['SIGKILL']);
    if (clock.monotonic() >= killDeadline) break;
    await clock.sleep(SECOND_LOOK_MS);
    found = await findTwice();
  }
  const left = found.filter((row) => processes.isRunning(row)).map((row) => row.pid);
  return { signalled: sorted(signalled), killed: sorted(killed), left: left.toSorted((a, b) => a - b) };
}

const sorted = (pids: ReadonlySet<number>): readonly number[] => [...pids].toSorted((a, b) => a - b);

/** False when the target is gone or may not be signalled; what remains is seen by the next look. */
function send(target: number, signal: NodeJS.Signals): boolean {
  try {
    return process.kill(target, signal);
  } catch {
    return false;
  }
}
