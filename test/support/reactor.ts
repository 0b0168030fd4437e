import { type ChildProcess, spawn } from 'node:child_process';
import { copyFileSync, existsSync, mkdirSync, mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { systemClock } from '../../src/adapters/clock/systemClock.ts';
import { dataFolderOf } from '../../src/adapters/files/dataFolder.ts';
import { locateExecutable } from '../../src/adapters/opencode/locateExecutable.ts';
import { silentLog } from '../../src/base/log.ts';
import { agentServerVersions, packageFolders } from '../../src/compose/program.ts';
import type { Entry } from '../../src/core/journal/entry.ts';
import type { EventData, EventType } from '../../src/core/journal/events.ts';
import { CELL_MARKER } from '../../src/core/ports/processes.ts';
import type { ResultRow } from '../../src/core/projections/runResult.ts';
import { give, type OrdinaryUser, ordinaryUser } from './ordinaryUser.ts';
import { type FoundProcess, findOwnProcesses } from './runner/ownProcesses.ts';
import { makeRepository, type SampleFiles } from './sampleRepository.ts';
import { type ModelScript, type ScriptedModel, scriptedConfig, startModel } from './scriptedModel.ts';

const top = fileURLToPath(new URL('../..', import.meta.url));
const built = join(top, 'dist', 'cli.mjs');
/** The built command line, or its source where nothing has been built. */
const program = existsSync(built) ? built : join(top, 'src', 'cli.ts');

const COMMAND_LIMIT_MS = 150_000;
const GONE_LIMIT_MS = 40_000;

export interface Result {
  readonly type: 'result';
  readonly exitCode: number;
  readonly runs: readonly ResultRow[];
  readonly error?: { readonly code: string; readonly message: string };
}

/** How one call of the command line came out. */
export interface Outcome {
  readonly exitCode: number | null;
  readonly stdout: string;
  readonly stderr: string;
  /** With `--json`: the journal's entries, and the closing object. */
  readonly entries: readonly Entry[];
  readonly result: Result | null;
}

/** The one run of an outcome. @throws Error with what the command told, when there is no result or none of one run. */
export function onlyRun(outcome: Outcome): ResultRow {
  const [run, ...others] = outcome.result?.runs ?? [];
  if (run === undefined || others.length > 0)
    throw new Error(`no result of one run; exit code ${outcome.exitCode}\n${outcome.stdout.slice(-2000)}\n${outcome.stderr}`);
  return run;
}

/** The data of the entries of a type, in order. */
export const dataOf = <T extends EventType>(outcome: Pick<Outcome, 'entries'>, type: T): EventData<T>[] =>
  outcome.entries.filter((entry) => entry.type === type).map((entry) => entry.data as EventData<T>);

/** Waits for a condition, not for a time. @throws Error when it does not hold within the limit. */
export async function until<T>(
  what: string,
  look: () => T | null | undefined | false | Promise<T | null | undefined | false>,
  limitMs = 100_000,
): Promise<T> {
  const end = systemClock.monotonic() + limitMs;
  for (;;) {
    const found = await look();
    if (found !== null && found !== undefined && found !== false) return found;
    if (systemClock.monotonic() > end) throw new Error(`waited in vain until ${what}`);
    await systemClock.sleep(20);
  }
}

/** One call of the command line that may still be under way. */
export class Call {
  readonly child: ChildProcess;
  readonly outcome: Promise<Outcome>;
  readonly #args: readonly string[];
  #stdout = '';
  #stderr = '';
  #hasEnded = false;

  /**
   * @param limitMs after so long the command is killed, and its outcome is a failure.
   * @param user who starts it; null for the user of the tests.
   */
  constructor(
    args: readonly string[],
    env: NodeJS.ProcessEnv,
    cwd: string,
    input: string,
    limitMs = COMMAND_LIMIT_MS,
    user: OrdinaryUser | null = null,
  ) {
    this.#args = args;
    const asUser = user === null ? {} : { uid: user.uid, gid: user.uid };
    const command = ['--disable-warning=ExperimentalWarning', user?.program ?? program, ...args];
    this.child = spawn(user?.node ?? process.execPath, command, { cwd, env, stdio: 'pipe', ...asUser });
    this.child.stdin?.on('error', () => {});
    this.child.stdin?.end(input);
    this.child.stdout?.setEncoding('utf8').on('data', (text: string) => {
      this.#stdout += text;
    });
    this.child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      this.#stderr += text;
    });
    this.outcome = new Promise((resolve, reject) => {
      const limit = systemClock.schedule(limitMs, () => {
        this.child.kill('SIGKILL');
        reject(new Error(`reactor ${args.join(' ')} did not end\n${this.#told()}`));
      });
      this.child.once('error', reject);
      this.child.once('close', (exitCode) => {
        limit.dispose();
        this.#hasEnded = true;
        resolve({ exitCode, stdout: this.#stdout, stderr: this.#stderr, entries: this.entries, result: this.#result() });
      });
    });
    // Handled where it is awaited; a test may fail before it gets there.
    this.outcome.catch(() => {});
  }

  get entries(): readonly Entry[] {
    return this.#objects().filter((object): object is Entry => typeof (object as Entry).seq === 'number');
  }

  /** The first entry of this type that `where` takes. @throws Error when the command ends without it. */
  entry(type: string, where: (entry: Entry) => boolean = () => true): Promise<Entry> {
    return until(
      `${type} is journaled\n${this.#told()}`,
      () => {
        const found = this.entries.find((entry) => entry.type === type && where(entry));
        if (found === undefined && this.#hasEnded) throw new Error(`${this.#args.join(' ')} ended without ${type}\n${this.#told()}`);
        return found;
      },
      COMMAND_LIMIT_MS,
    );
  }

  /** kill -9 of the command alone: nobody follows what it began. */
  async abandon(): Promise<void> {
    this.child.kill('SIGKILL');
    await this.outcome;
  }

  /** All that it has told so far. */
  get told(): { readonly stdout: string; readonly stderr: string } {
    return { stdout: this.#stdout, stderr: this.#stderr };
  }

  #objects(): readonly unknown[] {
    const lines = this.#stdout.split('\n').slice(0, -1);
    return lines.flatMap((line) => {
      try {
        return [JSON.parse(line) as unknown];
      } catch {
        return [];
      }
    });
  }

  #result(): Result | null {
    const last = this.#objects().at(-1) as Result | undefined;
    return last?.type === 'result' ? last : null;
  }

  #told(): string {
    return `${this.#stdout.split('\n').slice(-6).join('\n').slice(-3000)}\n${this.#stderr.slice(-2000)}`;
  }
}

/**
 * A room with a scripted model, a home for Reactor and any number of repositories, in which the real command line works with real
 * engines, agent servers and git.
 */
export class Reactor {
  readonly root: string;
  readonly model: ScriptedModel;
  readonly #env: NodeJS.ProcessEnv;
  readonly #user: OrdinaryUser | null;
  readonly #repositories = new Set<string>();
  readonly #calls = new Set<Call>();

  private constructor(root: string, model: ScriptedModel, env: NodeJS.ProcessEnv, user: OrdinaryUser | null) {
    this.root = root;
    this.model = model;
    this.#env = { ...environment(root, model.port), ...user?.env, ...env };
    this.#user = user;
  }

  /**
   * Cells are without a sandbox unless REACTOR_SANDBOX says otherwise: many tests look at what a sandbox would keep from them.
   * @param env more for the environment of every command; undefined takes a variable away.
   * @param isOrdinary all commands are started by somebody who is not root, whoever starts the tests.
   */
  static async open(script: ModelScript, env: NodeJS.ProcessEnv = {}, isOrdinary = false): Promise<Reactor> {
    // The folder for temporary files that the tests were given may be closed to others.
    const root = realpathSync(mkdtempSync(join(isOrdinary ? '/tmp' : tmpdir(), 'rl-')));
    mkdirSync(join(root, 'user'));
    writeFileSync(
      join(root, 'user', '.gitconfig'),
      '[user]\n\tname = Test\n\temail = test@example.invalid\n[init]\n\tdefaultBranch = main\n[safe]\n\tdirectory = *\n[commit]\n\tgpgsign = false\n[protocol "file"]\n\tallow = always\n',
    );
    await rememberAgentServer(join(root, 'data'));
    const user = isOrdinary ? await ordinaryUser(join(root, 'user')) : null;
    if (user !== null) give(user, root);
    return new Reactor(root, await startModel(script), env, user);
  }

  /** The environment of commands here: private home, no configuration of the machine's user. */
  get env(): NodeJS.ProcessEnv {
    return this.#env;
  }

  /** Makes a repository with one commit on main. @returns its path. */
  async repository(name: string, files: SampleFiles): Promise<string> {
    const path = join(this.root, name);
    await makeRepository(path, files, this.#env);
    if (this.#user !== null) give(this.#user, path);
    this.#repositories.add(path);
    return path;
  }

  /** Counts a repository made elsewhere as one of those whose engine is ended by `close`. */
  adopt(repository: string): void {
    this.#repositories.add(repository);
  }

  /** Starts `reactor ARGS --repo REPOSITORY` without a terminal. */
  start(
    repository: string,
    args: readonly string[],
    over: { readonly env?: NodeJS.ProcessEnv; readonly input?: string; readonly limitMs?: number } = {},
  ): Call {
    const call = new Call(
      [...args, '--repo', repository],
      { ...this.#env, ...over.env },
      this.root,
      over.input ?? '',
      over.limitMs,
      this.#user,
    );
    this.#calls.add(call);
    const ended = (): boolean => this.#calls.delete(call);
    call.outcome.then(ended, ended);
    return call;
  }

  call(
    repository: string,
    args: readonly string[],
    over: { readonly env?: NodeJS.ProcessEnv; readonly input?: string } = {},
  ): Promise<Outcome> {
    return this.start(repository, args, over).outcome;
  }

  /** Starts `reactor run --json` with a prompt, approved by the tests alone unless `args` say otherwise. */
  startRun(
    repository: string,
    prompt: string,
    args: readonly string[] = [],
    over: { readonly env?: NodeJS.ProcessEnv; readonly limitMs?: number } = {},
  ): Call {
    const approve = args.includes('--approve') ? [] : ['--approve', 'auto'];
    return this.start(repository, ['run', '--json', '--prompt', prompt, ...approve, ...args], over);
  }

  run(repository: string, prompt: string, args: readonly string[] = [], over: { readonly env?: NodeJS.ProcessEnv } = {}): Promise<Outcome> {
    return this.startRun(repository, prompt, args, over).outcome;
  }

  /** The journal's file of a repository. */
  journal(repository: string): string {
    return join(dataFolderOf(join(repository, '.git'), this.#env), 'journal.db');
  }

  /** What the engine of a repository has logged. @param home REACTOR_HOME when it is another one than the room's. */
  engineLog(repository: string, home?: string): string {
    const env = home === undefined ? this.#env : { ...this.#env, REACTOR_HOME: home };
    return readFileSync(join(dataFolderOf(join(repository, '.git'), env), 'engine.log'), 'utf8');
  }

  /** Requests at the model whose conversation has the word. */
  calls(word: string): ScriptedModel['calls'] {
    return this.model.calls.filter((call) => call.prompts.some((prompt) => prompt.includes(word)));
  }

  /** Every live process that came out of this room: engines, wardens, agent servers and what they started. */
  processes(): FoundProcess[] {
    return findOwnProcesses(`REACTOR_TEST_ROOM=${this.root}`, this.root);
  }

  /** Process ids of the engines of a repository. */
  engines(repository: string): number[] {
    return withoutForks(this.processes().filter(({ commandLine }) => commandLine.endsWith(`engine --repo ${repository}`))).map(
      ({ pid }) => pid,
    );
  }

  /** kill -9 of the one engine of a repository. @throws Error when there is none, or more than one. */
  killEngine(repository: string): void {
    const [pid, ...others] = this.engines(repository);
    if (pid === undefined || others.length > 0) throw new Error(`${pid === undefined ? 'no' : 'more than one'} engine of ${repository}`);
    process.kill(pid, 'SIGKILL');
  }

  /** All entries of a repository's journal. */
  async entries(repository: string): Promise<Entry[]> {
    const exported = await this.call(repository, ['export']);
    return exported.stdout
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line) as Entry);
  }

  /** Without the processes of the sandboxes that they are in. */
  agentServers(): FoundProcess[] {
    return withoutForks(
      this.processes().filter(({ commandLine }) => /opencode\S* serve/.test(commandLine) && !/^\S*bwrap /.test(commandLine)),
    );
  }

  /** Ends the engines and removes the folder. @throws Error naming the processes that are left, after ending them. */
  async close(): Promise<void> {
    // A command that still follows a run would start another engine in place of one that ends.
    for (const { child } of this.#calls) child.kill('SIGKILL');
    await Promise.allSettled([...this.#calls].map((call) => call.outcome));
    const stopped = [...this.#repositories]
      .filter((path) => existsSync(path))
      .map((path) => this.call(path, ['engine', '--stop', '--now']));
    await Promise.allSettled(stopped);
    await this.model.stop();
    let left: FoundProcess[] = [];
    await until(
      'every process has gone',
      () => {
        left = this.processes();
        return left.length === 0;
      },
      GONE_LIMIT_MS,
    ).catch(() => {});
    for (const { pid } of left) {
      try {
        process.kill(pid, 'SIGKILL');
      } catch {
        // It has ended meanwhile.
      }
    }
    rmSync(this.root, { recursive: true, force: true, maxRetries: 10, retryDelay: 200 });
    if (left.length > 0) throw new Error(`left running: ${left.map(({ pid, commandLine }) => `${pid} ${commandLine}`).join('\n')}`);
  }
}

/** Engines of a new data folder would each ask the agent server for its version, which takes it most of a second: the test run asks once. */
async function rememberAgentServer(dataHome: string): Promise<void> {
  const ofRun = process.env['REACTOR_HOME'];
  if (ofRun === undefined) return;
  const memory = agentServerVersions(join(ofRun, 'repository'));
  await locateExecutable({ configured: process.env['REACTOR_OPENCODE'] ?? null, env: process.env, packageFolders, log: silentLog, memory });
  if (!existsSync(memory)) return;
  mkdirSync(dataHome, { mode: 0o700 });
  copyFileSync(memory, agentServerVersions(join(dataHome, 'repository')));
}

/** A child that a process has just forked looks like the process itself until it is another program. */
function withoutForks(found: readonly FoundProcess[]): FoundProcess[] {
  const pids = new Set(found.map(({ pid }) => pid));
  return found.filter(({ pid }) => !pids.has(parentOf(pid)));
}

function parentOf(pid: number): number {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
    return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]);
  } catch {
    return 0;
  }
}

function environment(root: string, modelPort: number): NodeJS.ProcessEnv {
  const env: NodeJS.ProcessEnv = {
    ...process.env,
    HOME: join(root, 'user'),
    REACTOR_HOME: join(root, 'data'),
    REACTOR_TEST_ROOM: root,
    REACTOR_IDLE_MS: '60000',
    REACTOR_UNATTENDED_MS: '0',
    REACTOR_WARM: '0',
    REACTOR_SANDBOX: process.env['REACTOR_SANDBOX'] ?? 'off',
    REACTOR_WARDEN_GRACE_MS: '500',
    OPENCODE_CONFIG_CONTENT: JSON.stringify(scriptedConfig(modelPort)),
    GIT_CONFIG_NOSYSTEM: '1',
    NO_COLOR: '1',
    PATH: `${dirname(process.execPath)}:${process.env['PATH']}`,
  };
  for (const name of Object.keys(env)) {
    // Also when an agent works on Reactor itself: then these tests run in a cell.
    if (name === CELL_MARKER) delete env[name];
    if ((name.startsWith('GIT_') && name !== 'GIT_CONFIG_NOSYSTEM') || name.startsWith('XDG_') || name === 'NODE_OPTIONS') delete env[name];
  }
  return env;
}
