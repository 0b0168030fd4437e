import { open } from 'node:fs/promises';
import { resolve } from 'node:path';
import { UserFacingError } from '../../base/userFacingError.ts';
import { parseDuration } from '../../core/model/duration.ts';
import type { RunRequest } from '../../core/model/runRequest.ts';
import { type ApproveMode, type LandMode, type StepsMode, TaskId, type TcrMode } from '../../core/model/runSpec.ts';
import type { NetworkMode, SandboxMode } from '../../core/model/sandboxSpec.ts';
import { taskRequest } from '../../core/run/taskRequest.ts';
import type { CliHost } from '../cliHost.ts';
import { type CommonOptions, folderOf } from '../commandContext.ts';
import type { Terminal } from '../terminal.ts';

/** The options of `reactor run` as typed. */
export interface RunOptions extends CommonOptions {
  readonly task?: string;
  readonly desc?: string;
  readonly prompt?: string;
  readonly file?: string;
  readonly base?: string;
  readonly target?: string;
  readonly test?: string;
  readonly setup?: string;
  readonly include?: readonly string[];
  readonly agent?: string;
  readonly model?: string;
  readonly approve?: ApproveMode;
  readonly land?: LandMode;
  readonly tcr?: TcrMode;
  readonly steps?: StepsMode;
  readonly sandbox?: SandboxMode;
  readonly network?: NetworkMode;
  readonly attempts?: string;
  readonly timeout?: string;
  readonly budget?: string;
  /** False with `--no-base-test`. */
  readonly baseTest?: boolean;
  readonly detach?: boolean;
}

const maxPromptBytes = 1_000_000;

/** What was asked for, checked as far as it can be without the repository. @throws UserFacingError `configuration` */
export async function runRequests(options: RunOptions, terminal: Terminal, host: CliHost): Promise<readonly RunRequest[]> {
  const folder = folderOf(terminal, options);
  const settings = settingsOf(options);
  if (options.file !== undefined) {
    const clash = (['prompt', 'task', 'desc'] as const).find((name) => options[name] !== undefined);
    if (clash !== undefined)
      throw wrong(`--file and --${clash} can't be used together: the file names the tasks.`, ['leave one of them out']);
    const tasks = await host.readTasks(resolve(terminal.folder, options.file), folder);
    return tasks.map((task) => ({ ...task, ...settings, folder }));
  }
  const { task } = options;
  if (task !== undefined && !TaskId.safeParse(task).success) {
    throw wrong(`--task ${JSON.stringify(task)} is not a task's name: use letters, digits, dot, dash and underscore, 64 at most.`, []);
  }
  const named = { ...(task === undefined ? {} : { task }), ...(options.desc === undefined ? {} : { title: options.desc }) };
  if (options.prompt !== undefined) return [{ ...named, ...settings, prompt: await promptText(options.prompt, terminal), folder }];
  if (task === undefined) {
    throw wrong('There is nothing to do: give the agent a prompt.', [
      'reactor run --prompt "Add a slugify function with tests"',
      'reactor run --file tasks.yaml',
    ]);
  }
  const { config, file } = await host.config(folder);
  const entry = config.tasks.find(({ id }) => id === task);
  if (entry === undefined) {
    throw wrong(`No prompt was given, and ${file ?? 'reactor.yaml'} has no task ${task} to take it from.`, [
      `reactor run --task ${task} --prompt "…"`,
    ]);
  }
  return [{ ...taskRequest(entry, folder), ...named, ...settings }];
}

const wrong = (message: string, actions: readonly string[]) => new UserFacingError('configuration', message, { actions });

function settingsOf(options: RunOptions): Omit<RunRequest, 'folder' | 'prompt' | 'task' | 'title'> {
  const { base, target, test, setup, include, agent, model, approve, land, tcr, steps, sandbox, network } = options;
  if (model !== undefined && !/^[^/\s]+\/\S+$/.test(model)) {
    throw wrong(`--model ${model} does not name a provider and a model.`, ['for example: --model anthropic/claude-sonnet-4-5']);
  }
  const given = { base, target, test, setup, include, agent, model, approve, land, tcr, steps, sandbox, network };
  for (const [name, value] of Object.entries(given)) {
    if (value === '' && name !== 'setup') throw wrong(`--${name} needs a value.`, []);
  }
  const present = Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined)) as {
    [K in keyof typeof given]?: NonNullable<(typeof given)[K]>;
  };
  return {
    ...present,
    ...(include === undefined ? {} : { include: [...include] }),
    ...(options.attempts === undefined ? {} : { attempts: attemptsOf(options.attempts) }),
    ...(options.timeout === undefined ? {} : { timeoutMs: timeoutOf(options.timeout) }),
    ...(options.budget === undefined ? {} : { budgetUsd: budgetOf(options.budget) }),
    ...(options.baseTest === false ? { testBase: false } : {}),
  } as Omit<RunRequest, 'folder' | 'prompt' | 'task' | 'title'>;
}

function attemptsOf(text: string): number {
  const attempts = Number(text);
  if (!/^\d+$/.test(text) || attempts < 1 || attempts > 100) throw wrong(`--attempts ${text} is not a whole number from 1 to 100.`, []);
  return attempts;
}

function timeoutOf(text: string): number {
  const parsed = parseDuration(text);
  if (parsed.ok) return parsed.value;
  throw wrong(`--timeout ${text} ${parsed.error}.`, []);
}

/** US dollars as decimal text: '5', '$2.50'. */
export function budgetOf(text: string): string {
  const match = /^\$?(\d{1,9}(?:\.\d{1,12})?)$/.exec(text.trim());
  if (match?.[1] === undefined || Number(match[1]) === 0)
    throw wrong(`--budget ${text} is not an amount of US dollars above zero.`, ['for example: --budget 2.50']);
  return match[1];
}

/** The text itself, the content of `@FILE`, or standard input for `-`. `@@` begins a text with an at sign. */
export async function promptText(
  given: string,
  terminal: Pick<Terminal, 'folder' | 'readInput' | 'stdinIsTTY' | 'stderr'>,
): Promise<string> {
  if (given.startsWith('@@')) return given.slice(1);
  if (given === '-') {
    if (terminal.stdinIsTTY) terminal.stderr.write('Type the prompt, then Ctrl-D on a line of its own:\n');
    return notEmpty(await readInput(terminal), 'standard input');
  }
  if (!given.startsWith('@')) return notEmpty(given, '--prompt');
  const path = resolve(terminal.folder, given.slice(1));
  return notEmpty(await readFileBounded(path, given.slice(1)), given.slice(1));
}

function notEmpty(text: string, where: string): string {
  const prompt = text.replace(/^\ufeff/, '').trim();
  if (prompt === '') throw wrong(`The prompt from ${where} is empty, so that there is nothing for an agent to do.`, []);
  return prompt;
}

async function readInput(terminal: Pick<Terminal, 'readInput'>): Promise<string> {
  try {
    return await terminal.readInput(maxPromptBytes);
  } catch (error) {
    if (error instanceof RangeError)
      throw wrong(`The prompt on standard input is longer than ${maxPromptBytes} bytes.`, [
        'put details in a file of the repository and name it',
      ]);
    throw error;
  }
}

async function readFileBounded(path: string, name: string): Promise<string> {
  let handle: Awaited<ReturnType<typeof open>>;
  try {
    handle = await open(path, 'r');
  } catch (error) {
    throw new UserFacingError('configuration', `The prompt file ${name} can't be read.`, {
      cause: error,
      actions: ['a prompt that begins with an at sign is written @@…'],
    });
  }
  try {
    const facts = await handle.stat();
    if (!facts.isFile()) throw wrong(`The prompt file ${name} is not a file.`, []);
    if (facts.size > maxPromptBytes) throw wrong(`The prompt file ${name} is longer than ${maxPromptBytes} bytes.`, []);
    return await handle.readFile('utf8');
  } finally {
    await handle.close();
  }
}
