import { z } from 'zod';
import { isOwnName, parseHostRule } from '../policy/networkPolicy.ts';
import { Budgets, CurrencySetting, Prices } from './moneySettings.ts';
import { PermissionRule } from './permissionRule.ts';
import { AppPorts } from './runSpec.ts';
import { countSetting, durationSetting, globsSetting, limitSetting, textSetting } from './settingTypes.ts';
import { runSettings, TaskList } from './taskEntry.ts';

const rule = PermissionRule.shape;

const PermissionSetting = z.strictObject({
  permission: rule.permission.describe('What is asked for, by its name in OpenCode: edit, bash, webfetch, external_directory, … or *.'),
  pattern: rule.pattern.describe('Glob for the command, path or address; * matches anything, / included.'),
  action: rule.action.describe('allow, ask (a person decides) or deny.'),
});

const Limits = z.strictObject({
  stepsPerAttempt: countSetting('Most model calls of one attempt, subagents included.', 1, 100_000).default(200),
  callsPerMinute: countSetting('Most model calls in a minute; more means a loop without end.', 1, 10_000).default(120),
  stepsPerRun: countSetting('Most steps committed in one run with "tcr: step".', 1, 10_000).default(50),
  stall: durationSetting('An attempt ends when nothing moves for this long.').prefault('5m'),
  processes: limitSetting('Most processes that a cell may have, its agent server included; 2000 by default.', 16, 1_000_000).optional(),
  memoryMb: limitSetting(
    "Most memory in MB that a cell may use, by default three quarters of the machine's. Its agent server is counted in, with 300 to 600 MB.",
    64,
    100_000_000,
  ).optional(),
  cpus: limitSetting('Processors that the commands of a cell share; all of them by default.', 1, 4096).optional(),
  diskMb: limitSetting(
    'Most MB that the worktree of a cell and its own folder may take on disk. By default a turn or a command takes at most three quarters of what was free.',
    16,
    1_000_000_000,
  ).optional(),
  files: limitSetting('Most files and folders that may be in them; by default as with diskMb.', 1000, 1_000_000_000).optional(),
  openFiles: limitSetting(
    'Most files that one process of a command may have open; what the system has by default.',
    64,
    10_000_000,
  ).optional(),
});

const pathSetting = z.string().regex(/^(~\/|\/)./, 'must be an absolute path, or begin with ~/');

const hostSetting = z
  .string()
  .refine((text) => parseHostRule(text) !== null, 'must be a host, such as packages.example.org, *.example.com or db.example.com:5432')
  .refine((text) => {
    const rule = parseHostRule(text);
    return rule === null || rule.port !== null || !isOwnName(rule.host);
  }, 'must name the port of a service on this machine, such as localhost:5432');

const SandboxFiles = z.strictObject({
  read: z.array(pathSetting).describe('Paths of your home folder and other hidden places that cells may read.').default([]),
  write: z.array(pathSetting).describe('Paths outside the worktree that cells may write.').default([]),
});

const Secrets = z.strictObject({
  allow: z
    .array(z.string().regex(/^[a-z-]+:\S+$/, 'must be the name of a finding, such as github:0123456789abcdef'))
    .describe('Findings that may be committed, by the name in the refusal. Each stands for one value.')
    .default([]),
});

const Ports = z
  .strictObject({
    from: countSetting('Lowest port of agent servers.', 1024, 65_535).default(8000),
    to: countSetting('Highest port of agent servers.', 1024, 65_535).default(9000),
  })
  .refine(({ from, to }) => from <= to, { path: ['to'], error: 'must not be lower than "ports.from"' });

const Health = z.strictObject({
  every: durationSetting("Time between two checks of a starting server's health.").prefault('200ms'),
  limit: durationSetting('A server that has not become healthy by then is started anew.').prefault('10s'),
});

const Cells = z.strictObject({
  limit: countSetting('Most cells side by side.', 1, 1000).default(50),
  memoryMb: countSetting(
    'Free memory in MB that a cell needs before it is started; 0 to start cells whatever is free.',
    0,
    1_000_000,
  ).default(400),
  ports: AppPorts.describe('Leased ports for the app under test in each cell, in REACTOR_PORT, REACTOR_PORT_1 and so on.').default(0),
  copy: globsSetting(
    'Folders that git ignores to copy into each cell, such as node_modules; copy-on-write where the file system can.',
  ).default([]),
  warm: countSetting('Cells made ahead, so that a task starts at once. By default one, while a client stays connected.', 0, 50).optional(),
});

const Landing = z.strictObject({
  batch: countSetting('Most changes that land together after one test of all of them; 1 for one at a time.', 1, 100).default(10),
  retries: countSetting(
    'How often a conflict with the target, or tests that fail only together with it, go back to the agent.',
    0,
    10,
  ).default(1),
  ahead: z
    .boolean()
    .default(true)
    .describe('While one change is tested on the target, test the next in line on top of it; it counts only if the first one lands.'),
});

const Retention = z.strictObject({
  keptRefs: z
    .strictObject({
      days: countSetting('A kept state of an ended run that is older is past its limit.', 1, 36_500).default(180),
      count: countSetting('Most kept states of ended runs; the oldest beyond it are past their limit.', 1, 1_000_000).default(5000),
      mb: countSetting(
        'Most megabytes on disk that git holds for kept states of ended runs alone; the oldest beyond it are past their limit.',
        1,
        10_000_000,
      ).default(5000),
    })
    .describe('Limits for what attempts left behind under refs/reactor/kept.')
    .prefault({}),
  logs: z
    .strictObject({
      days: countSetting('Test output of an ended run that is older is past its limit.', 1, 36_500).default(90),
      count: countSetting('Most ended runs whose test output is kept; the oldest beyond it is past its limit.', 1, 1_000_000).default(5000),
      mb: countSetting('Most megabytes of test output of ended runs; the oldest beyond it is past its limit.', 1, 10_000_000).default(2000),
    })
    .describe("Limits for the output of tests and setup commands in Reactor's data folder.")
    .prefault({}),
  whenIdle: z
    .boolean()
    .describe('Remove what is past its limit also when the engine has nothing to do, not only by reactor clean.')
    .default(false),
});
export type Retention = z.output<typeof Retention>;

/** reactor.yaml as a person writes it. Every setting may be left out. */
export const ConfigDocument = z
  .strictObject({
    version: z.literal(1).describe('Version of this file format.').optional(),
    ...runSettings,
    include: runSettings.include.unwrap().default(['.env*']),
    approve: runSettings.approve.unwrap().default('ask'),
    land: runSettings.land.unwrap().default('ff'),
    tcr: runSettings.tcr.unwrap().default('attempt'),
    steps: runSettings.steps.unwrap().default('squash'),
    attempts: runSettings.attempts.unwrap().default(3),
    timeout: runSettings.timeout.unwrap().prefault('30m'),
    testBase: runSettings.testBase.unwrap().default(true),
    unsandboxed: z
      .enum(['ask', 'allow'])
      .describe(
        'What happens with "sandbox: preferred" where there is no sandbox: a person is asked before each run, or it is allowed here.',
      )
      .default('ask'),
    network: runSettings.network.unwrap().default('open'),
    hosts: z
      .array(hostSetting)
      .describe(
        'With "network: allowlist": what commands reach, as host, *.domain or host:port. Without a port 80 and 443; this machine only with one.',
      )
      .default([]),
    files: SandboxFiles.describe('What a sandboxed cell sees besides its worktree and the tools of the machine.').prefault({}),
    testTimeout: durationSetting('Limit of one run of the test command.').prefault('10m'),
    setupTimeout: durationSetting('Limit of the setup command.').prefault('10m'),
    secrets: Secrets.describe('What is done about keys and tokens in changes.').prefault({}),
    protectedPaths: globsSetting(
      'Changes of these need a person also with "approve: auto", beside what decides the tests, continuous integration, hooks, settings and installed dependencies, which always do. As in .gitignore; with ! in front a path needs none.',
    ).default([]),
    hooks: z
      .boolean()
      .describe(
        "Obey the repository's hooks: pre-commit after the tests, prepare-commit-msg and commit-msg on the message, pre-merge-commit before a merge lands. They run in the cell.",
      )
      .default(false),
    message: textSetting(
      'Message of commits, for hooks that ask for a form, such as "feat: {title}". {task} and {title} stand for the task\'s own. "Task {task}: {title}" when left out.',
    ).optional(),
    landing: Landing.describe('How changes get onto the target.').prefault({}),
    permissions: z
      .array(PermissionSetting)
      .describe('What agents may do, added to the defaults; the last rule that matches wins.')
      .default([]),
    limits: Limits.describe('Bounds for agents that go on without getting anywhere, and for what a cell uses of the machine.').prefault({}),
    budgets: Budgets.describe('Bounds for money.').prefault({}),
    prices: Prices.default([]),
    currency: CurrencySetting.optional(),
    ports: Ports.describe('Range of ports for agent servers.').prefault({}),
    health: Health.describe('How the start of an agent server is watched.').prefault({}),
    cells: Cells.describe('How many cells there may be.').prefault({}),
    retention: Retention.describe('How long what runs leave behind is kept. Only reactor clean removes it, after showing it.').prefault({}),
    tasks: TaskList.default([]),
  })
  .describe('Settings of Reactor for this folder of the repository.');

/** The settings of a folder as the rest of Reactor uses them: every default filled in, durations in milliseconds. */
export const ProjectConfig = ConfigDocument.transform(({ timeout, testTimeout, setupTimeout, limits, health, ...rest }) => ({
  ...rest,
  timeoutMs: timeout,
  testTimeoutMs: testTimeout,
  setupTimeoutMs: setupTimeout,
  limits: {
    stepsPerAttempt: limits.stepsPerAttempt,
    callsPerMinute: limits.callsPerMinute,
    stepsPerRun: limits.stepsPerRun,
    stallMs: limits.stall,
  },
  cellLimits: {
    processes: limits.processes ?? null,
    openFiles: limits.openFiles ?? null,
    cpus: limits.cpus ?? null,
    memoryMb: limits.memoryMb ?? null,
    diskMb: limits.diskMb ?? null,
    files: limits.files ?? null,
  },
  health: { everyMs: health.every, limitMs: health.limit },
}));
export type ProjectConfig = z.output<typeof ProjectConfig>;

/** What holds in a folder without a reactor.yaml. */
export const defaultConfig = (): ProjectConfig => ProjectConfig.parse({});
