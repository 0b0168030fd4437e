import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { crowdScript } from '../support/crowd.ts';
import { type ModelScript, startModel } from '../support/scriptedModel.ts';
import type { Benchmark } from './benchmark.ts';
import { bareCells, memberPrompt, memberTest } from './support/bareCells.ts';
import { newFolder } from './support/benchFolder.ts';
import { engineProcesses, residentMb } from './support/engineProcesses.ts';
import { reactor, stopEngine } from './support/reactorCommand.ts';
import { ROOM, roomMemoryMb } from './support/roomMemory.ts';
import { makeRepository, type SampleRepository } from './support/sampleRepository.ts';
import { SharedRuns } from './support/sharedRuns.ts';
import { userEnvironment } from './support/workplace.ts';

const LOOK_EVERY_MS = 2000;
/** Cells wait for the model until all of them are there. */
const PATIENCE_MS = 30 * 60_000;
const agentServer = /opencode\S* serve/;

/** Holds every first call back until so many of them are waiting. */
function gathering(cells: number): ModelScript {
  let open: () => void = () => {};
  let opened = new Promise<void>((resolve) => {
    open = resolve;
  });
  let waiting = 0;
  return async (call) => {
    if (call.turn === 0 && !call.isTitle) {
      waiting += 1;
      const mine = opened;
      if (waiting === cells) {
        // One more look at them while all are there.
        setTimeout(() => {
          open();
          waiting = 0;
          opened = new Promise<void>((resolve) => {
            open = resolve;
          });
        }, 2 * LOOK_EVERY_MS);
      }
      await mine;
    }
    return crowdScript(call);
  };
}

/** The most that each look saw while the work was done. */
async function mostMemory<T extends Readonly<Record<string, number>>>(look: () => T, work: Promise<unknown>): Promise<T> {
  let most = look();
  let done = false;
  const ended = work.finally(() => {
    done = true;
  });
  ended.catch(() => {});
  while (!done) {
    const now = look();
    most = Object.fromEntries(Object.entries(now).map(([what, mb]) => [what, Math.max(mb, most[what] ?? 0)])) as T;
    await pause(LOOK_EVERY_MS);
  }
  await ended;
  return most;
}

/** Resident memory of the engine that works for the repository; 0 while there is none. */
function engineMb(repository: SampleRepository, env: NodeJS.ProcessEnv): number {
  try {
    return residentMb(engineProcesses(repository, env).engine);
  } catch {
    // Before the first engine there is no journal, and the one it names may have ended.
    return 0;
  }
}

type Memory = Readonly<Record<'all' | 'engine', number>>;

/**
 * Peak memory of everything that so many cells at once take, engine and command line included, against as many bare servers; and of the engine
 * alone in the same runs.
 */
function burst(cells: number): Benchmark[] {
  const runs = new SharedRuns<Memory>();
  return [
    { name: `cells/memory${cells}`, target: { of: 'ratio', atMost: 1.05 }, ...measured(cells, 'all', runs) },
    { name: `cells/engineMemory${cells}`, target: { of: 'median', atMost: 150 }, ...measured(cells, 'engine', runs) },
  ];
}

const measured = (
  cells: number,
  what: keyof Memory,
  runs: SharedRuns<Memory>,
): Pick<Benchmark, 'unit' | 'rounds' | 'long' | 'prepare'> => ({
  unit: 'MB',
  rounds: 3,
  long: true,
  async prepare() {
    const model = await startModel(gathering(cells));
    const room = `room-${process.pid}`;
    const env = { ...userEnvironment(model), [ROOM]: room };
    const repository = await makeRepository(1_000);
    const file = join(newFolder('tasks'), 'tasks.yaml');
    const numbers = Array.from({ length: cells }, (_, index) => index + 1);
    writeFileSync(file, numbers.map((number) => `- id: member${number}\n  prompt: ${memberPrompt(number)}\n`).join(''));
    // Held calls are no stall, and starting 50 takes longer than a run may last by default where processors are few.
    writeFileSync(join(repository.path, 'reactor.yaml'), 'limits: { stall: 30m }\nhealth: { limit: 120s }\ntimeout: 1h\n');
    const line = ['run', '--repo', repository.path, '--file', file, '--test', memberTest, '--no-base-test', '--approve', 'auto'];
    return {
      subject: () =>
        runs.take(what, async () => {
          const work = reactor([...line, '--land', 'branch', '--json'], env);
          const look = (): Memory => ({ all: roomMemoryMb(room, null), engine: engineMb(repository, env) });
          const most = await mostMemory(look, Promise.race([work, pause(PATIENCE_MS, undefined, { ref: false })]));
          await stopEngine(repository, env);
          await repository.restore();
          return most;
        }),
      ...(what === 'engine' ? {} : { baseline: () => bareMemory(bareCells(repository, env, cells, cells, false), room) }),
      dispose: async () => {
        await stopEngine(repository, env);
        await model.stop();
      },
    };
  },
});

async function bareMemory(work: Promise<unknown>, room: string): Promise<number> {
  return (await mostMemory(() => ({ all: roomMemoryMb(room, agentServer) }), work)).all;
}

export const benchmarks: readonly Benchmark[] = [...burst(10), ...burst(50)];
