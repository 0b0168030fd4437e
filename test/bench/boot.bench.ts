import type { Benchmark } from './benchmark.ts';
import { bareScript } from './support/bareScript.ts';
import { startInstantModel } from './support/instantModel.ts';
import { reactorRun, stopEngine } from './support/reactorCommand.ts';
import { sampleRepository } from './support/sampleRepository.ts';
import { userEnvironment } from './support/workplace.ts';

/** From the accepted task to the ready cell, its conversation included, against `git worktree add` and then a server until it is healthy. */
const boot = (name: string, files: number): Benchmark => ({
  name,
  unit: 'ms',
  async prepare() {
    const model = await startInstantModel();
    const env = userEnvironment(model);
    const repository = await sampleRepository(files);
    return {
      subject: async () => {
        const { untilMs } = await reactorRun(repository, env);
        await repository.restore();
        return untilMs('cell/ready') - untilMs('run/requested');
      },
      baseline: async () => (await bareScript(repository, env)).healthy,
      dispose: async () => {
        await stopEngine(repository, env);
        await model.stop();
      },
    };
  },
});

export const benchmarks: readonly Benchmark[] = [boot('boot/1k', 1_000), boot('boot/20k', 20_000)];
