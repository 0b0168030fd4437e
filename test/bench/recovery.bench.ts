import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { systemClock } from '../../src/adapters/clock/systemClock.ts';
import { openJournalReader } from '../../src/adapters/journal/openJournalReader.ts';
import type { Entry } from '../../src/core/journal/entry.ts';
import { evolveRun } from '../../src/core/run/evolve.ts';
import { startModel } from '../support/scriptedModel.ts';
import type { Benchmark } from './benchmark.ts';
import { engineProcesses, journalFileOf } from './support/engineProcesses.ts';
import { PROMPT, TEST_COMMAND } from './support/instantModel.ts';
import { reactor, stopEngine } from './support/reactorCommand.ts';
import { makeRepository, type SampleRepository } from './support/sampleRepository.ts';
import { userEnvironment } from './support/workplace.ts';

const RUNS = 5;
const LIMIT_MS = 180_000;

function entriesFrom(repository: SampleRepository, env: NodeJS.ProcessEnv, from: number): readonly Entry[] {
  const reader = openJournalReader({ file: journalFileOf(repository, env), evolve: evolveRun });
  try {
    return reader.read({ from, limit: 100_000 });
  } finally {
    reader.close();
  }
}

/** Waits until `count` entries of this kind have come since `from`. @returns them. */
async function untilEntries(
  repository: SampleRepository,
  env: NodeJS.ProcessEnv,
  from: number,
  type: string,
  count: number,
): Promise<readonly Entry[]> {
  const deadline = systemClock.monotonic() + LIMIT_MS;
  for (;;) {
    const found = entriesFrom(repository, env, from).filter((entry) => entry.type === type);
    if (found.length >= count) return found;
    if (systemClock.monotonic() > deadline) throw new Error(`${count} entries ${type} did not come`);
    await systemClock.sleep(20);
  }
}

/** With settings that bear five servers starting on few processors. */
async function patientRepository(): Promise<SampleRepository> {
  const repository = await makeRepository(50);
  writeFileSync(join(repository.path, 'reactor.yaml'), 'health: { limit: 120s }\n');
  return repository;
}

/**
 * From `kill -9` of the engine to the last of five agents' turns going on. Nobody watches; the next command, right after the kill, starts
 * the engine that goes on. `dead`: all five servers are killed with it; then the time from the first of their starts to the last that is
 * ready is taken off, as no engine can do without it, and what stays is looking, keeping, resetting and the pause before an attempt is repeated.
 */
const recovery = (name: string, dead: boolean): Benchmark => ({
  name,
  unit: 'ms',
  target: { of: 'median', atMost: 2000 },
  async prepare() {
    const model = await startModel(() => ({ do: 'hang' }));
    const env = { ...userEnvironment(model), REACTOR_WARDEN_GRACE_MS: '30000' };
    let repository = await patientRepository();
    const begin = async (): Promise<void> => {
      for (let n = 0; n < RUNS; n += 1) {
        const args = ['run', '--repo', repository.path, '--prompt', PROMPT, '--test', TEST_COMMAND, '--no-base-test', '--detach'];
        await reactor([...args, '--approve', 'auto', '--json'], env);
      }
      await untilEntries(repository, env, 1, 'attempt/started', RUNS);
    };
    await begin();
    return {
      subject: async () => {
        const head = entriesFrom(repository, env, 1).length;
        const servers = entriesFrom(repository, env, 1).flatMap(({ type, data }) =>
          type === 'cell/serverSpawned' ? [(data as { process: { pid: number } }).process.pid] : [],
        );
        const killedAt = systemClock.now();
        process.kill(engineProcesses(repository, env).engine, 'SIGKILL');
        if (dead) for (const pid of servers.slice(-RUNS)) process.kill(pid, 'SIGKILL');
        await reactor(['status', '--json', '--repo', repository.path], env);
        const last = (entries: readonly Entry[]): number => Math.max(...entries.map(({ at }) => at));
        if (!dead) return last(await untilEntries(repository, env, head + 1, 'run/recovered', RUNS)) - killedAt;
        const going = last(await untilEntries(repository, env, head + 1, 'attempt/started', RUNS));
        const times = (type: string): number[] => entriesFrom(repository, env, head + 1).flatMap((e) => (e.type === type ? [e.at] : []));
        const starting = Math.max(...times('cell/ready')) - Math.min(...times('cell/serverSpawned'));
        // A run may be interrupted so often and no more: each round has one of its own.
        await stopEngine(repository, env);
        repository = await patientRepository();
        await begin();
        return going - killedAt - starting;
      },
      dispose: async () => {
        await stopEngine(repository, env);
        await model.stop();
      },
    };
  },
});

export const benchmarks: readonly Benchmark[] = [recovery('recovery/adopted', false), recovery('recovery/restarted', true)];
