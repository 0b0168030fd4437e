import { z } from 'zod';
import { Category } from './category.ts';
import { AppPorts, ApproveMode, LandMode, Priority, StepsMode, TaskId, TcrMode } from './runSpec.ts';
import { NetworkMode, SandboxMode } from './sandboxSpec.ts';
import { Usd } from './usd.ts';

/** What a person asks for: only what they said. The rest comes from reactor.yaml, detection and defaults. */
export const RunRequest = z.strictObject({
  task: TaskId.optional(),
  /** Short title (`--desc`); the first line of the prompt by default. */
  title: z.string().optional(),
  category: Category.optional(),
  prompt: z.string().min(1),
  /** Absolute path of a folder in the repository; its reactor.yaml applies and commands run in it. */
  folder: z.string(),
  base: z.string().optional(),
  target: z.string().optional(),
  test: z.string().optional(),
  setup: z.string().optional(),
  include: z.array(z.string()).optional(),
  agent: z.string().optional(),
  model: z.string().optional(),
  approve: ApproveMode.optional(),
  land: LandMode.optional(),
  tcr: TcrMode.optional(),
  steps: StepsMode.optional(),
  attempts: z.number().int().positive().optional(),
  timeoutMs: z.number().int().positive().optional(),
  budgetUsd: Usd.optional(),
  testBase: z.boolean().optional(),
  /** Tasks that must have landed before; the run starts from what they made. */
  after: z.array(TaskId).optional(),
  priority: Priority.optional(),
  /** Leased ports for the app under test. */
  ports: AppPorts.optional(),
  sandbox: SandboxMode.optional(),
  network: NetworkMode.optional(),
});
export type RunRequest = z.infer<typeof RunRequest>;
