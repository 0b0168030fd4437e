import { spawnSync } from 'node:child_process';
import { CELL_MARKER } from '../../core/ports/processes.ts';
import type { ProcessRow, ProcessScan, ProcessTable } from './processTable.ts';

/**
 * Asks `ps`, as there is no /proc. Best effort, and not yet run on a Mac: start times have a resolution of one second, and the system hides
 * the environment of its own protected programs, so that a process may be found only by its group, session or parent.
 */
export const macProcessTable: ProcessTable = {
  row(pid) {
    return parseRows(ps(['-p', String(pid), '-o', COLUMNS])).get(pid) ?? null;
  },

  scan(): ProcessScan {
    return { rows: parseRows(ps(['-A', '-o', COLUMNS])), cells: parseMarks(ps(['-A', '-E', '-ww', '-o', 'pid=,command='])) };
  },

  // Only by a list of all of them, once a second: too dear.
  most: () => null,

  residentBytes(pid) {
    const kilobytes = Number.parseInt(ps(['-p', String(pid), '-o', 'rss=']), 10);
    return Number.isNaN(kilobytes) ? null : kilobytes * 1024;
  },

  takenBytes(pids) {
    if (pids.length === 0) return 0;
    const lines = ps(['-p', pids.join(','), '-o', 'rss=']).split('\n');
    return lines.reduce((sum, line) => sum + (Number.parseInt(line, 10) || 0) * 1024, 0);
  },
};

/** `sess` is an address on macOS, so the session is left out and groups have to do. `lstart` has spaces and stands last. */
const COLUMNS = 'pid=,ppid=,pgid=,state=,lstart=';

/** `ps` in the C locale and UTC, so that two processes get the same text for the same start time. */
function ps(args: readonly string[]): string {
  const result = spawnSync('/bin/ps', args, {
    encoding: 'latin1',
    maxBuffer: 256 * 1024 * 1024,
    env: { LC_ALL: 'C', TZ: 'UTC', PATH: '/usr/bin:/bin' },
  });
  if (result.error !== undefined) throw result.error;
  return result.stdout;
}

/** @param text lines of pid, parent, group, state and start time. */
export function parseRows(text: string): Map<number, ProcessRow> {
  const rows = new Map<number, ProcessRow>();
  for (const line of text.split('\n')) {
    const match = /^\s*(\d+)\s+(\d+)\s+(\d+)\s+(\S+)\s+(\S.*\S)\s*$/.exec(line);
    if (match === null) continue;
    const [, pid, parent, group, state = '', startTime = ''] = match;
    rows.set(Number(pid), {
      pid: Number(pid),
      parent: Number(parent),
      group: Number(group),
      session: 0,
      startTime,
      ended: state.startsWith('Z'),
    });
  }
  return rows;
}

/** @param text lines of pid, command and environment, all parted by spaces. */
export function parseMarks(text: string): Map<number, readonly string[]> {
  const cells = new Map<number, readonly string[]>();
  for (const line of text.split('\n')) {
    const marks = line.split(' ').filter((word) => word.startsWith(`${CELL_MARKER}=`));
    if (marks.length > 0)
      cells.set(
        Number.parseInt(line, 10),
        marks.map((mark) => mark.slice(CELL_MARKER.length + 1)),
      );
  }
  return cells;
}
