import type { EventData } from '../journal/events.ts';
import type { CellLimitSettings, CellLimits } from '../model/sandboxSpec.ts';
import type { FreeSpace, Volume } from '../ports/files.ts';
import type { CellUse } from '../ports/processes.ts';

export type Excess = EventData<'cell/limitExceeded'>;

const BYTES_PER_MB = 1e6;
/** A volume moves for other reasons too: below this a cell is not measured again. */
const LEAST_GROWTH: Volume = { bytes: 4e6, files: 200 };

const DEFAULT_PROCESSES = 2000;
/** Of the machine's memory, and of what the disk has free. */
const SHARE = 0.75;

/** What a limit is that nobody has set, for a sentence. */
const origins: Record<Excess['limit'], string> = {
  processes: '',
  memoryMb: ", three quarters of the machine's",
  diskMb: ', three quarters of what was free when the work began',
  files: ', three quarters of what the disk had room for when the work began',
};

/** What limits a piece of work, and which of it nobody has set. */
export interface WorkLimits extends CellLimits {
  readonly defaults: ReadonlySet<Excess['limit']>;
}

/** Limits as they are set, and none where nothing is set. */
export const limitsSet = (settings: CellLimitSettings): CellLimits => {
  const of = (limit: number | 'none' | null): number | null => (limit === 'none' ? null : limit);
  const { processes, openFiles, cpus, memoryMb, diskMb, files } = settings;
  return {
    processes: of(processes),
    openFiles: of(openFiles),
    cpus: of(cpus),
    memoryMb: of(memoryMb),
    diskMb: of(diskMb),
    files: of(files),
  };
};

/**
 * What commands pass on to all they start: limits as they are set and, in a sandbox, an end to a fork bomb far beyond the default. Without one the system would
 * count all processes of the user, in other programs and containers too.
 */
export const limitsPassedOn = (settings: CellLimitSettings, isEnclosed: boolean): CellLimits => ({
  ...limitsSet(settings),
  ...(isEnclosed && settings.processes === null ? { processes: 4 * DEFAULT_PROCESSES } : {}),
});

/** Of limits that the cell's control group has ceased to keep, for people. */
export const lostLimitsText = (lost: EventData<'cell/limitsLost'>['limits']): string =>
  `the system no longer keeps the cell to ${lost.map((name) => `limits.${name}`).join(', ')} by its control group; it goes on as where there is none`;

/** The kernel counts threads, and the agent server alone has some thirty. */
const THREADS_PER_PROCESS = 8;
const THREADS_BESIDES = 400;

/** Threads that the kernel lets a cell of so many processes have: beyond what it may, for what is faster than a look at it. */
export const mostThreads = (processes: number): number => processes * THREADS_PER_PROCESS + THREADS_BESIDES;

/** What is had of the machine when work begins; null where the system does not say. */
export interface Room {
  readonly memoryBytes: number | null;
  readonly free: FreeSpace | null;
}

/**
 * The limits of a piece of work: as they are set, else by default what the machine bears. Processes and memory have a default only where a look at the
 * machine as a whole tells that it is not reached.
 */
export function workLimits(settings: CellLimitSettings, { memoryBytes, free }: Room): WorkLimits {
  const byDefault: Partial<Record<Excess['limit'], number>> = {
    ...(memoryBytes === null ? {} : { processes: DEFAULT_PROCESSES, memoryMb: Math.round((memoryBytes * SHARE) / BYTES_PER_MB) }),
    ...(free === null ? {} : { diskMb: Math.round((free.bytes * SHARE) / BYTES_PER_MB) }),
    ...(free === null || free.files === null ? {} : { files: Math.round(free.files * SHARE) }),
  };
  const names = Object.keys(byDefault) as Excess['limit'][];
  const defaults = new Set(names.filter((name) => settings[name] === null));
  const filled = Object.fromEntries([...defaults].map((name) => [name, byDefault[name]]));
  return { ...limitsSet(settings), ...filled, defaults };
}

type Sentence = (used: number, most: string) => string;

const subjects: Record<Excess['limit'], Sentence> = {
  processes: (used, most) => `the cell had ${used} processes, and ${most}`,
  memoryMb: (used, most) => `the cell used ${used} MB of memory, and ${most}`,
  diskMb: (used, most) => `the cell took ${used} MB on disk, and ${most}`,
  files: (used, most) => `the cell had ${used} files, and ${most}`,
};

const units: Partial<Record<Excess['limit'], string>> = { memoryMb: ' MB', diskMb: ' MB' };

/** The first of these limits that is exceeded; null when none is. */
function firstOver(limits: CellLimits & Partial<WorkLimits>, uses: Partial<Record<Excess['limit'], number>>): Excess | null {
  for (const [name, used] of Object.entries(uses)) {
    const limit = name as Excess['limit'];
    const most = limits[limit];
    if (most === null || used <= most) continue;
    const isDefault = limits.defaults?.has(limit) === true;
    const origin = isDefault ? ` by default${origins[limit]}; limits.${limit} in reactor.yaml sets another, or none` : ` (limits.${limit})`;
    return { limit, used, most, text: subjects[limit](used, `${most}${units[limit] ?? ''} is the most${origin}`) };
  }
  return null;
}

export const excessOfUse = (limits: CellLimits & Partial<WorkLimits>, { processes, memoryBytes }: CellUse): Excess | null =>
  firstOver(limits, { processes, memoryMb: Math.round(memoryBytes / BYTES_PER_MB) });

/** Of a cell that the kernel has killed at so many bytes. */
export const excessOfKill = (limits: CellLimits & Partial<WorkLimits>, memoryBytes: number): Excess | null =>
  firstOver(limits, { memoryMb: Math.round(memoryBytes / BYTES_PER_MB) });

export const excessOfSize = (limits: CellLimits & Partial<WorkLimits>, { bytes, files }: Volume): Excess | null =>
  firstOver(limits, { diskMb: Math.round(bytes / BYTES_PER_MB), files });

/**
 * True when a cell may be over its limits of processes and memory, by what the whole machine has and uses: an upper bound of what a cell does.
 * @param machine null where the system does not say.
 */
export const mayUseTooMuch = (limits: CellLimits, machine: CellUse | null): boolean =>
  limitsUse(limits) && (machine === null || excessOfUse(limits, machine) !== null);

/** The volume has lost as much since the work began as the work may take by default: then the cell is measured. */
export function mayHaveTakenTooMuch({ defaults, diskMb, files }: WorkLimits, began: FreeSpace, now: FreeSpace): boolean {
  const lost = { bytes: began.bytes - now.bytes, files: (began.files ?? 0) - (now.files ?? 0) };
  const isDisk = defaults.has('diskMb') && diskMb !== null && lost.bytes > Math.max(LEAST_GROWTH.bytes, diskMb * BYTES_PER_MB);
  return isDisk || (defaults.has('files') && files !== null && lost.files > Math.max(LEAST_GROWTH.files, files));
}

/** Without what holds by default. */
export const withoutDefaults = (limits: WorkLimits): CellLimits => ({
  ...limits,
  ...Object.fromEntries([...limits.defaults].map((name) => [name, null])),
});

/** Of memory; null for no limit. */
export const bytesAllowed = ({ memoryMb }: CellLimits): number | null => (memoryMb === null ? null : memoryMb * BYTES_PER_MB);

const limitsUse = ({ processes, memoryMb }: CellLimits): boolean => processes !== null || memoryMb !== null;

/**
 * True when the cell may be over its limit by now: the volume has taken in at least half of what the cell had left when it was measured.
 * Until then the cell, which is only a part of what is written there, is within.
 */
export function mayHaveOutgrown(limits: CellLimits, measured: { readonly cell: Volume; readonly volume: Volume }, now: Volume): boolean {
  const isNear = (most: number | null, had: number, growth: number, least: number): boolean =>
    most !== null && growth > Math.max(least, (most - had) / 2);
  const { cell, volume } = measured;
  const most = limits.diskMb === null ? null : limits.diskMb * BYTES_PER_MB;
  return (
    isNear(most, cell.bytes, now.bytes - volume.bytes, LEAST_GROWTH.bytes) ||
    isNear(limits.files, cell.files, now.files - volume.files, LEAST_GROWTH.files)
  );
}
