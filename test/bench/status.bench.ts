import { mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import { finished, message, openSampleJournal, requested, stamped } from '../support/journalSamples.ts';
import type { Benchmark } from './benchmark.ts';
import { journalFileOf } from './support/engineProcesses.ts';
import { startInstantModel } from './support/instantModel.ts';
import { reactor } from './support/reactorCommand.ts';
import { makeRepository, type SampleRepository } from './support/sampleRepository.ts';
import { userEnvironment } from './support/workplace.ts';

const PER_RUN = 500;

/** Writes a journal of runs that have all ended into the repository's data folder. */
async function fillJournal(repository: SampleRepository, env: NodeJS.ProcessEnv, entries: number): Promise<void> {
  const file = journalFileOf(repository, env);
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
  const { journal } = openSampleJournal(file);
  for (let number = 1; number <= entries / PER_RUN; number += 1) {
    const run = `r${number}`;
    const messages = Array.from({ length: PER_RUN - 2 }, (_, index) => stamped(run, message(run, 1, `I changed file number ${index}.`)));
    await journal.append({ entries: [requested(run, `TASK-${number}`), ...messages, finished(run)], durability: 'normal' });
  }
  journal.close();
}

/** Wall time of `reactor status` on a journal of a million entries against one without any. No engine runs and none is started. */
export const benchmarks: readonly Benchmark[] = [
  {
    name: 'status/million',
    unit: 'ms',
    target: { of: 'ratio', atMost: 1.3 },
    rounds: 15,
    async prepare() {
      const model = await startInstantModel();
      const env = userEnvironment(model);
      await model.stop();
      const [large, empty] = [await makeRepository(5), await makeRepository(5)];
      await fillJournal(large, env, 1_000_000);
      await fillJournal(empty, env, 0);
      const status = (repository: SampleRepository) => async () => {
        const { wallMs, stdout } = await reactor(['status', '--json', '--repo', repository.path], env);
        const { runs } = JSON.parse(stdout) as { runs: readonly unknown[] };
        if (runs.length > 0) throw new Error(`${runs.length} open runs`);
        return wallMs;
      };
      return { subject: status(large), baseline: status(empty), dispose: async () => {} };
    },
  },
];
