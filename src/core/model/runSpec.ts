import { z } from 'zod';
import { PermissionRule } from './permissionRule.ts';
import { SandboxSpec } from './sandboxSpec.ts';
import { Usd } from './usd.ts';

export const TaskId = z.string().regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/, 'use letters, digits, dot, dash and underscore, 64 at most');

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

/** Everything that decides how one run goes, settled when it is accepted. */
export const RunSpec = z.object({
  task: TaskId,
  title: z.string(),
  prompt: z.string().min(1),
  /** Folder below the repository's top in which commands run; '' for the top. */
  folder: z.string(),
  /** The commit the cell starts from and its tree. */
  base: z.string(),
  baseTree: z.string(),
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
  /** Run the repository's commit hooks on the cell's commit. */
  hooks: z.boolean(),
  permissions: z.array(PermissionRule),
  limits: RunLimits,
  sandbox: SandboxSpec.prefault({}),
});
export type RunSpec = z.infer<typeof RunSpec>;
