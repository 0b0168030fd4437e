import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import type { Benchmark } from './benchmark.ts';
import { newFolder } from './support/benchFolder.ts';
import { engineProcesses, processorMs } from './support/engineProcesses.ts';
import { PROMPT, startInstantModel, TEST_COMMAND } from './support/instantModel.ts';
import { notingGit } from './support/notingGit.ts';
import { reactor, stopEngine } from './support/reactorCommand.ts';
import { makeRepository } from './support/sampleRepository.ts';
import { userEnvironment } from './support/workplace.ts';

const WATCHED_MS = 60_000;
const ENGINES = 8;
/** Runs of one engine that all wait for a person, watched in windows. */
const PARKED = 20;
const WINDOWS = 8;
const WINDOW_MS = 10_000;

interface Idle {
  readonly gitProcesses: number;
  readonly processorMs: number;
}

/** Eight engines, each with a run that waits for a person without a server, watched for the same 60 s. */
async function watchIdle(): Promise<readonly Idle[]> {
  const model = await startInstantModel();
  const stops: (() => Promise<void>)[] = [];
  try {
    const engines = [];
    for (let index = 0; index < ENGINES; index += 1) {
      const repository = await makeRepository(5);
      const notes = join(newFolder('notes'), 'git');
      const user = userEnvironment(model);
      const env = { ...user, PATH: `${await notingGit(notes)}:${user['PATH']}` };
      stops.push(() => stopEngine(repository, env));
      const args = ['run', '--repo', repository.path, '--prompt', PROMPT, '--test', TEST_COMMAND, '--no-base-test', '--approve', 'never'];
      const waitsForAPerson = 5;
      await reactor([...args, '--json'], env, waitsForAPerson);
      const { engine, warden } = engineProcesses(repository, env);
      engines.push({
        calls: () => readFileSync(notes, 'utf8').split('\n').length - 1,
        used: () => processorMs(engine) + processorMs(warden),
      });
    }
    const before = engines.map(({ calls, used }) => ({ calls: calls(), used: used() }));
    if (before.some(({ calls }) => calls === 0)) throw new Error('git calls are not noted');
    await pause(WATCHED_MS);
    return engines.map(({ calls, used }, index) => ({
      gitProcesses: calls() - (before[index]?.calls ?? 0),
      processorMs: used() - (before[index]?.used ?? 0),
    }));
  } finally {
    for (const stop of stops) await stop();
    await model.stop();
  }
}

/** One engine with twenty runs that wait for a person, watched for as many windows as are measured. */
async function watchParked(): Promise<readonly Idle[]> {
  const model = await startInstantModel();
  const repository = await makeRepository(5);
  const notes = join(newFolder('notes'), 'git');
  const user = userEnvironment(model);
  const env = { ...user, PATH: `${await notingGit(notes)}:${user['PATH']}` };
  try {
    const file = join(newFolder('tasks'), 'tasks.yaml');
    writeFileSync(file, Array.from({ length: PARKED }, (_, n) => `- { id: parked-${n}, prompt: ${JSON.stringify(PROMPT)} }\n`).join(''));
    const args = ['run', '--repo', repository.path, '--file', file, '--test', TEST_COMMAND, '--no-base-test', '--approve', 'never'];
    const waitsForAPerson = 5;
    await reactor([...args, '--json'], env, waitsForAPerson);
    const { engine, warden } = engineProcesses(repository, env);
    const look = () => ({
      gitProcesses: readFileSync(notes, 'utf8').split('\n').length - 1,
      processorMs: processorMs(engine) + processorMs(warden),
    });
    const looks = [look()];
    if (looks[0]?.gitProcesses === 0) throw new Error('git calls are not noted');
    for (let window = 0; window < WINDOWS; window += 1) {
      await pause(WINDOW_MS);
      looks.push(look());
    }
    return looks.slice(1).map((now, index) => ({
      gitProcesses: now.gitProcesses - (looks[index]?.gitProcesses ?? 0),
      processorMs: now.processorMs - (looks[index]?.processorMs ?? 0),
    }));
  } finally {
    await stopEngine(repository, env);
    await model.stop();
  }
}

const watching = new Map<() => Promise<readonly Idle[]>, Promise<readonly Idle[]>>();

/** One measurement per engine or window. */
const idle = (
  name: string,
  unit: string,
  atMost: number,
  pick: (one: Idle) => number,
  watch: () => Promise<readonly Idle[]> = watchIdle,
): Benchmark => ({
  name,
  unit,
  target: { of: 'median', atMost },
  rounds: ENGINES - 1,
  async prepare() {
    const watched = watching.get(watch) ?? watch();
    watching.set(watch, watched);
    const all = await watched;
    const most = Math.max(...all.map(({ gitProcesses }) => gitProcesses));
    let next = 0;
    return {
      // The warm-up takes the first. For git the worst engine counts, so that a median can't hide it.
      subject: async () => {
        const one = all[next++];
        if (one === undefined) throw new Error('more rounds than engines');
        return pick({ ...one, gitProcesses: most });
      },
      dispose: async () => {},
    };
  },
});

export const benchmarks: readonly Benchmark[] = [
  idle('idle/gitProcesses', '', 0, ({ gitProcesses }) => gitProcesses),
  idle('idle/processorTime', 'ms', 600, ({ processorMs: used }) => used),
  idle('idle/20parked/gitProcesses', '', 0, ({ gitProcesses }) => gitProcesses, watchParked),
  // 0.5 % of a core.
  idle('idle/20parked/processorTime', 'ms', WINDOW_MS / 200, ({ processorMs: used }) => used, watchParked),
];
