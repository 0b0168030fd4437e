import { mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import { finished, openSampleJournal, requested } from '../../support/journalSamples.ts';

/** Writes a journal of this many runs that have all ended. */
export async function fillEnded(file: string, runs: number): Promise<void> {
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
  const { journal } = openSampleJournal(file);
  for (let number = 1; number <= runs; number += 1) {
    const run = `TASK-${number}-r1`;
    await journal.append({ entries: [requested(run, `TASK-${number}`), finished(run)], durability: 'normal' });
  }
  journal.close();
}
