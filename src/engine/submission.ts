import { KeyedMutex } from '../base/keyedMutex.ts';
import { UserFacingError } from '../base/userFacingError.ts';
import { event } from '../core/journal/events.ts';
import type { RunRequest } from '../core/model/runRequest.ts';
import type { RunSpec } from '../core/model/runSpec.ts';
import type { GitRefusal, GitRepository } from '../core/ports/git.ts';
import { requestedBase, resolveSpec } from '../core/run/resolveSpec.ts';
import { settingNotes } from '../core/run/settingNotes.ts';
import type { EngineContext } from './runContext.ts';

interface Settled {
  readonly run: string;
  readonly spec: RunSpec;
  readonly notes: readonly string[];
}

export interface AcceptedRun {
  readonly run: string;
  readonly task: string;
  /** Of the entry that requests it. */
  readonly seq: number;
  readonly notes: readonly string[];
}

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
  accept(requests: readonly RunRequest[], actor: string): Promise<readonly AcceptedRun[]> {
    return this.#turns.run('accept', async () => {
      const settled: Settled[] = [];
      for (const request of requests) settled.push(await this.#check(request, settled));
      const accepted: AcceptedRun[] = [];
      for (const { run, spec, notes } of settled) {
        const seq = await this.#engine.ledger.append(run, actor, event('run/requested', { run, spec }));
        accepted.push({ run, task: spec.task, seq, notes });
      }
      return accepted;
    });
  }

  async #check(request: RunRequest, before: readonly Settled[]): Promise<Settled> {
    const { deps } = this.#engine;
    const opened = await deps.git.open(request.folder);
    if (!opened.ok) throw new UserFacingError('notARepository', explain(opened.error, request.folder));
    const repository = opened.value;
    if (repository.facts.commonDir !== deps.repository.facts.commonDir) {
      throw new UserFacingError('configuration', `${request.folder} belongs to another repository than this engine's.`);
    }
    const { spec, notes } = await this.#settle(request, repository);
    if (before.some((other) => other.spec.task === spec.task)) {
      throw new UserFacingError('configuration', `${spec.task} is asked for twice; nothing was started.`);
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
    return { run: `${spec.task}-r${earlier.length + 1}`, spec, notes };
  }

  async #settle(request: RunRequest, repository: GitRepository): Promise<{ spec: RunSpec; notes: readonly string[] }> {
    const { deps } = this.#engine;
    const { facts } = repository;
    const { config } = await deps.project.config(request.folder, facts.topLevel ?? request.folder);
    const name = requestedBase(request, config) ?? 'HEAD';
    const base = await repository.resolveCommit(name);
    if (!base.ok && base.error.code === 'unknownRef' && name === (request.target ?? config.target)) throw noBranch(name);
    if (!base.ok) throw new UserFacingError('configuration', explain(base.error, name));
    const known = request.test ?? config.test;
    const detected = known === undefined ? await deps.project.detectTest(request.folder) : null;
    const spec = resolveSpec({
      request,
      config,
      task: request.task ?? (await this.#nextTask()),
      base: { commit: base.value, tree: await repository.treeOf(base.value) },
      branch: facts.branch,
      checkout: facts.topLevel,
      folder: facts.prefix,
      detectedTest: detected?.command ?? null,
      sandbox: deps.options.sandbox,
    });
    if (!spec.ok) throw new UserFacingError('configuration', spec.error.message, { actions: spec.error.actions });
    const { target } = spec.value;
    if (target !== null && (await repository.readRef(`refs/heads/${target}`)) === null) {
      throw noBranch(target);
    }
    return { spec: spec.value, notes: settingNotes(config) };
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

const noBranch = (name: string): UserFacingError =>
  new UserFacingError('configuration', `There is no branch ${name} to land on.`, {
    actions: ['name one with --target BRANCH', 'or keep the work on its own branch with --land branch'],
  });

const explain = (refusal: GitRefusal, name: string): string => {
  switch (refusal.code) {
    case 'notARepository':
      return `${name} is not in a git repository. Name one with --repo DIR, or make it one with: git init`;
    case 'noCommit':
      return 'The repository has no commit yet, so there is nothing to start from. Make a first commit, then run again.';
    case 'unknownRef':
      return `There is no commit named ${name} in this repository.`;
    default:
      return refusal.message;
  }
};
