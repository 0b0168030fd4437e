import { readFileSync, writeFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { newFolder } from './benchFolder.ts';
import { childRun } from './childRun.ts';
import type { SampleRepository } from './sampleRepository.ts';
import { leanEnvironment, openCode } from './workplace.ts';

const script = fileURLToPath(new URL('./bareCell.mjs', import.meta.url));

/** Milliseconds from the start to the last cell that was ready, and to the last one that had landed. */
export interface CrowdTimes {
  readonly ready: number;
  readonly landed: number;
}

export const memberPrompt = (number: number): string => `Write crowd file member${number}`;
export const memberTest = 'ls member*.txt >/dev/null';

/** The bare steps of `count` cells by `xargs -P`, each merged and tested when it is done unless `lands` is false; undone afterwards. */
export async function bareCells(
  repository: SampleRepository,
  user: NodeJS.ProcessEnv,
  count: number,
  parallel: number,
  lands = true,
): Promise<CrowdTimes> {
  const folder = newFolder('bare-cells');
  const numbers = Array.from({ length: count }, (_, index) => index + 1);
  for (const number of numbers) {
    const worktree = join(folder, `worktree${number}`);
    const args = [repository.path, worktree, `bare-${number}`, memberPrompt(number), memberTest, openCode];
    const env = { ...leanEnvironment(user, worktree, 'bare'), BARE_LOCK: join(folder, 'worktrees') };
    writeFileSync(join(folder, `${number}.json`), JSON.stringify({ env, args, lock: lands ? join(folder, 'lock') : null }));
  }
  const line = `seq 1 ${count} | xargs -P ${parallel} -I{} sh -c 'exec "$0" "$1" "$2" {} >"$2"/{}.out' "$0" "$1" "$2"`;
  const startedAt = Date.now();
  await childRun('/bin/sh', ['-c', line, process.execPath, script, folder], { cwd: folder, env: user });
  const steps = numbers.map((number) => {
    const lines = readFileSync(join(folder, `${number}.out`), 'utf8')
      .trim()
      .split('\n');
    return Object.fromEntries(lines.map((text) => text.split(' ')).map(([name = '', value]) => [name, Number(value)]));
  });
  const last = (at: (step: Record<string, number>) => number): number => Math.max(...steps.map(at)) - startedAt;
  const times = {
    ready: last(({ began = Number.NaN, session = Number.NaN }) => began + session),
    landed: last(({ landed = Number.NaN }) => landed),
  };
  await rm(folder, { recursive: true, force: true });
  await repository.restore();
  return times;
}
