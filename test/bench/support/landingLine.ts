import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { execa } from 'execa';
import type { Entry } from '../../../src/core/journal/entry.ts';
import { type ScriptedModel, startModel } from '../../support/scriptedModel.ts';
import { newFolder } from './benchFolder.ts';
import { childRun } from './childRun.ts';
import type { SampleRepository } from './sampleRepository.ts';

const cli = fileURLToPath(new URL('../../../dist/cli.mjs', import.meta.url));

/** Writes a file of the name in its prompt, so that no two tasks conflict. */
export const startWritingModel = (): Promise<ScriptedModel> =>
  startModel((call) => {
    const name = /Write (\S+)\./.exec(call.prompt)?.[1] ?? 'none';
    return call.turn === 0 && !call.isTitle
      ? { text: 'I write it.', tools: [{ name: 'write', args: { filePath: `${name}.txt`, content: `${name}\n` } }] }
      : { text: 'Done.' };
  });

/**
 * Takes a second, as the tests of a small project do, on what somebody else has committed meanwhile (moved.txt is there), and there waits for
 * the word to go before; at once otherwise.
 */
const testCommand = (room: string): string => `if [ -f moved.txt ]; then until [ -f ${room}/go ]; do sleep 0.02; done; sleep 1; fi`;

/** Puts `count` candidates, and one before them, in line before a branch that has moved, and then lets them land. @returns milliseconds from the landing of the first to that of the last. */
export async function landCandidates(repository: SampleRepository, env: NodeJS.ProcessEnv, count: number, batch: number): Promise<number> {
  const room = newFolder('landing');
  const names = Array.from({ length: count + 1 }, (_, index) => `task${index}`);
  const tasks = names.map((name) => `  - id: ${name}\n    prompt: Write ${name}.\n`).join('');
  writeFileSync(join(room, 'tasks.yaml'), `tasks:\n${tasks}`);
  // The sandbox shows a cell the room where the word to go comes.
  const files = `files:\n  write: [${JSON.stringify(room)}]\n`;
  const settings = `${files}test: ${JSON.stringify(testCommand(room))}\ntestBase: false\nhealth:\n  limit: 60s\nlanding:\n  batch: ${batch}\n`;
  writeFileSync(join(repository.path, 'reactor.yaml'), settings);
  const args = ['run', '--repo', repository.path, '--json', '--approve', 'auto', '--land', 'ff', '--file', join(room, 'tasks.yaml')];
  const child = spawn(process.execPath, [cli, ...args], { env, stdio: ['ignore', 'pipe', 'inherit'] });
  const ended = once(child, 'exit');
  const landedAt: number[] = [];
  let queued = 0;
  let moved = false;
  for await (const line of createInterface({ input: child.stdout })) {
    const { type, at } = JSON.parse(line) as Entry;
    if (!moved) {
      moved = true;
      writeFileSync(join(repository.path, 'moved.txt'), 'by hand\n');
      await execa('git', ['add', 'moved.txt'], { cwd: repository.path });
      await execa('git', ['commit', '--quiet', '--message', 'By hand'], { cwd: repository.path });
    }
    if (type === 'landing/queued') queued += 1;
    if (queued === count + 1) writeFileSync(join(room, 'go'), '');
    if (type === 'landing/landed') landedAt.push(at);
  }
  const [code] = (await ended) as [number];
  rmSync(join(repository.path, 'reactor.yaml'));
  if (code !== 0 || landedAt.length !== count + 1) throw new Error(`${landedAt.length} of ${count + 1} landed, exit code ${code}`);
  return Math.max(...landedAt) - Math.min(...landedAt);
}

/** The same by hand: in one worktree, each candidate merged and then tested. */
export async function bareLandings(repository: SampleRepository, count: number): Promise<() => Promise<number>> {
  const room = newFolder('bare-landing');
  writeFileSync(join(room, 'go'), '');
  const { env } = process;
  const plumb = async (command: string, input = ''): Promise<string> =>
    (await execa('sh', ['-c', command], { cwd: repository.path, input, env: { ...env, GIT_INDEX_FILE: join(room, 'index') } })).stdout;
  const commitOf = async (name: string): Promise<string> => {
    const blob = await plumb('git hash-object -w --stdin', `${name}\n`);
    const add = `git update-index --add --cacheinfo 100644,${blob},${name}.txt`;
    return plumb(`git read-tree ${repository.base} && ${add} && git commit-tree $(git write-tree) -p ${repository.base} -m ${name}`);
  };
  const tip = await commitOf('moved');
  const candidates: string[] = [];
  for (let index = 0; index < count; index += 1) candidates.push(await commitOf(`bare${index}`));
  const worktree = join(room, 'worktree');
  await execa('git', ['worktree', 'add', '--quiet', '--detach', worktree, tip], { cwd: repository.path });
  const test = `sh -c '${testCommand(room)}'`;
  const steps = candidates.map((commit) => `git merge --quiet --no-edit ${commit} && ${test}`).join(' && ');
  return async () => {
    await execa('git', ['reset', '--hard', '--quiet', tip], { cwd: worktree });
    return (await childRun('sh', ['-c', steps], { cwd: worktree, env })).wallMs;
  };
}
