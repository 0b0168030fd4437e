import type { Clock } from '../../base/clock.ts';
import type { ProcessIdentity } from '../../core/ports/processes.ts';
import type { ProcessRow, ProcessScan, ProcessTable } from './processTable.ts';

export interface CellProcessesDeps {
  readonly table: ProcessTable;
  readonly clock: Pick<Clock, 'sleep'>;
}

/**
 * Tells which processes belong to a cell, over several looks. Those are
 * - the ones marked in their environment, wherever they moved;
 * - the leader, its process group and its session;
 * - whatever descends from one of these or lives in a session that one of them opened, even if it cleared or overwrote its environment.
 *
 * Out of reach is only a process that cleared its environment, left the session and lost its parent, all before the first look.
 * The process that looks is never among them.
 */
export class CellProcesses {
  readonly #deps: CellProcessesDeps;
  readonly #cell: string;
  readonly #leader: ProcessIdentity | null;
  /** Everything that ever belonged, so that children are recognised after their parent has gone. */
  readonly #known = new Map<number, string>();
  readonly #sessions = new Set<number>();
  readonly #self: ProcessRow | null;

  constructor(deps: CellProcessesDeps, cell: string, leader: ProcessIdentity | null) {
    this.#deps = deps;
    this.#cell = cell;
    this.#leader = leader;
    this.#self = deps.table.row(process.pid);
  }

  /** Those of the cell that run, in a look that began after this call. */
  async find(): Promise<readonly ProcessRow[]> {
    const { rows, cells } = await sharedScan(this.#deps);
    const isMarked = (pid: number): boolean => cells.get(pid)?.includes(this.#cell) === true;
    const chosen = new Map<number, ProcessRow>();
    const choose = (row: ProcessRow): void => {
      chosen.set(row.pid, row);
      this.#known.set(row.pid, row.startTime);
      if (row.session === row.pid && row.session !== this.#self?.session) this.#sessions.add(row.pid);
    };
    const groups = this.#ownGroups(rows, isMarked);
    for (const session of this.#sessions) if (this.#isReused(rows, session)) this.#sessions.delete(session);

    let before = -1;
    while (chosen.size !== before) {
      before = chosen.size;
      for (const row of rows.values()) {
        if (row.ended || row.pid <= 1 || row.pid === this.#self?.pid || chosen.has(row.pid)) continue;
        const belongs =
          isMarked(row.pid) ||
          this.#known.get(row.pid) === row.startTime ||
          chosen.has(row.parent) ||
          this.#sessions.has(row.session) ||
          groups.has(row.group) ||
          (row.pid === this.#leader?.pid && row.startTime === this.#leader.startTime);
        if (belongs) choose(row);
      }
    }
    return [...chosen.values()];
  }

  /** The number to signal the leader's whole group by, in one step; null when there is no group that is surely its own. */
  leaderGroup(): number | null {
    const row = this.#leader === null ? null : this.#deps.table.row(this.#leader.pid);
    if (row === null || row.pid <= 1 || row.startTime !== this.#leader?.startTime) return null;
    return row.group === row.pid && row.group !== this.#self?.group ? row.group : null;
  }

  isRunning(process: ProcessIdentity): boolean {
    return this.rowOf(process) !== null;
  }

  /** How the process is listed now; null when it has ended. */
  rowOf(process: ProcessIdentity): ProcessRow | null {
    const row = this.#deps.table.row(process.pid);
    return row !== null && !row.ended && row.startTime === process.startTime ? row : null;
  }

  /**
   * A group outlives its leader, and keeps its number from being given to another process as long as it has a member. A group whose leader
   * has gone is the cell's when a marked process is in it; otherwise the number may have been used again.
   */
  #ownGroups(rows: ReadonlyMap<number, ProcessRow>, isMarked: (pid: number) => boolean): ReadonlySet<number> {
    const leader = this.#leader;
    if (leader === null || leader.pid <= 1 || leader.pid === this.#self?.group) return new Set();
    const row = rows.get(leader.pid);
    const isOurs =
      row === undefined
        ? [...rows.values()].some((member) => member.group === leader.pid && isMarked(member.pid))
        : row.startTime === leader.startTime && row.group === row.pid;
    if (row?.startTime === leader.startTime && row.session === row.pid && row.session !== this.#self?.session) {
      this.#sessions.add(row.pid);
    }
    return isOurs ? new Set([leader.pid]) : new Set();
  }

  #isReused(rows: ReadonlyMap<number, ProcessRow>, pid: number): boolean {
    const row = rows.get(pid);
    const startTime = this.#known.get(pid) ?? (pid === this.#leader?.pid ? this.#leader.startTime : undefined);
    return row !== undefined && row.startTime !== startTime;
  }
}

const coming = new WeakMap<ProcessTable, Promise<ProcessScan>>();

/** Cells that are ended side by side ask in the same turn of the event loop and get the same answer. */
function sharedScan({ table, clock }: CellProcessesDeps): Promise<ProcessScan> {
  const shared = coming.get(table) ?? scanSoon({ table, clock });
  coming.set(table, shared);
  return shared;
}

async function scanSoon({ table, clock }: CellProcessesDeps): Promise<ProcessScan> {
  await clock.sleep(0);
  coming.delete(table);
  return table.scan();
}
