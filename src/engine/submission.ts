import { KeyedMutex } from '../base/keyedMutex.ts';
import { UserFacingError } from '../base/userFacingError.ts';
import { event } from '../core/journal/events.ts';
import type { ProjectConfig } from '../core/model/projectConfig.ts';
import type { RunRequest } from '../core/model/runRequest.ts';
import type { RunSpec } from '../core/model/runSpec.ts';
import { type Loosened, loosenedText } from '../core/policy/loosened.ts';
import type { SecretGuard } from '../core/policy/secrets/secretGuard.ts';
import type { GitRefusal, GitRepository, Oid } from '../core/ports/git.ts';
import { requestedBase, requestedTarget, resolveSpec } from '../core/run/resolveSpec.ts';
import { resolveTurn } from '../core/run/resolveTurn.ts';
import { startsFromNothing } from '../core/run/unborn.ts';
import { linkDependencies } from '../core/scheduling/dependencies.ts';
import type { EngineContext } from './runContext.ts';
import { holdStart, nothingNote } from './startOfNothing.ts';

interface Settled {
  readonly run: string;
  /** Tasks that it comes after. */
  readonly after: readonly string[];
  readonly spec: RunSpec;
  readonly notes: readonly string[];
  readonly priority: number;
  readonly baseName: string | null;
}

export interface AcceptedRun {
  readonly run: string;
  readonly task: string;
  /** Of the entry that requests it. */
  readonly seq: number;
  readonly notes: readonly string[];
  /** False when it had been accepted by an engine that ended before it could say so. */
  readonly isNew: boolean;
}

/** How requests belong together; see the protocol's `submit`. */
export interface SubmissionOptions {
  /** Most of them at work at once; by default only the repository's limit holds. */
  readonly parallel?: number | undefined;
  readonly submission?: string | undefined;
  readonly again?: boolean | undefined;
}

/** Runs of others looked through for those of a submission that is made again; it was a moment ago. */
const RECENT_RUNS = 1000;

/** Accepts what a person asked for: settles every setting, gives out ids, and journals the run. Nothing has been made yet. */
export class Submissions {
  readonly #engine: EngineContext;
  readonly #turns = new KeyedMutex();
  /** Task numbers given out in this engine's life; the journal knows those before it. */
  #lastNumber = 0;

  constructor(engine: EngineContext) {
    this.#engine = engine;
  }

  /**
   * All of the requests or none. One call at a time: a number given out is in the journal before the next is looked for.
   * @throws UserFacingError `configuration` or `notPossibleNow`; then no run of the requests has been accepted.
   */
  accept(requests: readonly RunRequest[], options: SubmissionOptions, actor: string): Promise<readonly AcceptedRun[]> {
    return this.#turns.run('accept', async () => {
      const { parallel = null, submission = this.#engine.deps.ids.short(), again = false } = options;
      const accepted = again ? this.#accepted(submission, requests.length) : [];
      const settled: Settled[] = [];
      const look = new Look(this.#engine);
      for (const request of requests.slice(accepted.length)) settled.push(await this.#check(request, settled, look));
      const links = this.#link(settled);
      await look.heeded((settings) => this.#engine.deps.options.heed(settings));
      for (const { run, spec: own, notes, priority, baseName } of settled) {
        const spec = { ...own, queue: { submission, priority, parallel, after: [...(links.get(run) ?? [])], baseName } };
        if (spec.unborn !== undefined) await holdStart(this.#engine.deps.repository, run, spec.unborn);
        const seq = await this.#engine.ledger.append(run, actor, event('run/requested', { run, spec }));
        accepted.push({ run, task: spec.task, seq, notes, isNew: true });
      }
      return accepted;
    });
  }

  /** What the journal has of a submission: its first requests, in their order. */
  #accepted(submission: string, most: number): AcceptedRun[] {
    const { journal } = this.#engine.deps;
    const runs = journal.recentRuns(most + RECENT_RUNS).filter(({ spec }) => spec.queue?.submission === submission);
    return runs
      .map(({ run, spec }) => {
        const [requested] = journal.read({ run, types: ['run/requested'], limit: 1 });
        return { run, task: spec.task, seq: requested?.seq ?? 0, notes: [], isNew: false };
      })
      .toSorted((a, b) => a.seq - b.seq);
  }

  #link(settled: readonly Settled[]) {
    const wanted = settled.map(({ run, spec, after }) => ({ run, task: spec.task, after, stayOnBranch: spec.target === null }));
    const links = linkDependencies(wanted, (task) => this.#engine.deps.journal.runsOfTask(task).at(-1) ?? null);
    if (!links.ok) throw new UserFacingError('configuration', links.error, { actions: ['reactor tasks'] });
    return links.value;
  }

  async #check(request: RunRequest, before: readonly Settled[], look: Look): Promise<Settled> {
    const { deps } = this.#engine;
    const { spec, ...more } = await this.#settle(request, look);
    if (before.some((other) => other.spec.task === spec.task)) {
      throw new UserFacingError('configuration', `${spec.task} is asked for twice; nothing was started.`, {
        actions: ['give each task an id of its own'],
      });
    }
    const earlier = deps.journal.runsOfTask(spec.task);
    const open = earlier.find((r) => r.phase !== 'ended');
    if (open !== undefined) {
      throw new UserFacingError(
        'notPossibleNow',
        `${spec.task} is still open as ${open.run} (${open.phase}); a task has one open run at a time.`,
        {
          actions: [`reactor show ${open.run}`, `reactor kill ${open.run}`],
        },
      );
    }
    return { run: `${spec.task}-r${earlier.length + 1}`, spec, ...more };
  }

  async #settle(request: RunRequest, look: Look): Promise<Omit<Settled, 'run'>> {
    const { deps } = this.#engine;
    const { repository, config, file } = await look.at(request.folder);
    const { facts } = repository;
    const name = requestedBase(request, config) ?? 'HEAD';
    const start = await look.base(repository, name, name === requestedTarget(request, config));
    const known = request.test ?? config.test;
    const detected = known === undefined ? await look.detectedTest(request.folder) : null;
    const spec = resolveSpec({
      request,
      config,
      file: file === null ? undefined : belowTop(file, facts.topLevel),
      task: request.task ?? (await this.#nextTask()),
      base: start,
      branch: facts.branch,
      checkout: facts.topLevel,
      folder: facts.prefix,
      detectedTest: detected,
      sandbox: deps.options.sandbox,
    });
    if (!spec.ok) throw new UserFacingError('configuration', spec.error.message, { actions: spec.error.actions });
    const { target } = spec.value;
    const isBorn = !startsFromNothing(spec.value) || target !== facts.unborn;
    if (target !== null && isBorn && !(await look.hasBranch(repository, target))) throw await noBranch(repository, target);
    const notes = [...start.notes, ...secretNotes(deps.secrets, spec.value), ...look.loosened(spec.value)];
    const { ports, ...turn } = resolveTurn(request, config);
    return { spec: { ...spec.value, ports }, notes, ...turn, baseName: requestedBase(request, config) };
  }

  /** The next free TASK-nnn, also past branches and kept refs of a journal that is gone. */
  async #nextTask(): Promise<string> {
    const { deps } = this.#engine;
    if (this.#lastNumber === 0) {
      const refs = [...(await deps.repository.listRefs('refs/heads/reactor/')), ...(await deps.repository.listRefs('refs/reactor/'))];
      const numbers = refs.map(({ ref }) => Number(/TASK-(\d+)/.exec(ref)?.[1] ?? 0));
      this.#lastNumber = Math.max(deps.journal.highestTaskNumber(), 0, ...numbers);
    }
    this.#lastNumber = Math.max(this.#lastNumber, deps.journal.highestTaskNumber()) + 1;
    return `TASK-${String(this.#lastNumber).padStart(3, '0')}`;
  }
}

/** What a run starts from. */
interface Start {
  readonly commit: Oid;
  readonly tree: Oid;
  readonly isUnborn: boolean;
  readonly notes: readonly string[];
}

/** What holds in a folder, and where it is written. */
interface Settings {
  readonly repository: GitRepository;
  readonly config: ProjectConfig;
  readonly file: string | null;
}

/** What requests of one submission have in common, looked at once. */
class Look {
  readonly #engine: EngineContext;
  readonly #folders = new Map<string, Promise<Settings>>();
  readonly #tests = new Map<string, Promise<string | null>>();
  readonly #branches = new Map<string, Promise<boolean>>();
  readonly #bases = new Map<string, Promise<Start>>();
  readonly #loosened: Loosened[] = [];

  constructor(engine: EngineContext) {
    this.#engine = engine;
  }

  at(folder: string): Promise<Settings> {
    return remembered(this.#folders, folder, async () => {
      const { deps } = this.#engine;
      const opened = await deps.git.open(folder);
      if (!opened.ok) throw new UserFacingError('notARepository', explain(opened.error, folder));
      const repository = opened.value;
      if (repository.facts.commonDir !== deps.repository.facts.commonDir) {
        throw new UserFacingError('configuration', `${folder} belongs to another repository than this engine's; nothing was started.`, {
          actions: [`reactor run --repo ${folder}`],
        });
      }
      return { repository, ...(await deps.project.config(folder, repository.facts.topLevel ?? folder)) };
    });
  }

  /** What a file takes from the boundary, told by the first run that it holds for. */
  loosened({ loosened }: RunSpec): string[] {
    if (loosened === undefined) return [];
    const earlier = this.#engine.deps.journal.recentRuns(RECENT_RUNS).flatMap(({ spec }) => spec.loosened ?? []);
    const known = new Set([...earlier, ...this.#loosened].filter(({ file }) => file === loosened.file).flatMap(({ settings }) => settings));
    const settings = loosened.settings.filter((setting) => !known.has(setting));
    this.#loosened.push(loosened);
    return settings.length === 0 ? [] : [`${loosenedText({ ...loosened, settings })}; this is told once, and reactor doctor shows it`];
  }

  detectedTest(folder: string): Promise<string | null> {
    return remembered(this.#tests, folder, async () => (await this.#engine.deps.project.detectTest(folder))?.command ?? null);
  }

  hasBranch(repository: GitRepository, name: string): Promise<boolean> {
    return remembered(this.#branches, name, async () => (await repository.readRef(`refs/heads/${name}`)) !== null);
  }

  /** The settings that the last of the requests was checked with. */
  async heeded(take: (settings: ProjectConfig) => void): Promise<void> {
    const last = [...this.#folders.values()].at(-1);
    if (last !== undefined) take((await last).config);
  }

  /** @param isTarget the name is that of the branch to land on, and a refusal says so. */
  base(repository: GitRepository, name: string, isTarget: boolean): Promise<Start> {
    return remembered(this.#bases, `${repository.facts.topLevel} ${name}`, async () => {
      const found = await repository.resolveCommit(name);
      const { unborn } = repository.facts;
      const isUnborn = name === 'HEAD' || (isTarget && name.replace(/^refs\/heads\//, '') === unborn);
      if (!found.ok && unborn !== undefined && isUnborn) return fromNothing(repository, unborn);
      if (!found.ok && found.error.code === 'unknownRef' && isTarget) throw await noBranch(repository, name);
      if (!found.ok) throw notToStartFrom(found.error, name);
      const [tree, filters] = await Promise.all([repository.treeOf(found.value), repository.missingFilters(found.value)]);
      return { commit: found.value, tree, isUnborn: false, notes: filterNotes(filters) };
    });
  }
}

async function fromNothing(repository: GitRepository, branch: string): Promise<Start> {
  const [empty, files] = await Promise.all([repository.emptyCommit(), repository.countFiles()]);
  if (!empty.ok) throw new UserFacingError('environment', `A run that starts from nothing could not be prepared: ${empty.error.message}`);
  const commit = empty.value;
  return { commit, tree: await repository.treeOf(commit), isUnborn: true, notes: [nothingNote(branch, files)] };
}

function remembered<T>(known: Map<string, Promise<T>>, key: string, look: () => Promise<T>): Promise<T> {
  const found = known.get(key) ?? look();
  known.set(key, found);
  return found;
}

/** What is journaled has no secret in it, so a command with one would not be the command that was asked for. */
function secretNotes(guard: Pick<SecretGuard, 'find'>, spec: RunSpec): string[] {
  for (const [what, command] of [
    ['test', spec.test],
    ['setup', spec.setup ?? ''],
  ] as const) {
    const [found] = guard.find(command);
    if (found === undefined) continue;
    throw new UserFacingError('configuration', `The ${what} command has a secret in it (${found.name}): the run was not started.`, {
      actions: ['put it into a file that git ignores, such as .env, or into the environment'],
    });
  }
  const [inPrompt] = guard.find(spec.prompt);
  return inPrompt === undefined
    ? []
    : [`the prompt of ${spec.task} has a secret in it (${inPrompt.name}); it is covered, and the agent does not see it`];
}

const belowTop = (file: string, top: string | null): string =>
  top !== null && file.startsWith(`${top}/`) ? file.slice(top.length + 1) : file;

async function noBranch(repository: GitRepository, name: string): Promise<UserFacingError> {
  const now = await repository.renamedTo(name, 0);
  return new UserFacingError('configuration', `There is no branch ${name} to land on${now === null ? '' : `: it is called ${now} now`}.`, {
    actions: [`name one with --target ${now ?? 'BRANCH'}`, 'or keep the work on its own branch with --land branch'],
  });
}

/** Files behind a filter that is not there are pointers, and an agent or a test would take them for the content. */
const filterNotes = (names: readonly string[]): string[] =>
  names.map((name) => {
    const what = name === 'lfs' ? 'Git LFS keeps files of this repository' : `The filter "${name}" keeps files of this repository`;
    const install = name === 'lfs' ? 'install git-lfs and run: git lfs install' : `configure filter.${name}.smudge`;
    return `${what}, and git has no command for it here, so cells have only what git stores of them; ${install}`;
  });

const notToStartFrom = (refusal: GitRefusal, name: string): UserFacingError =>
  new UserFacingError('configuration', explain(refusal, name), {
    actions: refusal.code === 'unknownRef' ? ['name another with --base REF, such as a branch that `git branch --all` lists'] : [],
  });

const explain = (refusal: GitRefusal, name: string): string => {
  switch (refusal.code) {
    case 'notARepository':
      return `${name} is not in a git repository. Name one with --repo DIR, or make it one with: git init`;
    case 'noCommit':
      return 'HEAD leads to no commit and names no branch to make one on. Check a branch out with `git switch BRANCH`, or name one with --base and --target.';
    case 'unknownRef':
      return `There is no commit named ${name} in this repository.`;
    default:
      return refusal.message;
  }
};
