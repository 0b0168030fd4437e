import { open } from 'node:fs/promises';
import { resolve } from 'node:path';
import { UserFacingError } from '../../base/userFacingError.ts';
import { Category } from '../../core/model/category.ts';
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
  readonly task?: readonly string[];
  readonly desc?: readonly string[];
  readonly category?: string;
  readonly prompt?: readonly string[];
  readonly file?: string;
  readonly parallel?: string;
  readonly after?: readonly string[];
  readonly priority?: string;
  readonly ports?: string;
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
    const clash = (['prompt', 'task', 'desc', 'category'] as const).find((name) => options[name] !== undefined);
    if (clash !== undefined)
      throw wrong(`--file and --${clash} can't be used together: the file names the tasks.`, ['leave one of them out']);
    const tasks = await host.readTasks(resolve(terminal.folder, options.file), folder);
    return tasks.map((task) => withSettings({ ...task, folder }, settings));
  }
  return (await namedTasks(options, terminal, host, folder)).map((request) => withSettings(request, settings));
}

/** What was typed counts before what a file says, but what a task comes after is added to. */
function withSettings(request: RunRequest, settings: ReturnType<typeof settingsOf>): RunRequest {
  const after = [...(request.after ?? []), ...(settings.after ?? [])];
  return { ...request, ...settings, ...(after.length === 0 ? {} : { after }) };
}

/** One task for each prompt, or for each name when there is no prompt: then the prompts are those of reactor.yaml. */
async function namedTasks(options: RunOptions, terminal: Terminal, host: CliHost, folder: string): Promise<RunRequest[]> {
  const { task: names = [], prompt: prompts = [], desc: titles = [] } = options;
  const unfit = names.find((name) => !TaskId.safeParse(name).success);
  if (unfit !== undefined) {
    throw wrong(`--task ${JSON.stringify(unfit)} is not a task's name: use letters, digits, dot, dash and underscore, 64 at most.`, []);
  }
  const { category } = options;
  const known = Category.safeParse(category);
  if (category !== undefined && !known.success)
    throw wrong(`--category ${JSON.stringify(category)} ${known.error.issues[0]?.message}.`, []);
  const count = Math.max(names.length, prompts.length);
  for (const [option, values] of Object.entries({ task: names, prompt: prompts, desc: titles })) {
    if (values.length !== 0 && values.length !== count)
      throw wrong(`--${option} was given ${values.length} times for ${count} tasks: give it for each of them, or for none.`, []);
  }
  if (prompts.filter((prompt) => prompt === '-').length > 1)
    throw wrong('Only one --prompt can be read from standard input.', ['put the others into files: --prompt @FILE']);
  const titled = (index: number) => ({
    ...(titles[index] === undefined ? {} : { title: titles[index] }),
    ...(category === undefined ? {} : { category }),
  });
  if (prompts.length > 0) {
    const requests: RunRequest[] = [];
    for (const [index, prompt] of prompts.entries()) {
      const name = names[index];
      requests.push({
        ...(name === undefined ? {} : { task: name }),
        ...titled(index),
        prompt: await promptText(prompt, terminal),
        folder,
      });
    }
    return requests;
  }
  if (names.length === 0) {
    throw wrong('There is nothing to do: give the agent a prompt.', [
      'reactor run --prompt "Add a slugify function with tests"',
      'reactor run --file tasks.yaml',
    ]);
  }
  const { config, file } = await host.config(folder);
  return names.map((name, index) => {
    const entry = config.tasks.find(({ id }) => id === name);
    if (entry === undefined) {
      throw wrong(`No prompt was given, and ${file ?? 'reactor.yaml'} has no task ${name} to take it from.`, [
        `reactor run --task ${name} --prompt "…"`,
      ]);
    }
    return { ...taskRequest(entry, folder), ...titled(index) };
  });
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
    ...(options.attempts === undefined ? {} : { attempts: wholeNumber('attempts', options.attempts, 1, 100) }),
    ...(options.timeout === undefined ? {} : { timeoutMs: timeoutOf(options.timeout) }),
    ...(options.budget === undefined ? {} : { budgetUsd: budgetOf(options.budget) }),
    ...(options.after === undefined ? {} : { after: afterOf(options.after) }),
    ...(options.priority === undefined ? {} : { priority: wholeNumber('priority', options.priority, -100, 100) }),
    ...(options.ports === undefined ? {} : { ports: wholeNumber('ports', options.ports, 0, 20) }),
    ...(options.baseTest === false ? { testBase: false } : {}),
  } as Omit<RunRequest, 'folder' | 'prompt' | 'task' | 'title'>;
}

/** The most tasks of one command at work at once. @throws UserFacingError `configuration` */
export const parallelOf = ({ parallel }: RunOptions): { parallel?: number } =>
  parallel === undefined ? {} : { parallel: wholeNumber('parallel', parallel, 1, 1000) };

function afterOf(names: readonly string[]): string[] {
  const unfit = names.find((name) => !TaskId.safeParse(name).success);
  if (unfit !== undefined) throw wrong(`--after ${JSON.stringify(unfit)} is not a task's name.`, ['reactor tasks']);
  return [...names];
}

function wholeNumber(option: string, text: string, least: number, most: number): number {
  const value = Number(text);
  if (/^-?\d+$/.test(text) && value >= least && value <= most) return value;
  throw wrong(`--${option} ${text} is not a whole number from ${least} to ${most}.`, []);
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
      actions: ['check the path, which is taken from the present folder', 'a prompt that begins with an at sign is written @@…'],
    });
  }
  try {
    const facts = await handle.stat();
    if (!facts.isFile()) throw wrong(`The prompt file ${name} is not a file.`, ['name a file with the prompt in it']);
    if (facts.size > maxPromptBytes) throw wrong(`The prompt file ${name} is longer than ${maxPromptBytes} bytes.`, []);
    return await handle.readFile('utf8');
  } finally {
    await handle.close();
  }
}
