import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { execa } from 'execa';
import { stringify } from 'yaml';
import { systemClock } from '../adapters/clock/systemClock.ts';
import { scriptedConfig } from '../adapters/scriptedModel/scriptedConfig.ts';
import { startScriptedModel } from '../adapters/scriptedModel/scriptedModel.ts';
import { exitCodes } from '../core/model/exitCodes.ts';
import { makeSampleRepository } from '../demo/sampleRepository.ts';
import { sampleScript, sampleTasks } from '../demo/sampleTasks.ts';
import { programPath } from './program.ts';

/**
 * Shows the main job on a sample repository: three tasks through real agent servers in real worktrees, with a scripted model on
 * loopback in place of a paid one. @returns 0 when the outcome is the one that the sample is made for.
 */
export async function runDemo(): Promise<number> {
  const say = (text: string): boolean => process.stdout.write(`${text}\n`);
  const repository = await makeSampleRepository();
  const scratch = await mkdtemp(join(tmpdir(), 'reactor-sample-tasks-'));
  const model = await startScriptedModel({ clock: systemClock, script: sampleScript });
  // The model is a script that comes with Reactor: nothing here has to be kept from it, and nobody is to be asked.
  const env = { OPENCODE_CONFIG_CONTENT: JSON.stringify(scriptedConfig(model.port)), REACTOR_SANDBOX: 'off' };
  const reactor = (...args: string[]) =>
    execa(process.execPath, [programPath('cli'), ...args, '--repo', repository], { env, stdio: 'inherit', reject: false });
  try {
    const tasks = join(scratch, 'tasks.yaml');
    await writeFile(tasks, stringify({ tasks: sampleTasks.map((task) => ({ ...task, approve: 'auto', land: 'ff' })) }));
    say('reactor · sample repository · scripted model: no key needed, nothing is paid');
    say('Three tasks, each in a worktree with an OpenCode server of its own:\n');
    const run = await reactor('run', '--file', tasks);
    say('\nWhat the second task changed, and how it got there:\n');
    await reactor('show', 'TASK-002', '--diff');
    say(nextSteps(repository));
    // One task of the sample can never go green, so that the run as a whole has failed when all went as it should.
    return run.exitCode === exitCodes.taskFailed ? exitCodes.done : (run.exitCode ?? exitCodes.configuration);
  } finally {
    await model.stop();
    await rm(scratch, { recursive: true, force: true });
  }
}

const nextSteps = (repository: string): string =>
  [
    '',
    `The sample repository is in ${repository}`,
    'Try next, with your own model and repository:',
    '  npm start -- run --repo DIR --prompt "…"       one task, reviewed by you',
    'or look closer at the sample:',
    `  npm start -- show TASK-003 --repo ${repository}`,
    `  npm start -- restore TASK-003 --repo ${repository}`,
    `  npm start -- export --verify --repo ${repository}`,
  ].join('\n');
