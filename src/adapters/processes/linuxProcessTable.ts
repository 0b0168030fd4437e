import { closeSync, openSync, readdirSync, readSync } from 'node:fs';
import { CELL_MARKER } from '../../core/ports/processes.ts';
import type { ProcessRow, ProcessScan, ProcessTable } from './processTable.ts';

/** Reads /proc; the fields are those of proc(5). */
export const linuxProcessTable: ProcessTable = {
  row: readRow,

  scan(): ProcessScan {
    const rows = new Map<number, ProcessRow>();
    const cells = new Map<number, readonly string[]>();
    for (const name of readdirSync('/proc')) {
      const pid = Number(name);
      if (!Number.isInteger(pid)) continue;
      const row = readRow(pid);
      if (row === null) continue;
      rows.set(pid, row);
      // Kernel threads have no group and no environment.
      const marks = row.ended || row.group === 0 ? [] : marksOf(pid);
      if (marks.length > 0) cells.set(pid, marks);
    }
    return { rows, cells };
  },

  most() {
    const threads = Number(/\/(\d+) /.exec(read('/proc/loadavg')?.toString('latin1') ?? '')?.[1]);
    if (threads <= FEW_THREADS) return threads;
    return readdirSync('/proc').filter((name) => /^\d+$/.test(name)).length;
  },

  residentBytes(pid) {
    const status = read(`/proc/${programIn(pid)}/status`)?.toString('latin1') ?? '';
    return /^VmRSS:/m.test(status) ? sumOf(status, /^VmRSS:\s+(\d+) kB$/gm) : null;
  },

  takenBytes(pids, exact) {
    const [file, lines] = exact ? ['smaps_rollup', /^Pss_(?:Anon|Shmem):\s+(\d+) kB$/gm] : ['status', /^Rss(?:Anon|Shmem):\s+(\d+) kB$/gm];
    return pids.reduce((sum, pid) => sum + sumOf(read(`/proc/${pid}/${file}`)?.toString('latin1') ?? '', lines), 0);
  },
};

/** Up to here a line of the kernel's is enough; it counts threads. */
const FEW_THREADS = 500;

const sumOf = (text: string, kilobytes: RegExp): number =>
  [...text.matchAll(kilobytes)].reduce((sum, match) => sum + Number(match[1]) * 1024, 0);

const LAUNCHER = 'bwrap';
/** A sandbox's own processes stand between the one that was started and the program. */
const MOST_LAUNCHERS = 4;

function programIn(pid: number): number {
  let program = pid;
  for (let step = 0; step < MOST_LAUNCHERS; step++) {
    if (read(`/proc/${program}/comm`)?.toString('latin1').trim() !== LAUNCHER) return program;
    const child = Number.parseInt(read(`/proc/${program}/task/${program}/children`)?.toString('latin1') ?? '', 10);
    if (!Number.isInteger(child)) return program;
    program = child;
  }
  return program;
}

function readRow(pid: number): ProcessRow | null {
  const line = read(`/proc/${pid}/stat`);
  return line === null ? null : parseStat(line.toString('latin1'));
}

/**
 * Parses one line of /proc/PID/stat. The name stands in parentheses and may itself hold spaces and parentheses.
 * @returns null when it is not such a line.
 */
export function parseStat(text: string): ProcessRow | null {
  const pid = Number.parseInt(text, 10);
  // From the third field on: state ppid pgrp session … num_threads(20) itrealvalue(21) starttime(22).
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  const [state, parent, group, session] = fields;
  const threads = fields[17];
  const startTime = fields[19];
  if (!Number.isInteger(pid) || state === undefined || startTime === undefined) return null;
  return {
    pid,
    parent: Number(parent),
    group: Number(group),
    session: Number(session),
    startTime,
    // The main thread may end before the others: such a process is listed as a zombie and yet runs.
    ended: state === 'X' || (state === 'Z' && Number(threads) <= 1),
  };
}

const MARK = Buffer.from(`${CELL_MARKER}=`);

/** The marker's values in the environment that the process was started with. */
function marksOf(pid: number): readonly string[] {
  const environment = read(`/proc/${pid}/environ`);
  const marks: string[] = [];
  if (environment === null) return marks;
  for (let at = environment.indexOf(MARK); at !== -1; at = environment.indexOf(MARK, at + 1)) {
    if (at > 0 && environment[at - 1] !== 0) continue;
    const end = environment.indexOf(0, at);
    marks.push(environment.toString('utf8', at + MARK.length, end === -1 ? environment.length : end));
  }
  return marks;
}

/** Kept between reads, as a scan reads hundreds of small files. */
let buffer = Buffer.allocUnsafe(64 * 1024);

/** The whole file, valid until the next read. Null when the process is gone or belongs to somebody else. */
function read(path: string): Buffer | null {
  try {
    const file = openSync(path, 'r');
    try {
      let length = 0;
      for (;;) {
        const count = readSync(file, buffer, length, buffer.length - length, null);
        if (count === 0) return buffer.subarray(0, length);
        length += count;
        if (length === buffer.length) buffer = Buffer.concat([buffer, Buffer.allocUnsafe(length)]);
      }
    } finally {
      closeSync(file);
    }
  } catch {
    return null;
  }
}
