import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { benchFolder, newFolder } from './benchFolder.ts';
import { childRun } from './childRun.ts';
import { PROMPT, TEST_COMMAND } from './instantModel.ts';
import type { SampleRepository } from './sampleRepository.ts';
import { leanEnvironment, openCode } from './workplace.ts';

const script = fileURLToPath(new URL('./bareRun.mjs', import.meta.url));

/** Milliseconds from the start of the script to the end of each of its steps; `wall` is the whole process. */
export type BareSteps = Readonly<
  Record<'worktree' | 'listening' | 'healthy' | 'session' | 'turn' | 'test' | 'commit' | 'killed' | 'wall', number>
>;

/** Does the bare steps once, in a process of its own, and undoes them. */
export async function bareScript(repository: SampleRepository, user: NodeJS.ProcessEnv): Promise<BareSteps> {
  const worktree = join(newFolder('bare'), 'worktree');
  const env = leanEnvironment(user, worktree, 'bare');
  const ran = await childRun(process.execPath, [script, repository.path, worktree, 'bare', PROMPT, TEST_COMMAND, openCode], {
    cwd: benchFolder(),
    env,
  });
  const steps = Object.fromEntries(
    ran.stdout
      .split('\n')
      .filter((line) => line.includes(' '))
      .map((line) => line.split(' '))
      .map(([name = '', ms]) => [name, Number(ms)]),
  );
  await rm(worktree, { recursive: true, force: true });
  await repository.restore();
  return { ...steps, wall: ran.wallMs } as BareSteps;
}
