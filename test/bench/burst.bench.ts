import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { crowdScript } from '../support/crowd.ts';
import { type ModelScript, startModel } from '../support/scriptedModel.ts';
import type { Benchmark } from './benchmark.ts';
import { bareCells, memberPrompt, memberTest } from './support/bareCells.ts';
import { newFolder } from './support/benchFolder.ts';
import { reactor, stopEngine } from './support/reactorCommand.ts';
import { ROOM, roomMemoryMb } from './support/roomMemory.ts';
import { makeRepository } from './support/sampleRepository.ts';
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

async function mostMemory(room: string, filter: RegExp | null, work: Promise<unknown>): Promise<number> {
  let most = 0;
  let done = false;
  const ended = work.finally(() => {
    done = true;
  });
  ended.catch(() => {});
  while (!done) {
    most = Math.max(most, roomMemoryMb(room, filter));
    await pause(LOOK_EVERY_MS);
  }
  await ended;
  return most;
}

/** Peak memory of everything that so many cells at once take, engine and command line included, against as many bare servers. */
const burst = (cells: number): Benchmark => ({
  name: `cells/memory${cells}`,
  unit: 'MB',
  target: { of: 'ratio', atMost: 1.05 },
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
      subject: async () => {
        const work = reactor([...line, '--land', 'branch', '--json'], env);
        const most = await mostMemory(room, null, Promise.race([work, pause(PATIENCE_MS, undefined, { ref: false })]));
        await stopEngine(repository, env);
        await repository.restore();
        return most;
      },
      baseline: () => mostMemory(room, agentServer, bareCells(repository, env, cells, cells, false)),
      dispose: async () => {
        await stopEngine(repository, env);
        await model.stop();
      },
    };
  },
});

export const benchmarks: readonly Benchmark[] = [burst(10), burst(50)];
