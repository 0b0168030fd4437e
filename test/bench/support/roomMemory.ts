import { readdirSync, readFileSync } from 'node:fs';

/** The variable that marks everything of one measurement; agent servers hand it on. */
export const ROOM = 'BENCH_ROOM';

/**
 * Memory of all processes with BENCH_ROOM=room in their environment, in megabytes of a million bytes. What processes share counts once
 * (proportional set size). Null of the filter counts all.
 */
export function roomMemoryMb(room: string, commandLine: RegExp | null): number {
  let kilobytes = 0;
  for (const pid of readdirSync('/proc').filter((name) => /^\d+$/.test(name))) {
    const read = (file: string): string => {
      try {
        return readFileSync(`/proc/${pid}/${file}`, 'latin1');
      } catch {
        return '';
      }
    };
    if (!read('environ').includes(`${ROOM}=${room}\0`)) continue;
    if (commandLine !== null && !commandLine.test(read('cmdline').replaceAll('\0', ' '))) continue;
    kilobytes += Number(/^Pss:\s+(\d+) kB$/m.exec(read('smaps_rollup'))?.[1] ?? 0);
  }
  return (kilobytes * 1024) / 1e6;
}
