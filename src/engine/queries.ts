import { predictedText } from '../core/landing/predicted.ts';
import { isRenewed } from '../core/money/renewal.ts';
import type { JournalReader } from '../core/ports/journal.ts';
import type { Processes } from '../core/ports/processes.ts';
import { isUnsandboxed } from '../core/projections/unsandboxed.ts';
import type { RunState } from '../core/run/state.ts';
import type { CellMessage, InboxItem, Status } from '../protocol/messages.ts';
import type { WarmCell } from './warmCells.ts';

/** What waits for a person, oldest first. @param today YYYY-MM-DD, to tell which budgets are new since; null not to */
export function inboxOf(runs: readonly RunState[], today: string | null): InboxItem[] {
  const items = runs.flatMap((state): InboxItem[] => {
    const asked = state.pending.map((p) => ({
      run: state.run,
      task: state.task,
      id: p.id,
      kind: p.kind,
      title: p.kind === 'review' && state.predicted.length > 0 ? `${p.title}, ${predictedText(state)}` : p.title,
      detail: p.detail,
      tree: p.tree,
      at: p.at,
    }));
    if (asked.length > 0 || state.parked === null) return asked;
    const { code, reason } = state.parked;
    const renewed = today !== null && isRenewed(state.parked, today) ? 'there is a new budget, and it can go on; ' : '';
    return [
      {
        run: state.run,
        task: state.task,
        id: 'parked',
        kind: 'parked',
        title: `${renewed}${reason}`,
        detail: state.parked.budget === undefined ? code : 'sharedBudget',
        tree: null,
        at: state.waitingSince ?? state.requestedAt,
      },
    ];
  });
  return items.sort((a, b) => a.at - b.at);
}

/** Cells that still have a worktree or a server. */
export const cellsOf = (runs: readonly RunState[], processes: Pick<Processes, 'residentBytes'> | null): CellMessage[] =>
  runs.flatMap((state) => {
    const { run, task, phase, cell } = state;
    if (cell === null || !cell.hasWorktree) return [];
    return [
      {
        cell: cell.id,
        run,
        task,
        phase,
        port: cell.port,
        appPorts: [...cell.appPorts],
        pid: cell.server?.pid ?? null,
        branch: cell.branch,
        worktree: cell.worktree,
        rssBytes: cell.server === null || processes === null ? null : processes.residentBytes(cell.server.pid),
        unsandboxed: isUnsandboxed(state),
      },
    ];
  });

/** Cells made ahead, which no run has yet. */
export const warmCellsOf = (warm: readonly WarmCell[], processes: Pick<Processes, 'residentBytes'>): CellMessage[] =>
  warm.map(({ id, lease, appLeases, server, branch, worktree, boundary }) => ({
    cell: id,
    run: '',
    task: '',
    phase: 'warm',
    port: lease.port,
    appPorts: appLeases.map((one) => one.port),
    pid: server.process.pid,
    branch,
    worktree,
    rssBytes: processes.residentBytes(server.process.pid),
    unsandboxed: boundary === null,
  }));

/** The answer to `status`, from a journal: open runs, their cells, what waits. */
export function statusOf(reader: JournalReader, processes: Pick<Processes, 'residentBytes'> | null, today: string | null): Status {
  const runs = reader.openRuns();
  return { runs: [...runs], cells: cellsOf(runs, processes), inbox: inboxOf(runs, today), head: reader.head() };
}

/** A run by its id, or the last run of a task by the task's id. */
export const findRun = (reader: JournalReader, name: string): RunState | null => reader.run(name) ?? reader.runsOfTask(name).at(-1) ?? null;
