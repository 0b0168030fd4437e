import { readdirSync, readFileSync } from 'node:fs';
import type { Clock } from '../../base/clock.ts';

const LIMIT_MS = 5_000;
const LOOK_EVERY_MS = 10;

interface Row {
  readonly pid: number;
  readonly parent: number;
  /** In how many process namespaces it is, counted from this one. */
  readonly depth: number;
}

/**
 * Ends everything that runs in sandboxes of commands below a server, whatever it did to its environment, group and session: by the process namespaces,
 * which nothing gets out of. The server and what it started itself stay.
 * @param leader the outermost process of the server's own sandbox.
 * @returns whether all of it is gone.
 */
export async function endNested(clock: Clock, leader: number): Promise<boolean> {
  const until = clock.monotonic() + LIMIT_MS;
  for (;;) {
    const left = nestedBelow(leader);
    if (left.length === 0) return true;
    for (const pid of left) {
      try {
        process.kill(pid, 'SIGKILL');
      } catch {
        // It has ended meanwhile.
      }
    }
    if (clock.monotonic() > until) return false;
    await clock.sleep(LOOK_EVERY_MS);
  }
}

function nestedBelow(leader: number): number[] {
  const rows = readdirSync('/proc').flatMap((name) => (/^\d+$/.test(name) ? (rowOf(name) ?? []) : []));
  const depth = rows.find(({ pid }) => pid === leader)?.depth;
  if (depth === undefined) return [];
  const below = new Set([leader]);
  for (let size = 0; size !== below.size; ) {
    size = below.size;
    for (const row of rows) if (below.has(row.parent)) below.add(row.pid);
  }
  // One for the server's sandbox, one for that of a command.
  return rows.filter((row) => below.has(row.pid) && row.depth >= depth + 2).map(({ pid }) => pid);
}

function rowOf(pid: string): Row | null {
  try {
    const status = readFileSync(`/proc/${pid}/status`, 'latin1');
    if (/^State:\s+[ZX]/m.test(status)) return null;
    const parent = Number(/^PPid:\s+(\d+)/m.exec(status)?.[1]);
    const depth = (/^NSpid:\s+(.*)$/m.exec(status)?.[1] ?? '').split(/\s+/).length;
    return { pid: Number(pid), parent, depth };
  } catch {
    // It ended while being looked at.
    return null;
  }
}
