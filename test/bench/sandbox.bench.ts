import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { EventData } from '../../src/core/journal/events.ts';
import { ensureBubblewrap } from '../support/ensureBubblewrap.ts';
import type { Benchmark } from './benchmark.ts';
import { startInstantModel } from './support/instantModel.ts';
import { mostDuring } from './support/mostDuring.ts';
import { type ReactorRun, reactorRun, stopEngine } from './support/reactorCommand.ts';
import { ROOM, roomMemoryMb } from './support/roomMemory.ts';
import { type SampleRepository, sampleRepository } from './support/sampleRepository.ts';
import { userEnvironment } from './support/workplace.ts';

const INSIDE = ['--sandbox', 'required'];
const OUTSIDE = ['--sandbox', 'off'];
const ROOM_NAME = `sandbox-${process.pid}`;

/** Starts programs, reads and writes files, as tests do: about two seconds. */
const TESTS = [
  'test -s answer.txt',
  "i=0; while [ $i -lt 20 ]; do node -e \"require('node:fs').readdirSync('.')\"; i=$((i+1)); done",
  'find . -type f -exec cat {} + >/dev/null',
  'mkdir -p out; i=0; while [ $i -lt 300 ]; do echo $i >out/$i; i=$((i+1)); done; rm -r out',
].join(' && ');

const testMs = ({ entries }: ReactorRun): number => {
  const tested = entries.find(({ type }) => type === 'attempt/tested');
  if (tested === undefined) throw new Error('nothing was tested');
  return (tested.data as EventData<'attempt/tested'>).evidence.durationMs;
};

/** With settings that bear a busy machine. */
async function patientRepository(): Promise<SampleRepository> {
  const repository = await sampleRepository(1_000);
  writeFileSync(join(repository.path, 'reactor.yaml'), 'health: { limit: 60s }\n');
  return repository;
}

/** The same run inside the sandbox and outside, by one engine. In so many rounds that the difference of a few hundredths can be told from chance. */
const compared = (name: string, rounds: number, more: readonly string[], figure: (run: ReactorRun) => number): Benchmark => ({
  name,
  unit: 'ms',
  rounds,
  target: { of: 'ratio', atMost: 1.03 },
  async prepare() {
    ensureBubblewrap();
    const model = await startInstantModel();
    const env = userEnvironment(model);
    const repository = await patientRepository();
    const measured = (place: readonly string[]) => async (): Promise<number> => {
      const run = await reactorRun(repository, env, [...more, ...place]);
      await repository.restore();
      return figure(run);
    };
    return {
      subject: measured(INSIDE),
      baseline: measured(OUTSIDE),
      dispose: async () => {
        await stopEngine(repository, env);
        await model.stop();
      },
    };
  },
});

export const benchmarks: readonly Benchmark[] = [
  compared('sandbox/boot', 31, [], ({ untilMs }) => untilMs('cell/ready') - untilMs('run/requested')),
  compared('sandbox/test', 15, ['--test', TESTS], testMs),
  {
    name: 'sandbox/memory',
    unit: 'MB',
    target: { of: 'median', atMost: 10 },
    async prepare() {
      ensureBubblewrap();
      const model = await startInstantModel();
      const env = { ...userEnvironment(model), [ROOM]: ROOM_NAME };
      const repository = await patientRepository();
      return {
        subject: async () => {
          const most = await mostDuring(
            () => roomMemoryMb(ROOM_NAME, /^\S*bwrap /),
            () => reactorRun(repository, env, INSIDE),
          );
          await repository.restore();
          return most;
        },
        dispose: async () => {
          await stopEngine(repository, env);
          await model.stop();
        },
      };
    },
  },
];
