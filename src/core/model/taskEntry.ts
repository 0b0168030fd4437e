import { z } from 'zod';
import { Category } from './category.ts';
import { AppPorts, ApproveMode, LandMode, Priority, StepsMode, TaskId, TcrMode } from './runSpec.ts';
import { NetworkMode, SandboxMode } from './sandboxSpec.ts';
import { countSetting, dollarsSetting, durationSetting, globsSetting, modelSetting, refSetting, textSetting } from './settingTypes.ts';

/** Settings of a run that stand at the top of reactor.yaml and that a single task may say otherwise. None has a default here. */
export const runSettings = {
  test: textSetting(
    'Shell command that decides whether a change is good: it must end with exit code 0. Detected when left out.',
  ).optional(),
  setup: z.string().describe('Shell command that prepares a new worktree, such as "npm ci". Empty for none.').optional(),
  include: globsSetting(
    'Files that git ignores but the work needs; they are copied into each worktree. Globs below the repository.',
  ).optional(),
  agent: textSetting('The OpenCode agent that works, such as build.').optional(),
  model: modelSetting('Model as provider/model. The one of your OpenCode configuration when left out.').optional(),
  approve: ApproveMode.describe(
    'Who decides on a green change: ask (a person reviews it), auto (the tests alone), never (it is kept and waits, nobody is asked).',
  ).optional(),
  land: LandMode.describe(
    'Where a commit goes: ff (fast-forward the target), merge (with a merge commit), branch (stay on its own branch).',
  ).optional(),
  tcr: TcrMode.describe(
    'What the tests decide on: attempt (the work as a whole), or step (each turn of the agent is tested, and committed on its own branch or reverted).',
  ).optional(),
  steps: StepsMode.describe('With "tcr: step": land the steps as one commit (squash) or as they are (keep).').optional(),
  target: refSetting('Branch to land on. The one checked out when left out.').optional(),
  base: refSetting('Branch, tag or commit the work starts from. HEAD when left out.').optional(),
  attempts: countSetting('How often the agent may try before the run fails.', 1, 100).optional(),
  timeout: durationSetting('Limit of the whole run; time spent waiting for a person does not count.').optional(),
  sandbox: SandboxMode.describe(
    "The operating system's boundary around each cell: required (no run without it), preferred (without it only after somebody agreed), off.",
  ).optional(),
  network: NetworkMode.describe(
    'What commands in a cell reach: open (everything), allowlist (over HTTP the hosts of "hosts") or none (nothing but what they start themselves). Needs the sandbox.',
  ).optional(),
  testBase: z.boolean().describe('Run the tests before the first prompt, so that nothing is spent when they cannot pass.').optional(),
};

/** One task as written in reactor.yaml or in the file of `reactor run --file`. */
export const TaskEntry = z
  .strictObject({
    id: TaskId.describe('Short name, such as TASK-001; letters, digits, dot, dash and underscore. Given out when left out.').optional(),
    title: textSetting('One line for people. The first line of the prompt when left out.').optional(),
    prompt: textSetting('What the agent is asked to do.'),
    category: Category.describe('Kind of work, for sums and estimates, such as fix or docs. From the title when left out.').optional(),
    after: z.array(TaskId).describe('Tasks that must have landed before this one starts; it starts from what they made.').optional(),
    ...runSettings,
    priority: Priority.describe('Higher starts first among tasks that wait for a place; from -100 to 100, 0 when left out.').optional(),
    ports: AppPorts.describe('Leased ports for the app under test, in REACTOR_PORT, REACTOR_PORT_1 and so on.').optional(),
    budgetUsd: dollarsSetting('Most this task may cost, in US dollars.').optional(),
  })
  .transform(({ timeout, ...rest }) => ({ ...rest, ...(timeout === undefined ? {} : { timeoutMs: timeout }) }));
export type TaskEntry = z.output<typeof TaskEntry>;

/**
 * A list of tasks in which no id stands twice and each `after` names another task.
 * @param isKnown whether a task that is not in the list has been run before; null where only tasks of the list count.
 */
export const taskList = (isKnown: ((task: string) => boolean) | null) =>
  z
    .array(TaskEntry)
    .superRefine((tasks, context) => {
      const ids = new Set<string>();
      const say = (path: (string | number)[], message: string) => context.addIssue({ code: 'custom', path, message });
      for (const [index, { id }] of tasks.entries()) {
        if (id === undefined) continue;
        if (ids.has(id)) say([index, 'id'], `must be unique: another task is ${id} too`);
        ids.add(id);
      }
      for (const [index, task] of tasks.entries()) {
        for (const [position, before] of (task.after ?? []).entries()) {
          if (before === task.id) say([index, 'after', position], 'must not be the task itself');
          else if (ids.has(before) || isKnown?.(before) === true) continue;
          else if (isKnown === null) say([index, 'after', position], `must be the id of another task here; ${before} is none`);
          else say([index, 'after', position], `must be the id of another task here or of one that was run before; ${before} is neither`);
        }
      }
    })
    .describe('Tasks by name.');
export const TaskList = taskList(null);
