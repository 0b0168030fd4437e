import { writeFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import type { Entry } from '../../src/core/journal/entry.ts';
import { crowdScript } from '../support/crowd.ts';
import { startModel } from '../support/scriptedModel.ts';
import type { Benchmark } from './benchmark.ts';
import { bareCells, type CrowdTimes, memberPrompt, memberTest } from './support/bareCells.ts';
import { newFolder } from './support/benchFolder.ts';
import { buildOnce } from './support/buildOnce.ts';
import { reactor, stopEngine } from './support/reactorCommand.ts';
import { type SampleRepository, sampleRepository } from './support/sampleRepository.ts';
import { SharedRuns } from './support/sharedRuns.ts';
import { userEnvironment } from './support/workplace.ts';

/**
 * `reactor run --file` with so many tasks: from the first accepted to the last cell that is ready, and from the start of the command, as for the
 * bare cells, to the last that has landed.
 */
async function reactorCells(repository: SampleRepository, env: NodeJS.ProcessEnv, count: number): Promise<CrowdTimes> {
  const file = join(newFolder('tasks'), 'tasks.yaml');
  const tasks = Array.from({ length: count }, (_, index) => `- id: member${index + 1}\n  prompt: ${memberPrompt(index + 1)}\n`);
  writeFileSync(file, tasks.join(''));
  await buildOnce();
  const startedAt = performance.timeOrigin + performance.now();
  const ran = await reactor(
    [
      ...['run', '--repo', repository.path, '--file', file, '--test', memberTest, '--no-base-test'],
      ...['--approve', 'auto', '--land', 'merge', '--json'],
    ],
    env,
  );
  const lines = ran.stdout.trim().split('\n').slice(0, -1);
  const entries = lines.map((line) => JSON.parse(line) as Entry);
  const times = (type: string): number[] => entries.filter((entry) => entry.type === type).map(({ at }) => at);
  if (times('landing/landed').length !== count) throw new Error(`${times('landing/landed').length} of ${count} have landed`);
  const accepted = Math.min(...times('run/requested'));
  await repository.restore();
  return { ready: Math.max(...times('cell/ready')) - accepted, landed: Math.max(...times('landing/landed')) - startedAt };
}

/** As `sampleRepository`, with settings that bear many servers starting on few processors. */
async function patientRepository(files: number): Promise<SampleRepository> {
  const repository = await sampleRepository(files);
  writeFileSync(join(repository.path, 'reactor.yaml'), 'health: { limit: 120s }\n');
  return repository;
}

const PARALLEL = [availableParallelism(), 2 * availableParallelism()];

/** Reactor against `xargs -P` at the better of two parallelisms, found by one run each. */
function cells(count: number, files: number, size: string): Benchmark[] {
  const subjects = new SharedRuns<CrowdTimes>();
  const baselines = new SharedRuns<CrowdTimes>();
  let best: number | null = null;
  const one = (what: keyof CrowdTimes): Benchmark => ({
    name: `cells/${what}${count}x${size}`,
    unit: 'ms',
    target: { of: 'ratio', atMost: 1 },
    rounds: count > 1 ? 3 : 7,
    long: count > 1,
    async prepare() {
      const model = await startModel(crowdScript);
      const env = userEnvironment(model);
      const repository = await patientRepository(files);
      const parallel = async (): Promise<number> => {
        if (count === 1) return 1;
        if (best !== null) return best;
        const tried = [];
        for (const each of PARALLEL) tried.push({ each, ms: (await bareCells(repository, env, count, each)).landed });
        best = tried.sort((a, b) => a.ms - b.ms)[0]?.each ?? 1;
        return best;
      };
      return {
        subject: () => subjects.take(what, () => reactorCells(repository, env, count)),
        baseline: () => baselines.take(what, async () => bareCells(repository, env, count, await parallel())),
        dispose: async () => {
          await stopEngine(repository, env);
          await model.stop();
        },
      };
    },
  });
  return [one('ready'), one('landed')];
}

export const benchmarks: readonly Benchmark[] = [
  ...cells(1, 1_000, '1k'),
  ...cells(5, 1_000, '1k'),
  ...cells(20, 1_000, '1k'),
  ...cells(1, 20_000, '20k'),
  ...cells(5, 20_000, '20k'),
  ...cells(20, 20_000, '20k'),
];
