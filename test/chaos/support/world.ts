import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { systemClock } from '../../../src/adapters/clock/systemClock.ts';
import { portLeaseFolder } from '../../../src/adapters/files/runtimeFolder.ts';
import { type Call, Reactor, until } from '../../support/reactor.ts';
import { plainProject } from '../../support/sampleProjects.ts';
import { checkoutState } from '../../support/sampleRepository.ts';
import { bash, isRetry, tools, write } from '../../support/sampleScript.ts';
import type { ModelScript } from '../../support/scriptedModel.ts';
import type { SeededRandom } from '../../support/seededRandom.ts';
import {
  type FoundProcess,
  lastEntry,
  lastEntryOfTask,
  openRuns,
  problemsOf,
  processes,
  readJournal,
  uncharged,
  type Watched,
} from './checker.ts';
import { type EvidenceSource, evidenceOf, keepEvidence, keepText } from './evidence.ts';

export const targets = ['engine', 'server', 'test', 'git', 'warden'] as const;
export type Target = (typeof targets)[number];

export interface Kill {
  readonly target: Target;
  readonly pid: number;
  /** What was waited for before: entries of the journals, then a pause. */
  readonly entries: number;
  readonly afterMs: number;
}

/** How often each is taken; git and tests live shortly, so that they are missed now and then. */
const wheel: readonly Target[] = [
  'engine',
  'engine',
  'engine',
  'engine',
  'server',
  'server',
  'test',
  'test',
  'git',
  'git',
  'git',
  'warden',
];
/** Between kills the journals grow by up to so many entries, so that the moments lie all over a run however slow the machine is. */
const MOST_ENTRIES = 30;
const PROGRESS_LIMIT_MS = 10_000;
const LONGEST_PAUSE_MS = 300;
const FIND_LIMIT_MS = 2000;
const REST_LIMIT_MS = 300_000;
/** A run of which nothing is recorded for so long hangs: each step that waits has a shorter limit. */
const HUNG_AFTER_MS = 180_000;
const LOOK_EVERY_MS = 2000;
/** However often what it needs is killed under it. */
const COMMAND_LIMIT_MS = 900_000;
/** A run may lose its server, or its tests, so often and still has to land: BOOT_RETRY starts a server anew twice. */
const MOST_KILLS_PER_CELL = 2;
/** What every run of the script ends as. */
const SCRIPTED_END = 'landed';

export interface WorldOptions {
  /** Folder in which what is needed to look into a problem is left; made when there is one. */
  readonly evidence: string;
  readonly tell: (line: string) => void;
}

/**
 * Two repositories with a person's unfinished work in them, two terminals on each that start tasks without end, and real engines, wardens,
 * servers, tests and git below them.
 */
export class ChaosWorld {
  readonly #reactor: Reactor;
  readonly #random: SeededRandom;
  readonly #repositories: string[];
  readonly #untouched: Awaited<ReturnType<typeof checkoutState>>[];
  readonly #answered: { input: number; at: number }[];
  readonly #serverKills: number[] = [];
  readonly #calls = new Set<Call>();
  /** Kills by kind and cell. */
  readonly #hits = new Map<string, number>();
  readonly #ended = new Map<string, number>();
  readonly #evidence: string;
  readonly #tell: (line: string) => void;
  #unscripted: string[] = [];
  #isOpen = true;
  #isClosed = false;
  #hasSeenServers = false;
  #tasks = 0;
  #lanes: Promise<void>[] = [];

  private constructor(
    reactor: Reactor,
    random: SeededRandom,
    repositories: string[],
    untouched: Awaited<ReturnType<typeof checkoutState>>[],
    answered: { input: number; at: number }[],
    options: WorldOptions,
  ) {
    this.#evidence = options.evidence;
    this.#tell = options.tell;
    this.#reactor = reactor;
    this.#random = random;
    this.#repositories = repositories;
    this.#untouched = untouched;
    this.#answered = answered;
  }

  static async open(random: SeededRandom, options: WorldOptions): Promise<ChaosWorld> {
    const answered: { input: number; at: number }[] = [];
    const script: ModelScript = async (call) => {
      const number = Number(/task(\d+)/.exec(call.prompts.join('\n'))?.[1] ?? 0);
      const isBad = number % 4 === 1 && !isRetry(call);
      const said = call.prompts.filter((prompt) => prompt.includes('passed the tests and is committed'));
      // A turn after a step: one step more, and then nothing is left to do.
      if (call.prompt.includes('passed the tests and is committed')) {
        const input = 1000 + call.n;
        const action = said.length > 1 ? { text: 'Nothing is left to do.' } : await tools(write(`step${number}.txt`, 'good\n'))(call);
        answered.push({ input, at: systemClock.now() });
        return { ...action, usage: { in: input, out: 10 } };
      }
      const works = [
        ...(number % 3 === 0 ? [bash('sleep 0.4')] : []),
        ...(number % 5 === 2 ? [write(`more${number}.txt`, 'good\n')] : []),
        // What two of them write differently comes back from the landing, to be resolved.
        ...(number % 2 === 0 ? [write('shared.txt', `good for task${number}\n`)] : []),
        write(`task${number}.txt`, isBad ? 'bad\n' : 'good\n'),
      ];
      const input = 1000 + call.n;
      const action = await tools(...works)(call);
      answered.push({ input, at: systemClock.now() });
      return { ...action, delayMs: (number * 37) % 400, usage: { in: input, out: 10 } };
    };
    const reactor = await Reactor.open(script, { REACTOR_WARDEN_GRACE_MS: '3000', REACTOR_IDLE_MS: '60000' });
    const repositories: string[] = [];
    const untouched: Awaited<ReturnType<typeof checkoutState>>[] = [];
    for (const name of ['north', 'south']) {
      const repository = await reactor.repository(name, plainProject('cells: { limit: 2 }\nlanding: { retries: 10 }\n'));
      const git = (...args: string[]): string => execFileSync('git', args, { cwd: repository, env: reactor.env, encoding: 'utf8' });
      // What a person has under way, which nothing may touch.
      git('checkout', '--quiet', '-b', 'mine');
      writeFileSync(join(repository, 'readme.txt'), 'stashed\n');
      git('stash', 'push', '--quiet');
      writeFileSync(join(repository, 'staged.txt'), 'staged\n');
      git('add', 'staged.txt');
      writeFileSync(join(repository, 'readme.txt'), 'changed\n');
      writeFileSync(join(repository, 'untracked.txt'), 'untracked\n');
      repositories.push(repository);
      untouched.push(await checkoutState(repository));
    }
    return new ChaosWorld(reactor, random, repositories, untouched, answered, options);
  }

  /** Terminals start tasks until `rest`. */
  begin(): void {
    this.#isOpen = true;
    this.#lanes = this.#repositories.flatMap((repository) => [this.#terminal(repository), this.#terminal(repository)]);
  }

  async #terminal(repository: string): Promise<void> {
    while (this.#isOpen) {
      this.#tasks += 1;
      const number = this.#tasks;
      const name = `task${number}`;
      const steps = number % 5 === 3 ? ['--tcr', 'step'] : [];
      const args = ['--task', name, '--target', 'main', '--base', 'main', '--land', 'ff', ...steps];
      const call = this.#reactor.startRun(repository, `Write ${name}`, args, { limitMs: COMMAND_LIMIT_MS });
      this.#calls.add(call);
      const status = await Promise.race([statusOf(call), this.#hung(call, repository, name)]);
      this.#calls.delete(call);
      this.#ended.set(status, (this.#ended.get(status) ?? 0) + 1);
      if (this.#isClosed || status === SCRIPTED_END) continue;
      this.#unscripted.push(`${name} in ${basename(repository)} ended as: ${status}`);
      const { stdout, stderr } = call.told;
      const told = [`--- what its command told`, ...stdout.split('\n').slice(-3), stderr].join('\n');
      const text = `${evidenceOf(this.#sourceOf(repository), `${name}-r1`)}\n${told}`;
      keepText(this.#evidence, `${basename(repository)}-${name}.txt`, text);
      this.#tell(text);
    }
  }

  /** Resolves when nothing was recorded of a task for a long time while its command waits; never when the command ends. */
  async #hung(call: Call, repository: string, name: string): Promise<string> {
    let seen = -1;
    let since = systemClock.monotonic();
    const over = new AbortController();
    const end = (): void => over.abort();
    call.outcome.then(end, end);
    while (systemClock.monotonic() - since < HUNG_AFTER_MS) {
      await systemClock.sleep(LOOK_EVERY_MS, over.signal).catch(() => new Promise<never>(() => {}));
      const last = lastEntryOfTask(this.#reactor.journal(repository), name);
      if (last !== seen) since = systemClock.monotonic();
      seen = last;
    }
    call.child.kill('SIGKILL');
    return `hung: nothing was recorded for ${HUNG_AFTER_MS / 1000} s`;
  }

  #sourceOf(repository: string): EvidenceSource {
    return { journal: this.#reactor.journal(repository), name: basename(repository) };
  }

  /** Waits a random time and kills a random process of a random kind that is there; null when none was within some seconds. */
  async kill(): Promise<Kill | null> {
    const afterMs = this.#random.below(LONGEST_PAUSE_MS);
    const target = this.#random.pick(wheel);
    const draw = this.#random.below(1_000_000);
    const entries = this.#random.below(MOST_ENTRIES);
    const from = this.#entries();
    await until('something has happened', () => this.#entries() >= from + entries, PROGRESS_LIMIT_MS).catch(() => {});
    await systemClock.sleep(afterMs);
    const deadline = systemClock.monotonic() + FIND_LIMIT_MS;
    while (systemClock.monotonic() < deadline) {
      const candidates = this.#candidates(target);
      const victim = candidates[draw % Math.max(1, candidates.length)];
      if (victim !== undefined && kill(victim.pid)) {
        if (target === 'server') this.#serverKills.push(systemClock.now());
        this.#hits.set(`${target} ${victim.cell}`, this.#hitsOf(target, victim) + 1);
        return { target, pid: victim.pid, entries, afterMs };
      }
      await systemClock.sleep(3);
    }
    return null;
  }

  #hitsOf(target: Target, { cell }: FoundProcess): number {
    return this.#hits.get(`${target} ${cell}`) ?? 0;
  }

  #entries(): number {
    return this.#watched().reduce((sum, { journal }) => sum + lastEntry(journal), 0);
  }

  get hasSeenServers(): boolean {
    return this.#hasSeenServers;
  }

  #candidates(target: Target): FoundProcess[] {
    const all = processes(this.#reactor.root);
    this.#hasSeenServers ||= all.some(({ commandLine, cell }) => cell !== null && isServer(commandLine));
    const pids = new Set(all.filter(({ commandLine }) => isEngine(commandLine)).map(({ pid }) => pid));
    switch (target) {
      case 'engine':
        return all.filter(({ commandLine, parent }) => isEngine(commandLine) && !pids.has(parent));
      case 'server':
        return all.filter((found) => isServer(found.commandLine) && this.#hitsOf(target, found) < MOST_KILLS_PER_CELL);
      case 'test':
        return all.filter((found) => found.isCommand && this.#hitsOf(target, found) < MOST_KILLS_PER_CELL);
      case 'git':
        return all.filter(({ commandLine, parent }) => /^(\S*\/)?git /.test(commandLine) && pids.has(parent));
      case 'warden':
        return all.filter(({ commandLine }) => commandLine === 'reactor-warden');
    }
  }

  /** What is wrong while everything goes on. */
  async problems(): Promise<string[]> {
    return this.#look(false);
  }

  /**
   * Starts no more tasks, waits for those that run, and looks at what is left.
   * @returns what is wrong.
   */
  async rest(): Promise<string[]> {
    this.#isOpen = false;
    const over = Promise.all(this.#lanes).then(() => true);
    const limit = new AbortController();
    const late = systemClock.sleep(REST_LIMIT_MS, limit.signal).then(
      () => false,
      () => false,
    );
    const isOver = await Promise.race([over, late]);
    // A timer that is left would keep the process alive.
    limit.abort();
    const problems = isOver ? [] : [`runs did not come to an end: ${[...this.#openRuns()].join(', ')}`];
    await until('every cell has gone', () => processes(this.#reactor.root).every(({ cell }) => cell === null), 30_000).catch(() => {});
    return [...problems, ...(await this.#look(true))];
  }

  #openRuns(): string[] {
    return this.#watched().flatMap(({ journal }) => [...openRuns(readJournal(journal).entries).open]);
  }

  async #look(isAtRest: boolean): Promise<string[]> {
    const problems = [...this.#unscripted.splice(0), ...this.#watched().flatMap((watched) => problemsOf(watched, isAtRest))];
    for (const [index, repository] of this.#repositories.entries()) {
      const now = await checkoutState(repository);
      const before = this.#untouched[index] ?? {};
      for (const path of new Set([...Object.keys(before), ...Object.keys(now)])) {
        if (before[path] !== now[path]) problems.push(`${path} of the person's checkout was touched`);
      }
    }
    if (isAtRest) {
      for (const { pid, cell, commandLine } of processes(this.#reactor.root)) {
        if (cell !== null && this.#openRuns().length === 0)
          problems.push(`process ${pid} of cell ${cell} is left: ${commandLine.slice(0, 100)}`);
      }
    }
    return problems;
  }

  #watched(): Watched[] {
    return this.#repositories.map((repository) => ({
      repository,
      journal: this.#reactor.journal(repository),
      room: this.#reactor.root,
      target: 'main',
      test: 'sh check.sh',
      spending: spendingOf(this.#reactor),
      ports: portLeaseFolder(),
      charged: () => this.#answered,
    }));
  }

  /** How the runs ended, by status, and which answers of the model no journal was charged with: those whose server was killed or ended under them. */
  summary(): { readonly ended: Readonly<Record<string, number>>; readonly calls: number; readonly uncharged: number } {
    const [first] = this.#watched();
    const journals = this.#watched().map(({ journal }) => journal);
    return {
      ended: Object.fromEntries(this.#ended),
      calls: this.#answered.length,
      uncharged: first === undefined ? 0 : uncharged(first, journals).length,
    };
  }

  /** Copies the journals and logs to where they outlive this world. @returns where. */
  keepEvidence(): string {
    const sources = this.#repositories.map((repository) => this.#sourceOf(repository));
    keepEvidence(sources, this.#evidence);
    return this.#evidence;
  }

  close(): Promise<void> {
    this.#isOpen = false;
    this.#isClosed = true;
    return this.#reactor.close();
  }
}

const statusOf = (call: Call): Promise<string> =>
  call.outcome.then(
    ({ result, exitCode, stderr }) => result?.runs[0]?.status ?? `no result (exit code ${exitCode}): ${stderr.trim().split('\n').at(-1)}`,
    (error: unknown) => `no end: ${String(error).split('\n')[0]}`,
  );

/** Beside the data folders of the room's repositories. */
export const spendingOf = (reactor: Reactor): string => join(reactor.root, 'data', 'spending.db');

const isServer = (commandLine: string): boolean => /opencode\S* serve/.test(commandLine);
const isEngine = (commandLine: string): boolean => / engine --repo \S+$/.test(commandLine);

function kill(pid: number): boolean {
  try {
    return process.kill(pid, 'SIGKILL');
  } catch {
    // It ended meanwhile.
    return false;
  }
}
