import { z } from 'zod';
import { Category } from './category.ts';
import { PermissionRule } from './permissionRule.ts';
import { SandboxSpec } from './sandboxSpec.ts';
import { Usd } from './usd.ts';

export const TaskId = z.string().regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/, 'use letters, digits, dot, dash and underscore, 64 at most');

/** Higher goes first. */
export const Priority = z.number().int().min(-100).max(100);
/** How many ports the app under test gets. */
export const AppPorts = z.number().int().min(0).max(20);

export const ApproveMode = z.enum(['auto', 'ask', 'never']);
export const LandMode = z.enum(['branch', 'ff', 'merge']);
/** What the tests decide on: an attempt as a whole, or each turn of the agent. */
export const TcrMode = z.enum(['attempt', 'step']);
/** How the steps of `tcr: step` are committed in the end: as one commit, or as they are. */
export const StepsMode = z.enum(['squash', 'keep']);
export type ApproveMode = z.infer<typeof ApproveMode>;
export type LandMode = z.infer<typeof LandMode>;
export type TcrMode = z.infer<typeof TcrMode>;
export type StepsMode = z.infer<typeof StepsMode>;

/** Bounds that stop a run that costs without getting anywhere. */
export const RunLimits = z.object({
  /** Model calls per attempt, subagents included. */
  stepsPerAttempt: z.number().int().positive(),
  callsPerMinute: z.number().int().positive(),
  /** Steps committed in one run with `tcr: step`. */
  stepsPerRun: z.number().int().positive().default(50),
  stallMs: z.number().int().positive(),
  /** Wall time of the whole run from its start, time spent waiting for a person excluded. */
  timeoutMs: z.number().int().positive(),
  testTimeoutMs: z.number().int().positive(),
  setupTimeoutMs: z.number().int().positive(),
  /** Most the run may cost; null for no limit. */
  budgetUsd: Usd.nullable(),
});
export type RunLimits = z.infer<typeof RunLimits>;

/** What decides when a run may start. */
export const QueuePlace = z.object({
  /** The same for all runs that were asked for together. */
  submission: z.string(),
  /** Higher goes first; 0 in the usual case. */
  priority: z.number().int(),
  /** Most runs of the submission at work at once; null when only the repository's limit holds. */
  parallel: z.number().int().positive().nullable(),
  /** Runs that must have come to a commit before this one starts from it. */
  after: z.array(z.object({ run: z.string(), task: TaskId })),
  /** The base as it was asked for, to be resolved again when the run starts after others; null for none in particular. */
  baseName: z.string().nullable(),
});
export type QueuePlace = z.infer<typeof QueuePlace>;

/** Everything that decides how one run goes, settled when it is accepted. */
export const RunSpec = z.object({
  task: TaskId,
  title: z.string(),
  /** Kind of work; what the title suggests when absent (`categoryOf`). */
  category: Category.optional(),
  prompt: z.string().min(1),
  /** Folder below the repository's top in which commands run; '' for the top. */
  folder: z.string(),
  /** The commit the cell starts from and its tree. */
  base: z.string(),
  baseTree: z.string(),
  /**
   * The commit without files that stands for having none, where there was none to start from; left out where there was. It is the base unless another run has
   * settled that, and it stands for the target as long as that branch has no commit.
   */
  unborn: z.string().optional(),
  /** The branch to land on; null only with `land: branch`. */
  target: z.string().nullable(),
  /** The user's checkout that ignored files are copied from; null for a bare repository. */
  checkout: z.string().nullable(),
  test: z.string().min(1),
  setup: z.string().nullable(),
  include: z.array(z.string()),
  agent: z.string().nullable(),
  model: z.string().nullable(),
  approve: ApproveMode,
  land: LandMode,
  tcr: TcrMode.default('attempt'),
  steps: StepsMode.default('squash'),
  attempts: z.number().int().positive(),
  testBase: z.boolean(),
  /** The repository's hooks have a word: on the change after the tests, on the message of its commit, and on a merge before it lands. */
  hooks: z.boolean(),
  /** Message of its commits before the trailers; {task} and {title} stand for the run's own. `Task {task}: {title}` when left out. */
  message: z.string().optional(),
  /**
   * Runs that may land together after one test, how often a conflict or a red merge goes back to the agent, and whether the next in line is
   * tested ahead of its turn (left out: yes). Runs of before had none of it.
   */
  landing: z
    .object({ batch: z.number().int().positive(), retries: z.number().int().nonnegative(), ahead: z.boolean().optional() })
    .default({ batch: 1, retries: 0 }),
  permissions: z.array(PermissionRule),
  limits: RunLimits,
  /** Journals of earlier versions don't have it: such a run starts as if it had been asked for alone. */
  queue: QueuePlace.optional(),
  /** Leased ports for the app under test, in REACTOR_PORT, REACTOR_PORT_1, …; none when left out. */
  ports: z.number().int().nonnegative().optional(),
  sandbox: SandboxSpec.prefault({}),
  /** Settings of a file that take something from the boundary, as they stand there; none when left out. */
  loosened: z.object({ file: z.string(), settings: z.array(z.string()) }).optional(),
  /** What looks like a secret and was allowed in writing, by the names of the findings; none when left out. */
  allowedSecrets: z.array(z.string()).optional(),
  /** Patterns of paths that need a person beside those that always do; `!` takes paths out. None when left out. */
  protectedPaths: z.array(z.string()).optional(),
});
export type RunSpec = z.infer<typeof RunSpec>;
