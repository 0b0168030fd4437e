import type { Clock } from '../../base/clock.ts';
import type { Log } from '../../base/log.ts';
import type { CellUse, ControlGroup, ControlGroups, Processes, ProcessIdentity } from '../../core/ports/processes.ts';
import { CellProcesses } from './cellProcesses.ts';
import { endCell } from './endCell.ts';
import type { ProcessRow, ProcessTable } from './processTable.ts';
import { thisProcessTable } from './thisProcessTable.ts';

/** @throws UserFacingError `environment` on a system whose processes can't be supervised. */
export function createProcesses(dependencies: {
  readonly clock: Clock;
  readonly log: Log;
  /** Those in which the cells' servers are started. */
  readonly groups?: Pick<ControlGroups, 'of'>;
}): Processes {
  const { clock, log, groups } = dependencies;
  const table = thisProcessTable();
  const identify = (pid: number): ProcessIdentity | null => {
    const row = pid > 0 ? table.row(pid) : null;
    return row === null || row.ended ? null : { pid, startTime: row.startTime };
  };
  const isAlive = (process: ProcessIdentity): boolean => identify(process.pid)?.startTime === process.startTime;
  const groupOf = (leader: ProcessIdentity | null): ControlGroup | null =>
    leader !== null && isAlive(leader) ? (groups?.of(leader.pid) ?? null) : null;
  return {
    identify,
    isAlive,
    markedWith(cell) {
      const { rows, cells } = table.scan();
      return [...rows.values()].filter(({ pid }) => cells.get(pid)?.includes(cell)).map(({ pid, startTime }) => ({ pid, startTime }));
    },
    async endCell(cell, leader, graceMs) {
      const group = groupOf(leader);
      const first = await endCell({ table, clock }, cell, leader, graceMs);
      await group?.end(0);
      const report = { ...first, left: first.left.filter((pid) => identify(pid) !== null) };
      if (report.left.length > 0) log.log('error', 'processes of a cell could not be ended', { cell, ...report });
      else log.log('debug', 'ended the processes of a cell', { cell, ...report });
      return report;
    },
    meter(cell, leader) {
      const processes = new CellProcesses({ table, clock }, cell, leader);
      const group = groupOf(leader);
      return {
        look: async (exactAbove) => useOf(table, await processes.find(), exactAbove),
        memoryAtKill: () => group?.memoryAtKill() ?? null,
        takeLostLimits: () => group?.takeLostLimits() ?? [],
      };
    },
    mostOnMachine: () => table.most(),
    residentBytes: (pid) => table.residentBytes(pid),
  };
}

function useOf(table: ProcessTable, found: readonly ProcessRow[], exactAbove: number | null): CellUse {
  const pids = found.map(({ pid }) => pid);
  if (exactAbove === null) return { processes: pids.length, memoryBytes: 0 };
  const rough = table.takenBytes(pids, false);
  return { processes: pids.length, memoryBytes: rough > exactAbove ? table.takenBytes(pids, true) : rough };
}
