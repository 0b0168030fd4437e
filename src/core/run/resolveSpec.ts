import { err, ok, type Result } from '../../base/result.ts';
import type { ProjectConfig } from '../model/projectConfig.ts';
import type { RunRequest } from '../model/runRequest.ts';
import type { RunSpec } from '../model/runSpec.ts';
import type { SandboxMode } from '../model/sandboxSpec.ts';
import { modelPattern, modelRule } from '../model/settingTypes.ts';
import type { TaskEntry } from '../model/taskEntry.ts';
import { compareUsd, type Usd } from '../model/usd.ts';
import { loosenedBy } from '../policy/loosened.ts';

export interface SpecSources {
  readonly request: RunRequest;
  readonly config: ProjectConfig;
  /** The file that the settings are from, as people know it; none when left out. */
  readonly file?: string | undefined;
  /** The task's id, given by the person or given out. */
  readonly task: string;
  /** What `requestedBase` names, resolved. `isUnborn`: there is no commit yet, and this one stands for that. */
  readonly base: { readonly commit: string; readonly tree: string; readonly isUnborn?: boolean };
  /** Branch checked out in the user's checkout; null when HEAD is detached or there is no checkout. */
  readonly branch: string | null;
  readonly checkout: string | null;
  /** Folder below the repository's top; '' for the top. */
  readonly folder: string;
  /** Test command found by looking at the folder. */
  readonly detectedTest: string | null;
  /** What holds on this machine for the sandbox where nobody says otherwise. */
  readonly sandbox?: SandboxMode;
}

export interface SpecRefusal {
  readonly code: 'configuration';
  readonly message: string;
  readonly actions: readonly string[];
}

const refuse = (message: string, ...actions: string[]) => err<SpecRefusal>({ code: 'configuration', message, actions });

const MAX_TITLE = 72;

/** First line with something in it, without control characters, at most 72 characters. */
export function titleOf(prompt: string): string {
  const lines = prompt.split(/\r\n|[\n\r\u2028\u2029]/).map((line) => line.replace(/[\p{Cc}\s]+/gu, ' ').trim());
  const characters = [...(lines.find((line) => line !== '') ?? '')];
  return characters.length <= MAX_TITLE
    ? characters.join('')
    : `${characters
        .slice(0, MAX_TITLE - 1)
        .join('')
        .trimEnd()}…`;
}

/** The entry in reactor.yaml of the task a person named. Ids that were given out do not count. */
export const entryOf = ({ task }: RunRequest, config: ProjectConfig): Partial<TaskEntry> =>
  task === undefined ? {} : (config.tasks.find(({ id }) => id === task) ?? {});

const branchName = (name: string): string => name.trim().replace(/^refs\/heads\//, '');
const orNull = (text: string | undefined): string | null => (text === undefined || text.trim() === '' ? null : text);

/** The branch it is to land on, as it is named; null when none is, or nothing is to land. */
export function requestedTarget(request: RunRequest, config: ProjectConfig): string | null {
  const entry = entryOf(request, config);
  const lands = (request.land ?? entry.land ?? config.land) !== 'branch';
  return lands ? (orNull(request.target) ?? entry.target ?? config.target ?? null) : null;
}

/**
 * What the run starts from, for git to resolve: the base that was asked for, else the branch it is to land on when one is
 * named; null for HEAD.
 */
export const requestedBase = (request: RunRequest, config: ProjectConfig): string | null =>
  orNull(request.base) ?? entryOf(request, config).base ?? config.base ?? requestedTarget(request, config);

function configuredBudget({ perRunUsd, perTaskUsd }: ProjectConfig['budgets']): Usd | null {
  if (perRunUsd === undefined || perTaskUsd === undefined) return perRunUsd ?? perTaskUsd ?? null;
  return compareUsd(perRunUsd, perTaskUsd) < 0 ? perRunUsd : perTaskUsd;
}

/**
 * Settles how a run goes. What the request says counts first, then the task's entry in reactor.yaml, then the rest of
 * reactor.yaml, then what was detected, then the defaults. Refuses what can't become a run, and says what to do.
 */
export function resolveSpec(sources: SpecSources): Result<RunSpec, SpecRefusal> {
  const { request, config, base, checkout, folder } = sources;
  const entry = entryOf(request, config);

  const test = orNull(request.test) ?? entry.test ?? config.test ?? sources.detectedTest;
  if (test === null) {
    return refuse(
      'No test command is known, and nothing lands untested: the run was not started.',
      'add --test "COMMAND"',
      'set it for good with `test: COMMAND` in reactor.yaml',
      'let `reactor init` write reactor.yaml',
    );
  }

  const model = orNull(request.model) ?? entry.model ?? config.model ?? null;
  if (model !== null && !modelPattern.test(model))
    return refuse(`The model ${JSON.stringify(model)} ${modelRule}.`, 'add --model PROVIDER/MODEL');

  const target = targetOf(sources, entry);
  if (!target.ok) return target;

  const category = request.category ?? entry.category;
  const loosened = loosenedBy({ request, entry, config, machine: sources.sandbox ?? 'off' });
  return ok({
    task: sources.task,
    title: orNull(request.title) ?? entry.title ?? titleOf(request.prompt),
    ...(category === undefined ? {} : { category }),
    prompt: request.prompt,
    folder,
    base: base.commit,
    baseTree: base.tree,
    ...(base.isUnborn === true ? { unborn: base.commit } : {}),
    ...target.value,
    checkout,
    test,
    setup: orNull(request.setup ?? entry.setup ?? config.setup),
    include: [...new Set([...(request.include ?? entry.include ?? config.include), ...config.cells.copy])],
    agent: orNull(request.agent) ?? entry.agent ?? config.agent ?? null,
    model,
    approve: request.approve ?? entry.approve ?? config.approve,
    tcr: request.tcr ?? entry.tcr ?? config.tcr,
    steps: request.steps ?? entry.steps ?? config.steps,
    attempts: request.attempts ?? entry.attempts ?? config.attempts,
    testBase: request.testBase ?? entry.testBase ?? config.testBase,
    hooks: config.hooks,
    ...(config.message === undefined ? {} : { message: config.message }),
    landing: config.landing,
    sandbox: {
      mode: request.sandbox ?? entry.sandbox ?? config.sandbox ?? sources.sandbox ?? 'off',
      unsandboxed: config.unsandboxed,
      network: request.network ?? entry.network ?? config.network,
      hosts: config.hosts,
      ...config.files,
      limits: config.cellLimits,
    },
    ...(sources.file === undefined || loosened.length === 0 ? {} : { loosened: { file: sources.file, settings: loosened } }),
    ...(config.secrets.allow.length === 0 ? {} : { allowedSecrets: config.secrets.allow }),
    ...(config.protectedPaths.length === 0 ? {} : { protectedPaths: config.protectedPaths }),
    permissions: config.permissions,
    limits: {
      ...config.limits,
      timeoutMs: request.timeoutMs ?? entry.timeoutMs ?? config.timeoutMs,
      testTimeoutMs: config.testTimeoutMs,
      setupTimeoutMs: config.setupTimeoutMs,
      budgetUsd: request.budgetUsd ?? entry.budgetUsd ?? configuredBudget(config.budgets),
    },
  });
}

function targetOf(
  { request, config, branch }: SpecSources,
  entry: Partial<TaskEntry>,
): Result<Pick<RunSpec, 'land' | 'target'>, SpecRefusal> {
  const land = request.land ?? entry.land ?? config.land;
  const asked = orNull(request.target);
  if (land === 'branch') {
    if (asked === null) return ok({ land, target: null });
    return refuse(
      `A target (${branchName(asked)}) was given, but with \`land: branch\` nothing lands: the run was not started.`,
      'add --land ff or --land merge',
      'leave --target out',
    );
  }
  const target = asked ?? entry.target ?? config.target ?? branch;
  if (target !== null) return ok({ land, target: branchName(target) });
  return refuse(
    'No branch is checked out (HEAD is detached), so there is nothing to land on: the run was not started.',
    'name one with --target BRANCH',
    'check a branch out with `git switch BRANCH`, or end the rebase or bisect if one is under way',
    'leave the commit on a branch of its own with --land branch',
  );
}
