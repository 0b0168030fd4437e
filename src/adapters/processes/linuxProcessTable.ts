import { closeSync, openSync, readdirSync, readFileSync, readSync } from 'node:fs';
import type { ProcessRow, ProcessScan, ProcessTable } from './processTable.ts';
import { CELL_MARKER } from '../../core/ports/processes.ts';

/** Reads /proc; the fields are those of proc(5). */
export const linuxProcessTable: ProcessTable = {
  row: readRow,

  scan(cell): ProcessScan {
    const rows = new Map<number, ProcessRow>();
    const marked = new Set<number>();
    const marker = Buffer.from(`${CELL_MARKER}=${cell}\0`);
    for (const name of readdirSync('/proc')) {
      const pid = Number(name);
      if (!Number.isInteger(pid)) continue;
      const row = readRow(pid);
      if (row === null) continue;
      rows.set(pid, row);
      // Kernel threads have no group and no environment.
      if (!row.ended && row.group > 0 && carries(pid, marker)) marked.add(pid);
    }
    return { rows, marked };
  },

  residentBytes(pid) {
    const match = /^VmRSS:\s+(\d+) kB$/m.exec(readText(`/proc/${pid}/status`) ?? '');
    return match?.[1] === undefined ? null : Number(match[1]) * 1024;
  },
};

function readRow(pid: number): ProcessRow | null {
  const text = readText(`/proc/${pid}/stat`);
  return text === null ? null : parseStat(text);
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

let buffer = Buffer.allocUnsafe(256 * 1024);

/** Looks for a whole `NAME=value` in the environment the process was started with. What can't be read carries nothing. */
function carries(pid: number, marker: Buffer): boolean {
  let length = 0;
  try {
    const file = openSync(`/proc/${pid}/environ`, 'r');
    try {
      for (;;) {
        const count = readSync(file, buffer, length, buffer.length - length, null);
        if (count === 0) break;
        length += count;
        if (length === buffer.length) buffer = Buffer.concat([buffer, Buffer.allocUnsafe(buffer.length)]);
      }
    } finally {
      closeSync(file);
    }
  } catch {
    return false;
  }
  const environment = buffer.subarray(0, length);
  for (let at = environment.indexOf(marker); at !== -1; at = environment.indexOf(marker, at + 1)) {
    if (at === 0 || environment[at - 1] === 0) return true;
  }
  return false;
}

/** Null when the process is gone or belongs to somebody else. */
function readText(path: string): string | null {
  try {
    return readFileSync(path, 'latin1');
  } catch {
    return null;
  }
}
