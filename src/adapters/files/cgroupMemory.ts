import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

/**
 * Bytes that this process's control group (version 2) and the groups around it still allow; Infinity without a limit. File cache that was
 * not used lately counts as free, as the kernel gives it back under pressure.
 * @param root where the control groups are mounted.
 * @param membership content of /proc/self/cgroup.
 */
export const freeCgroupBytes = (root = ROOT, membership = ownMembership()): number => Math.max(0, leastOf(root, membership, freeIn));

/** Bytes that this process's control group and the groups around it may have; Infinity without a limit. */
export const cgroupLimitBytes = (root = ROOT, membership = ownMembership()): number => leastOf(root, membership, limitIn);

const ROOT = '/sys/fs/cgroup';
const ownMembership = (): string => readText('/proc/self/cgroup') ?? '';

/** The least that a group or one around it has of something. */
function leastOf(root: string, membership: string, inGroup: (folder: string) => number): number {
  const own = /^0::(\/.*)$/m.exec(membership)?.[1];
  let least = Number.POSITIVE_INFINITY;
  if (own === undefined) return least;
  for (let group = own; ; group = dirname(group)) {
    least = Math.min(least, inGroup(join(root, group)));
    if (group === '/') return least;
  }
}

function limitIn(folder: string): number {
  const limit = Number.parseInt(readText(join(folder, 'memory.max')) ?? 'max', 10);
  return Number.isNaN(limit) ? Number.POSITIVE_INFINITY : limit;
}

function freeIn(folder: string): number {
  const limit = limitIn(folder);
  const used = Number.parseInt(readText(join(folder, 'memory.current')) ?? '', 10);
  if (limit === Number.POSITIVE_INFINITY || Number.isNaN(used)) return Number.POSITIVE_INFINITY;
  const cache = /^inactive_file (\d+)$/m.exec(readText(join(folder, 'memory.stat')) ?? '')?.[1] ?? '0';
  return limit - used + Number(cache);
}

function readText(path: string): string | null {
  try {
    return readFileSync(path, 'latin1');
  } catch {
    return null;
  }
}
