import { access, mkdtemp, open, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Options } from 'execa';
import type { Clock } from '../../base/clock.ts';
import { freeReaders } from './freeReaders.ts';
import { gitEnvironment, hookEnvironment } from './gitEnvironment.ts';
import { KeptOutput } from './keptOutput.ts';
import { mostMemory, watchMemory } from './memoryWatch.ts';
import { UsersFilters } from './usersFilters.ts';

export interface GitCall {
  readonly args: readonly string[];
  readonly cwd: string;
  /** Added to the environment. */
  readonly env?: Readonly<Record<string, string>>;
  /** Standard input; empty when left out. */
  readonly input?: string | Uint8Array;
  /** `latin1` keeps every byte of a name as one character, of input and output: names need not be UTF-8. */
  readonly encoding?: 'latin1';
  /** Output after this many bytes is cut off and git is ended; 512 MiB by default. */
  readonly maxBytes?: number;
  /** Lets the user's hooks run; standard output is dropped then. Off by default. */
  readonly hooks?: boolean;
  /** Called when git has been started. */
  readonly onStarted?: (() => void) | undefined;
  /** The worktree that it works in, whose files may be made to keep git waiting: such a call is ended after a time. */
  readonly within?: { readonly path: string; readonly gitDir: string };
}

export interface GitBytes {
  /** -1 when git did not end by itself. */
  readonly exitCode: number;
  readonly stdout: Uint8Array;
  readonly stderr: string;
  readonly truncated: boolean;
}

export interface GitOutput {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Where git's outputs go instead of into the result. */
interface Outputs {
  readonly stdout: 'ignore';
  readonly stderr: number;
}

/** Of a call in a worktree. Far more than git takes for any work that a run has time for. */
const LONGEST_MS = 15 * 60_000;

const DEFAULT_MAX_BYTES = 512 * 1024 * 1024;
/** Of what git says on standard error: the rest is dropped. */
const MOST_WORDS = 16 * 1024 * 1024;

/** Never maintenance, never a monitor process, never a colour; hooks only on request. All of it holds for this call only. */
const settings = (hooks: boolean): string[] => {
  const pairs = [
    'gc.auto=0',
    'maintenance.auto=false',
    'core.fsmonitor=false',
    'color.ui=false',
    'advice.detachedHead=false',
    'advice.addEmbeddedRepo=false',
  ];
  if (!hooks) pairs.push('core.hooksPath=/dev/null');
  return pairs.flatMap((pair) => ['-c', pair]);
};

/** Commands that change nothing but, at most, add objects: what a kill cut short is simply asked again. */
const READING = new Set(
  'rev-parse show-ref merge-base for-each-ref cat-file ls-tree ls-files diff-tree diff log rev-list grep merge-tree check-ignore check-ref-format'.split(
    ' ',
  ),
);

/** Commands that lay files out: a filter of the user's may give git one that it has to hold as a whole. */
const FILLING = new Set(['reset', 'read-tree', 'checkout', 'merge']);
/** What git may take in one piece while it looks at what an agent made: a ref that leads to a device without an end would fill the memory otherwise. */
const LARGEST_PIECE = '1g';
/** Of the machine's memory, in all pieces together. */
const SHARE = 1 / 4;
const SHARE_OF_FILLING = 1 / 2;

const bounds = (call: GitCall): Record<string, string> =>
  call.hooks === true || FILLING.has(verbOf(call.args)) ? {} : { GIT_ALLOC_LIMIT: LARGEST_PIECE };

const GB = 1024 ** 3;
/** How it is said that a git was ended for its memory. */
const TOO_MUCH_MEMORY = 'of memory and was ended';
/** Of a git that has met one of the bounds on its memory. */
export const OUT_OF_MEMORY = new RegExp(`${TOO_MUCH_MEMORY}|attempting to allocate|[Oo]ut of memory|Cannot allocate memory`);

/** git's command behind the settings that come before it. */
function verbOf(args: readonly string[]): string {
  const at = args.findIndex((arg, index) => !arg.startsWith('-') && args[index - 1] !== '-c');
  return args[at] ?? '';
}

const OVERDUE = `git took more than ${LONGEST_MS / 60_000} minutes and was ended`;

/** A worktree that Reactor made, by a file that it has left in git's folder of it. */
const isCell = (gitDir: string): Promise<boolean> =>
  access(join(gitDir, BRANCH_FILE)).then(
    () => true,
    () => false,
  );

/** Holds the branch that a worktree of Reactor's was made with, for the day an agent has left it. */
export const BRANCH_FILE = 'reactor-branch';

const decode = (bytes: Uint8Array, encoding?: 'latin1'): string =>
  encoding === undefined ? new TextDecoder().decode(bytes) : Buffer.from(bytes).toString(encoding);

const asInput = (input: string | Uint8Array, encoding?: 'latin1'): string | Uint8Array =>
  encoding === undefined || typeof input !== 'string' ? input : Buffer.from(input, encoding);

/** Git could not be started at all. */
export class GitNotStarted extends Error {
  constructor(cause: unknown) {
    super(`git could not be started: ${cause instanceof Error ? cause.message : String(cause)}`, { cause });
    this.name = 'GitNotStarted';
  }
}

/**
 * Runs git without a shell. A failing exit code is a value; only an abort and a git that does not start are thrown. A git that only reads
 * is run a second time when something killed it.
 */
export class GitCommand {
  readonly #environment: Record<string, string>;
  readonly #hookEnvironment: Record<string, string>;

  readonly #clock: Clock;
  readonly #filters: UsersFilters;
  readonly #memoryFor: (share: number) => number;

  constructor(environment: Readonly<Record<string, string | undefined>>, clock: Clock, memoryFor = mostMemory) {
    this.#clock = clock;
    this.#memoryFor = memoryFor;
    this.#environment = gitEnvironment(environment);
    this.#hookEnvironment = hookEnvironment(environment);
    this.#filters = new UsersFilters(this.#environment, async (args) => {
      const call = { args, cwd: '/' };
      const output = await this.run(call);
      // 1: there is none.
      if (output.exitCode !== 0 && output.exitCode !== 1) throw new GitFailure(call, output);
      return output.stdout;
    });
  }

  /** See `UsersFilters`. */
  commandsForFiles(gitDir: string): Promise<readonly string[]> {
    return this.#filters.commandsFor(gitDir);
  }

  async bytes(call: GitCall, signal?: AbortSignal): Promise<GitBytes> {
    signal?.throwIfAborted();
    if (call.hooks === true) return this.#withHooks(call, signal);
    const output = await this.#bytes(call, null, signal);
    return output.killed && READING.has(verbOf(call.args)) ? this.#bytes(call, null, signal) : output;
  }

  /**
   * A hook may leave a process behind that keeps its outputs open. Behind a file instead of a pipe, git's own end is the end.
   */
  async #withHooks(call: GitCall, signal?: AbortSignal): Promise<GitBytes> {
    const folder = await mkdtemp(join(tmpdir(), 'reactor-git-'));
    const words = await open(join(folder, 'stderr'), 'w+');
    try {
      const output = await this.#bytes(call, { stdout: 'ignore', stderr: words.fd }, signal);
      return { ...output, stderr: output.stderr + (await readFile(join(folder, 'stderr'), 'utf8')) };
    } finally {
      await words.close();
      await rm(folder, { recursive: true, force: true });
    }
  }

  async #bytes(call: GitCall, outputs: Outputs | null, signal?: AbortSignal): Promise<GitBytes & { readonly killed: boolean }> {
    const hooks = call.hooks ?? false;
    const filters = call.within === undefined ? {} : await this.#filters.variablesFor(call.within.gitDir);
    const options: Options & { readonly reject: false } = {
      cwd: call.cwd,
      env: { ...(hooks ? this.#hookEnvironment : this.#environment), ...bounds(call), ...filters, ...call.env },
      extendEnv: false,
      reject: false,
      encoding: 'buffer',
      stripFinalNewline: false,
      stdout: outputs?.stdout ?? 'pipe',
      // The type names only the first descriptors, any is taken.
      stderr: (outputs?.stderr as 3 | undefined) ?? 'pipe',
      // Collected below: execa would put it into the message of an error, too, at six characters for many a byte.
      buffer: false,
      ...(call.input === undefined ? { stdin: 'ignore' } : { input: asInput(call.input, call.encoding) }),
      ...(signal === undefined ? {} : { cancelSignal: signal }),
      ...(call.within === undefined ? {} : { timeout: LONGEST_MS }),
    };
    // A command that needs no git does without the time that loading it takes.
    const { execa } = await import('execa');
    const mostBytes = this.#memoryFor(FILLING.has(verbOf(call.args)) ? SHARE_OF_FILLING : SHARE);
    let isTooMuch = false;
    let stdout = new KeptOutput(null, 0);
    let words = stdout;
    const result = await this.#unhindered(call, async () => {
      const running = execa('git', [...settings(hooks), ...call.args], options);
      stdout = new KeptOutput(running.stdout, call.maxBytes ?? DEFAULT_MAX_BYTES, () => running.kill());
      words = new KeptOutput(running.stderr, MOST_WORDS);
      call.onStarted?.();
      const watch = watchMemory(this.#clock, running.pid, mostBytes, () => {
        isTooMuch = true;
        running.kill('SIGKILL');
      });
      try {
        return await running;
      } finally {
        watch.dispose();
      }
    });
    const why = isTooMuch
      ? `git took more than ${Math.round(mostBytes / GB)} GB ${TOO_MUCH_MEMORY}`
      : result.timedOut
        ? OVERDUE
        : `git was ended by ${result.signal}`;
    signal?.throwIfAborted();
    if (result.exitCode === undefined && result.signal === undefined) throw new GitNotStarted(result.cause ?? result);
    const stderr = decode(words.bytes());
    const truncated = stdout.isCut;
    const wasEnded = result.signal !== undefined && !truncated;
    return {
      exitCode: truncated ? -1 : (result.exitCode ?? -1),
      stdout: stdout.bytes(),
      stderr: wasEnded ? `${stderr}${why}\n` : stderr,
      truncated,
      killed: wasEnded && !result.timedOut && !isTooMuch,
    };
  }

  async #unhindered<T>({ within }: GitCall, work: () => Promise<T>): Promise<T> {
    if (within === undefined) return work();
    const watch = freeReaders(this.#clock, within.path, () => isCell(within.gitDir));
    try {
      return await work();
    } finally {
      watch.dispose();
    }
  }

  async run(call: GitCall, signal?: AbortSignal): Promise<GitOutput> {
    const output = await this.bytes(call, signal);
    return { exitCode: output.truncated ? -1 : output.exitCode, stdout: decode(output.stdout, call.encoding), stderr: output.stderr };
  }

  /** @throws GitFailure unless git answers 0. For calls whose failure has no meaning of its own. */
  async text(call: GitCall, signal?: AbortSignal): Promise<string> {
    const output = await this.run(call, signal);
    if (output.exitCode !== 0) throw new GitFailure(call, output);
    return output.stdout;
  }
}

/** A git call that had to succeed did not. */
export class GitFailure extends Error {
  constructor(call: GitCall, output: GitOutput) {
    const words = output.stderr.trim();
    // What it was asked does not help who reads this.
    const isTooMuch = OUT_OF_MEMORY.test(words);
    super(
      isTooMuch
        ? `git ${verbOf(call.args)} takes more memory than it may have: ${words}`
        : `git ${call.args.join(' ')} ended with ${output.exitCode}: ${words}`,
    );
    this.name = 'GitFailure';
  }
}
