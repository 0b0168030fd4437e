import type { Benchmark } from './benchmark.ts';
import { engineProcesses, residentMb } from './support/engineProcesses.ts';
import { startInstantModel } from './support/instantModel.ts';
import { mostDuring } from './support/mostDuring.ts';
import { reactorRun, stopEngine } from './support/reactorCommand.ts';
import { sampleRepository } from './support/sampleRepository.ts';
import { userEnvironment } from './support/workplace.ts';

/** Most resident memory that the engine process was seen with while it drove a run. */
export const benchmarks: readonly Benchmark[] = [
  {
    name: 'memory/engine',
    unit: 'MB',
    target: { of: 'median', atMost: 120 },
    async prepare() {
      const model = await startInstantModel();
      const env = userEnvironment(model);
      const repository = await sampleRepository(1_000);
      // With an engine to look at from the first measured run on.
      await reactorRun(repository, env);
      await repository.restore();
      const { engine } = engineProcesses(repository, env);
      return {
        subject: async () => {
          const most = await mostDuring(
            () => residentMb(engine),
            () => reactorRun(repository, env),
          );
          await repository.restore();
          return most;
        },
        dispose: async () => {
          await stopEngine(repository, env);
          await model.stop();
        },
      };
    },
  },
];
