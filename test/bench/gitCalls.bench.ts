import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { execa } from 'execa';
import { type Benchmark, timeMs } from './benchmark.ts';

const callsPerRound = 20;
const args = ['rev-parse', '--git-dir'];

async function spawnBare(cwd: string): Promise<string> {
  const child = spawn('git', args, { cwd, stdio: ['ignore', 'pipe', 'ignore'] });
  const [output, [code]] = await Promise.all([text(child.stdout), once(child, 'close')]);
  if (code !== 0) throw new Error(`git exited with ${code}`);
  return output.trim();
}

const perCallMs = async (call: () => Promise<unknown>): Promise<number> =>
  (await timeMs(async () => {
    for (let index = 0; index < callsPerRound; index += 1) await call();
  })) / callsPerRound;

export const benchmarks: readonly Benchmark[] = [
  {
    name: 'git/callThroughExeca',
    unit: 'ms',
    target: { of: 'ratio', atMost: 2 },
    rounds: 9,
    async prepare() {
      const folder = await mkdtemp(join(tmpdir(), 'bench-git-'));
      await execa('git', ['init', '--quiet'], { cwd: folder });
      return {
        subject: () => perCallMs(() => execa('git', args, { cwd: folder })),
        baseline: () => perCallMs(() => spawnBare(folder)),
        dispose: () => rm(folder, { recursive: true, force: true }),
      };
    },
  },
];
