import type { ScriptedModel } from '../support/scriptedModel.ts';
import type { Benchmark } from './benchmark.ts';
import { bareScript } from './support/bareScript.ts';
import { startInstantModel } from './support/instantModel.ts';
import { plainOpenCode } from './support/plainOpenCode.ts';
import { reactorRun, stopEngine, warmCellReady } from './support/reactorCommand.ts';
import { makeRepository, type SampleRepository, sampleRepository } from './support/sampleRepository.ts';
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

/** When the engine accepted the task, which has landed by then. */
const landed: Start = async (repository, env) => {
  const { entries } = await reactorRun(repository, env);
  const request = entries.find(({ type }) => type === 'run/requested');
  if (request === undefined) throw new Error('the run was not recorded');
  return request.at;
};

const accepted: Start = async (repository, env) => {
  const at = await landed(repository, env);
  await repository.restore();
  return at;
};

/** To the first request of a task that takes a warm cell; then there is another one. The repository rests while that is made. */
async function warmRequestMs(model: ScriptedModel, repository: SampleRepository, env: NodeJS.ProcessEnv): Promise<number> {
  const ms = await firstRequestMs(model, () => landed(repository, env));
  await warmCellReady(repository, env);
  await repository.restore();
  return ms;
}

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
    if (warm) await warmRequestMs(model, repository, env);
    return {
      subject: () => (warm ? warmRequestMs(model, repository, env) : firstRequestMs(model, () => accepted(repository, env))),
      baseline: () => firstRequestMs(model, () => against(repository, env)),
      dispose: async () => {
        await stopEngine(repository, env);
        await model.stop();
      },
    };
  },
});

/** With a cell made ahead against without one, on two repositories of which each has an engine that is there. */
const warmOfCold: Benchmark = {
  name: 'firstRequest/warmOfCold',
  unit: 'ms',
  target: { of: 'ratio', atMost: 0.15 },
  async prepare() {
    const model = await startInstantModel();
    const [warm, cold] = [await makeRepository(5), await makeRepository(5)];
    const [warmEnv, coldEnv] = [userEnvironment(model, 1), userEnvironment(model, 0)];
    await accepted(cold, coldEnv);
    await warmRequestMs(model, warm, warmEnv);
    return {
      subject: () => warmRequestMs(model, warm, warmEnv),
      baseline: () => firstRequestMs(model, () => accepted(cold, coldEnv)),
      dispose: async () => {
        await stopEngine(warm, warmEnv);
        await stopEngine(cold, coldEnv);
        await model.stop();
      },
    };
  },
};

export const benchmarks: readonly Benchmark[] = [
  firstRequest('firstRequest/small', 5, plainOpenCode, 0.6),
  firstRequest('firstRequest/20k', 20_000, plainOpenCode, 0.6),
  firstRequest('firstRequest/smallWarm', 5, plainOpenCode, 0.6, true),
  warmOfCold,
  firstRequest('firstRequest/smallBare', 5, bare, null),
  firstRequest('firstRequest/20kBare', 20_000, bare, null),
];
