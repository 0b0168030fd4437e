import type { Benchmark } from './benchmark.ts';
import { bareLandings, landCandidates, startWritingModel } from './support/landingLine.ts';
import { stopEngine } from './support/reactorCommand.ts';
import { makeRepository } from './support/sampleRepository.ts';
import { userEnvironment } from './support/workplace.ts';

const CANDIDATES = 20;

/** Green candidates of real runs, all of them in line, until the last has landed, against as many bare merges with a run of the tests after each. */
const landing = (name: string, batch: number, atMost: number): Benchmark => ({
  name,
  unit: 'ms',
  target: { of: 'ratio', atMost },
  async prepare() {
    const model = await startWritingModel();
    const env = userEnvironment(model);
    const repository = await makeRepository(1000);
    const bare = await bareLandings(repository, CANDIDATES);
    return {
      subject: async () => {
        const tookMs = await landCandidates(repository, env, CANDIDATES, batch);
        await repository.restore();
        return tookMs;
      },
      baseline: bare,
      dispose: async () => {
        await stopEngine(repository, env);
        await model.stop();
      },
    };
  },
});

export const benchmarks: readonly Benchmark[] = [
  landing('cells/land20', 1, 1.05),
  // Three times as fast as one by one, with as many together as is the default.
  landing('cells/land20Batched', 10, 1 / 3),
];
