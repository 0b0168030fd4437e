import { fileURLToPath } from 'node:url';
import { systemClock } from '../../../src/adapters/clock/systemClock.ts';
import type { Entry } from '../../../src/core/journal/entry.ts';
import { benchFolder } from './benchFolder.ts';
import { buildOnce } from './buildOnce.ts';
import { type ChildRun, childRun } from './childRun.ts';
import { PROMPT, TEST_COMMAND } from './instantModel.ts';
import type { SampleRepository } from './sampleRepository.ts';

const cli = fileURLToPath(new URL('../../../dist/cli.mjs', import.meta.url));
/** Runs the built command line. */
export async function reactor(args: readonly string[], env: NodeJS.ProcessEnv, expected = 0): Promise<ChildRun> {
  await buildOnce();
  return childRun(process.execPath, [cli, ...args], { cwd: benchFolder(), env }, expected);
}

export interface ReactorRun extends ChildRun {
  readonly entries: readonly Entry[];
  /** Milliseconds from the start of the command to the first entry of this type. @throws Error when there is none. */
  readonly untilMs: (type: string) => number;
}

/** `reactor run` on a repository, as a script would call it; `more` may say otherwise. @throws Error unless the work has landed. */
export async function reactorRun(repository: SampleRepository, env: NodeJS.ProcessEnv, more: readonly string[] = []): Promise<ReactorRun> {
  const startedAt = performance.timeOrigin + performance.now();
  const ran = await reactor(
    [
      ...['run', '--repo', repository.path, '--prompt', PROMPT, '--test', TEST_COMMAND, '--no-base-test'],
      ...['--approve', 'auto', '--land', 'ff', '--json', ...more],
    ],
    env,
  );
  const lines = ran.stdout.trim().split('\n');
  const entries = lines.slice(0, -1).map((line) => JSON.parse(line) as Entry);
  const untilMs = (type: string): number => {
    const entry = entries.find((candidate) => candidate.type === type);
    if (entry === undefined) throw new Error(`no ${type} in ${ran.stdout}`);
    return entry.at - startedAt;
  };
  untilMs('landing/landed');
  return { ...ran, entries, untilMs };
}

/** Resolves when the engine has a cell made ahead. It must have had a run to make one for. @throws Error when it does not come. */
export async function warmCellReady(repository: SampleRepository, env: NodeJS.ProcessEnv): Promise<void> {
  for (let look = 0; look < 100; look += 1) {
    const { stdout } = await reactor(['status', '--json', '--repo', repository.path], env);
    const { cells } = JSON.parse(stdout) as { cells: { phase: string }[] };
    if (cells.some(({ phase }) => phase === 'warm')) return;
    await systemClock.sleep(300);
  }
  throw new Error('no warm cell was made');
}

/** Ends the engine of the repository when one runs. */
export const stopEngine = async (repository: SampleRepository, env: NodeJS.ProcessEnv): Promise<void> => {
  await reactor(['engine', '--stop', '--now', '--repo', repository.path], env);
};
