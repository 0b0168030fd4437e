import { mostThreads } from '../../core/policy/cellLimits.ts';
import type { Mount } from '../../core/ports/sandbox.ts';

/** Where the kernel's setting is to be had in a cell's own process namespace. */
const SETTING = '/proc/sys/kernel/pid_max';
const INSIDE = '/run/reactor-processes';
/** The first kernel in which the setting is that of the process namespace, and no longer the machine's. */
const FIRST_KERNEL = [6, 14];

/** What stops a cell from having more processes than it may between two looks of the engine. */
export interface ProcessCeiling {
  readonly server: readonly Mount[];
  readonly command: readonly Mount[];
  /** Put in front of the server in its sandbox. */
  readonly prefix: readonly string[];
}

const none: ProcessCeiling = { server: [], command: [], prefix: [] };

/**
 * For root, whose processes the kernel does not count, the numbers of the cell's process namespace are bounded instead. Everybody else is
 * kept by the limit that a process passes on.
 * @param kernel its release, such as 6.18.44. Before 6.14 the setting would be that of the whole machine and is not touched.
 */
export function processCeiling(processes: number | null, isRoot: boolean, kernel: string): ProcessCeiling {
  const [major = 0, minor = 0] = kernel.split('.').map((part) => Number.parseInt(part, 10));
  const [firstMajor = 0, firstMinor = 0] = FIRST_KERNEL;
  const isOwn = major > firstMajor || (major === firstMajor && minor >= firstMinor);
  if (processes === null || !isRoot || !isOwn) return none;
  return {
    server: [{ kind: 'writable', path: INSIDE, from: SETTING }],
    command: [{ kind: 'readOnly', path: INSIDE, from: '/dev/null' }],
    prefix: ['/bin/sh', '-c', `echo ${mostThreads(processes)} >${INSIDE} 2>/dev/null; exec "$@"`, 'sh'],
  };
}
