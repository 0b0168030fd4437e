import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { dataFolderOf } from '../../../src/adapters/files/dataFolder.ts';
import { openJournalReader } from '../../../src/adapters/journal/openJournalReader.ts';
import { evolveRun } from '../../../src/core/run/evolve.ts';
import type { SampleRepository } from './sampleRepository.ts';

export const journalFileOf = (repository: SampleRepository, env: NodeJS.ProcessEnv): string =>
  join(dataFolderOf(join(repository.path, '.git'), env), 'journal.db');

/** Process ids of the repository's engine and its warden, from the journal. */
export function engineProcesses(
  repository: SampleRepository,
  env: NodeJS.ProcessEnv,
): { readonly engine: number; readonly warden: number } {
  const reader = openJournalReader({ file: journalFileOf(repository, env), evolve: evolveRun });
  try {
    const started = reader.read({ from: 1, limit: 10_000 }).findLast(({ type }) => type === 'engine/started');
    const data = started?.data as { process: { pid: number }; warden: { pid: number } } | undefined;
    if (data === undefined) throw new Error('no engine has started');
    return { engine: data.process.pid, warden: data.warden.pid };
  } finally {
    reader.close();
  }
}

/** Resident memory now, megabytes of a million bytes. */
export function residentMb(pid: number): number {
  const match = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'));
  if (match?.[1] === undefined) throw new Error(`${pid} has no memory`);
  return (Number(match[1]) * 1024) / 1e6;
}

/** Processor time used so far in user and system mode, milliseconds; in steps of ten. */
export function processorMs(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[11]) + Number(fields[12])) * 10;
}
