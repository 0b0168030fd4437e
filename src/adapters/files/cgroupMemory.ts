import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

/**
 * Bytes that this process's control group (version 2) and the groups around it still allow; Infinity without a limit. File cache that was
 * not used lately counts as free, as the kernel gives it back under pressure.
 * @param root where the control groups are mounted.
 * @param membership content of /proc/self/cgroup.
 */
export function freeCgroupBytes(root = '/sys/fs/cgroup', membership = readText('/proc/self/cgroup') ?? ''): number {
  const own = /^0::(\/.*)$/m.exec(membership)?.[1];
  let free = Number.POSITIVE_INFINITY;
  if (own === undefined) return free;
  for (let group = own; ; group = dirname(group)) {
    free = Math.min(free, freeIn(join(root, group)));
    if (group === '/') return Math.max(0, free);
  }
}

function freeIn(folder: string): number {
  const limit = Number.parseInt(readText(join(folder, 'memory.max')) ?? 'max', 10);
  const used = Number.parseInt(readText(join(folder, 'memory.current')) ?? '', 10);
  if (Number.isNaN(limit) || Number.isNaN(used)) return Number.POSITIVE_INFINITY;
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
