import type { CellLimits } from '../../core/model/sandboxSpec.ts';

const KB_PER_MB = 1000;
const BLOCKS_PER_MB = 1954;

/**
 * Shell lines that set limits which a process passes on to all it starts. Those of memory, processes and disk are wider than what the cell may
 * use: the engine looks at the cell once a second and says why it ended it; these stop a single process that is faster than that.
 * @param cores that the machine has.
 * @param turn spreads cells that may not use all of them.
 */
export function limitLines(limits: CellLimits, cores: number, turn: number): string[] {
  const { openFiles, processes, memoryMb, diskMb, cpus } = limits;
  const quietly = (command: string): string => `${command} 2>/dev/null || :`;
  return [
    'ulimit -c 0',
    ...(openFiles === null ? [] : [quietly(`ulimit -n ${openFiles}`)]),
    ...(processes === null ? [] : [quietly(`ulimit -u ${2 * processes} 2>/dev/null || ulimit -p ${2 * processes}`)]),
    // Memory that is written to. Of address space, which some programs reserve far more than they use, there is no limit.
    ...(memoryMb === null ? [] : [quietly(`ulimit -d ${2 * memoryMb * KB_PER_MB}`)]),
    ...(diskMb === null ? [] : [quietly(`ulimit -f ${diskMb * BLOCKS_PER_MB}`)]),
    ...(cpus === null || cpus >= cores ? [] : [quietly(`taskset -cp ${coresOf(cpus, cores, turn)} $$ >/dev/null`)]),
  ];
}

const coresOf = (cpus: number, cores: number, turn: number): string =>
  Array.from({ length: cpus }, (_, index) => (turn * cpus + index) % cores).join(',');
