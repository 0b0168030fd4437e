import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { execa } from 'execa';
import { newFolder } from './benchFolder.ts';
import { childRun } from './childRun.ts';
import { PROMPT } from './instantModel.ts';
import type { SampleRepository } from './sampleRepository.ts';
import { openCode } from './workplace.ts';

/** Runs `opencode run` as its user would, in a fresh worktree that is there already. @returns milliseconds since the epoch at its start */
export async function plainOpenCode(repository: SampleRepository, user: NodeJS.ProcessEnv): Promise<number> {
  const worktree = join(newFolder('plain'), 'worktree');
  await execa('git', ['worktree', 'add', '--quiet', '--no-track', '-b', 'plain', worktree, 'HEAD'], { cwd: repository.path });
  const startedAt = performance.timeOrigin + performance.now();
  await childRun(openCode, ['run', '--title', 'plain', PROMPT], { cwd: worktree, env: user });
  await rm(worktree, { recursive: true, force: true });
  await repository.restore();
  return startedAt;
}
