import type { Benchmark } from './benchmark.ts';
import { bareScript } from './support/bareScript.ts';
import { startInstantModel } from './support/instantModel.ts';
import { reactorRun, stopEngine, warmCellReady } from './support/reactorCommand.ts';
import { sampleRepository } from './support/sampleRepository.ts';
import { userEnvironment } from './support/workplace.ts';

/**
 * Wall time of `reactor run … --json`, from its start to its end, with landing and clean-up, against the whole of the bare script, which
 * does neither. `cold`: the command also starts the engine; otherwise it runs already, as it does for every command but the first.
 * `warm`: it also has a cell made ahead, and makes the next one before the other side's turn.
 */
const overhead = (name: string, files: number, engine: 'running' | 'cold' | 'warm'): Benchmark => ({
  name,
  unit: 'ms',
  target: { of: 'ratio', atMost: 0.9 },
  async prepare() {
    const model = await startInstantModel();
    const env = userEnvironment(model, engine === 'warm' ? 1 : 0);
    const repository = await sampleRepository(files);
    if (engine === 'warm') {
      await reactorRun(repository, env);
      await warmCellReady(repository, env);
      await repository.restore();
    }
    return {
      subject: async () => {
        if (engine === 'cold') await stopEngine(repository, env);
        const { wallMs } = await reactorRun(repository, env);
        // Before the repository is tidied, which would take a half-made worktree for one that has gone.
        if (engine === 'warm') await warmCellReady(repository, env);
        await repository.restore();
        return wallMs;
      },
      baseline: async () => (await bareScript(repository, env)).wall,
      dispose: async () => {
        await stopEngine(repository, env);
        await model.stop();
      },
    };
  },
});

export const benchmarks: readonly Benchmark[] = [
  overhead('overhead/small', 5, 'running'),
  overhead('overhead/smallCold', 5, 'cold'),
  overhead('overhead/smallWarm', 5, 'warm'),
  overhead('overhead/20k', 20_000, 'running'),
  overhead('overhead/20kCold', 20_000, 'cold'),
  overhead('overhead/20kWarm', 20_000, 'warm'),
];
