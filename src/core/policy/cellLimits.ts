import type { EventData } from '../journal/events.ts';
import type { CellLimits } from '../model/sandboxSpec.ts';
import type { Volume } from '../ports/files.ts';
import type { CellUse } from '../ports/processes.ts';

export type Excess = EventData<'cell/limitExceeded'>;

const BYTES_PER_MB = 1e6;

const subjects: Record<Excess['limit'], (used: number, most: number) => string> = {
  processes: (used, most) => `the cell had ${used} processes, and ${most} is the most (limits.processes)`,
  memoryMb: (used, most) => `the cell used ${used} MB of memory, and ${most} MB is the most (limits.memoryMb)`,
  diskMb: (used, most) => `the cell took ${used} MB on disk, and ${most} MB is the most (limits.diskMb)`,
  files: (used, most) => `the cell had ${used} files, and ${most} is the most (limits.files)`,
};

/** The first of these limits that is exceeded; null when none is. */
function firstOver(...uses: readonly (readonly [limit: Excess['limit'], used: number, most: number | null])[]): Excess | null {
  const over = uses.find(([, used, most]) => most !== null && used > most);
  if (over === undefined || over[2] === null) return null;
  const [limit, used, most] = over;
  return { limit, used, most, text: subjects[limit](used, most) };
}

export const excessOfUse = (limits: CellLimits, { processes, memoryBytes }: CellUse): Excess | null =>
  firstOver(['processes', processes, limits.processes], ['memoryMb', Math.round(memoryBytes / BYTES_PER_MB), limits.memoryMb]);

export const excessOfSize = (limits: CellLimits, { bytes, files }: Volume): Excess | null =>
  firstOver(['diskMb', Math.round(bytes / BYTES_PER_MB), limits.diskMb], ['files', files, limits.files]);

/** Of memory; null for no limit. */
export const bytesAllowed = ({ memoryMb }: CellLimits): number | null => (memoryMb === null ? null : memoryMb * BYTES_PER_MB);

export const limitsUse = ({ processes, memoryMb }: CellLimits): boolean => processes !== null || memoryMb !== null;
export const limitsSize = ({ diskMb, files }: CellLimits): boolean => diskMb !== null || files !== null;

/** A volume moves for other reasons too: below this a cell is not measured again. */
const LEAST_GROWTH: Volume = { bytes: 4e6, files: 200 };

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
