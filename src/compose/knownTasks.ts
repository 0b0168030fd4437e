import { evolveRun } from '../core/run/evolve.ts';
import type { Home } from './home.ts';

/** Which of these tasks have been run before. */
export async function knownTasks({ journalFile }: Pick<Home, 'journalFile'>, tasks: readonly string[]): Promise<ReadonlySet<string>> {
  const { openJournalReader } = await import('../adapters/journal/openJournalReader.ts');
  const reader = openJournalReader({ file: journalFile, evolve: evolveRun });
  try {
    return new Set(tasks.filter((task) => reader.runsOfTask(task).length > 0));
  } finally {
    reader.close();
  }
}
