import type { ScriptedModel } from '../support/scriptedModel.ts';
import type { Benchmark } from './benchmark.ts';
import { bareScript } from './support/bareScript.ts';
import { startInstantModel } from './support/instantModel.ts';
import { plainOpenCode } from './support/plainOpenCode.ts';
import { reactorRun, stopEngine, warmCellReady } from './support/reactorCommand.ts';
import { type SampleRepository, sampleRepository } from './support/sampleRepository.ts';
import { userEnvironment } from './support/workplace.ts';

type Start = (repository: SampleRepository, env: NodeJS.ProcessEnv) => Promise<number>;

/** From a moment that `start` returns, milliseconds since the epoch, to the first request that reached the model after it. */
async function firstRequestMs(model: ScriptedModel, work: () => Promise<number>): Promise<number> {
  const before = model.calls.length;
  const startedAt = await work();
  const first = model.calls[before];
  if (first === undefined) throw new Error('the model was not asked');
  return first.at - startedAt;
}

/** When the engine accepted the task. */
const accepted: Start = async (repository, env) => {
  const { entries } = await reactorRun(repository, env);
  await repository.restore();
  const request = entries.find(({ type }) => type === 'run/requested');
  if (request === undefined) throw new Error('the run was not recorded');
  return request.at;
};

const bare: Start = async (repository, env) => {
  const startedAt = performance.timeOrigin + performance.now();
  await bareScript(repository, env);
  return startedAt;
};

const firstRequest = (name: string, files: number, against: Start, atMost: number | null, warm = false): Benchmark => ({
  name,
  unit: 'ms',
  ...(atMost === null ? {} : { target: { of: 'ratio', atMost } }),
  async prepare() {
    const model = await startInstantModel();
    const env = userEnvironment(model, warm ? 1 : 0);
    const repository = await sampleRepository(files);
    if (warm) {
      await accepted(repository, env);
      await warmCellReady(repository, env);
    }
    return {
      subject: async () => {
        const ms = await firstRequestMs(model, () => accepted(repository, env));
        if (warm) await warmCellReady(repository, env);
        return ms;
      },
      baseline: () => firstRequestMs(model, () => against(repository, env)),
      dispose: async () => {
        await stopEngine(repository, env);
        await model.stop();
      },
    };
  },
});

export const benchmarks: readonly Benchmark[] = [
  firstRequest('firstRequest/small', 5, plainOpenCode, 0.6),
  firstRequest('firstRequest/20k', 20_000, plainOpenCode, 0.6),
  firstRequest('firstRequest/smallWarm', 5, plainOpenCode, 0.6, true),
  firstRequest('firstRequest/smallBare', 5, bare, null),
  firstRequest('firstRequest/20kBare', 20_000, bare, null),
];
