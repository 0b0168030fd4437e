import { type CommandEvidence, type DomainEvent, event } from '../../../src/core/journal/events.ts';
import type { RunSpec } from '../../../src/core/model/runSpec.ts';
import { SandboxSpec, UNSANDBOXED } from '../../../src/core/model/sandboxSpec.ts';
import type { FakeEngine } from './fakeEngine.ts';

const base = 'b1c2d3e4'.repeat(5);
const tree = (attempt: number) => `9f3c2ab${attempt}`.repeat(5);

export const storySpec = (task: string, title: string, change: Partial<RunSpec> = {}): RunSpec => ({
  task,
  title,
  prompt: `${title}, with tests.`,
  folder: '',
  base,
  baseTree: 'a0'.repeat(20),
  target: 'main',
  checkout: '/repository',
  test: 'npm test',
  sandbox: SandboxSpec.parse({}),
  setup: null,
  include: [],
  landing: { batch: 1, retries: 0 },
  agent: null,
  model: null,
  approve: 'ask',
  land: 'ff',
  tcr: 'attempt',
  steps: 'squash',
  attempts: 3,
  testBase: false,
  hooks: false,
  permissions: [],
  limits: {
    stepsPerAttempt: 50,
    callsPerMinute: 100,
    stepsPerRun: 50,
    stallMs: 1000,
    timeoutMs: 60_000,
    testTimeoutMs: 1000,
    setupTimeoutMs: 1000,
    budgetUsd: null,
  },
  ...change,
});

const evidence = (exitCode: number, tail: string): CommandEvidence => ({
  command: 'npm test',
  exitCode,
  end: 'exited',
  durationMs: 812,
  outputFile: 'runs/test.log',
  outputBytes: tail.length,
  truncated: false,
  tail,
});

/** Events of a run in the words of the tests. */
export const told = {
  requested: (run: string, spec: RunSpec) => event('run/requested', { run, spec }),
  started: () => event('run/started', {}),
  attempt: (attempt: number) =>
    event('attempt/started', { attempt, prompt: 'Do it, with tests.', because: attempt === 1 ? 'first' : 'testsFailed' }),
  message: (attempt: number, costUsd: string | null = '0.0121', text = 'I have added it.'): DomainEvent =>
    event('message/finished', {
      attempt,
      message: {
        messageId: `m${attempt}`,
        sessionId: 's',
        subagent: false,
        agent: 'build',
        provider: 'p',
        model: 'm',
        tokens: { input: 1200, output: 600, reasoning: 0, cacheRead: 30, cacheWrite: 0 },
        costUsd,
        text,
        tools: [{ callId: 'c', tool: 'edit', title: 'src/slug.ts', status: 'completed', durationMs: 40 }],
        finish: 'stop',
        error: null,
        startedAt: 1,
        endedAt: 2,
      },
    }),
  executed: (attempt: number) => event('attempt/executed', { attempt, end: 'done', steps: 3, durationMs: 3100 }),
  candidate: (attempt: number): DomainEvent =>
    event('attempt/candidateBuilt', {
      attempt,
      tree: tree(attempt),
      keptRef: `refs/reactor/kept/run/${attempt}`,
      keptCommit: `c${attempt}`.repeat(20),
      files: [
        { status: 'modified', path: 'src/slug.ts', added: 10, removed: 3 },
        { status: 'added', path: 'test/slug.test.ts', added: 2, removed: 0 },
      ],
      filesTotal: 2,
      added: 12,
      removed: 3,
    }),
  tested: (attempt: number, exitCode: number, tail = '') =>
    event('attempt/tested', { attempt, tree: tree(attempt), evidence: evidence(exitCode, tail), changedByTest: [] }),
  reverted: (attempt: number) => event('attempt/reverted', { attempt, to: base, reason: 'the tests failed' }),
  review: (attempt: number) =>
    event('approval/requested', {
      id: `a${attempt}`,
      kind: 'review',
      attempt,
      title: 'review: 2 files +12 −3, tests green',
      detail: '',
      tree: tree(attempt),
    }),
  permission: () =>
    event('approval/requested', {
      id: 'p1',
      kind: 'permission',
      attempt: 1,
      title: 'bash npm publish --dry-run',
      detail: '',
      tree: null,
      permission: { permission: 'bash', patterns: ['npm publish --dry-run'] },
    }),
  host: (detail = '') =>
    event('approval/requested', {
      id: 'h1',
      kind: 'permission',
      attempt: 1,
      title: 'let commands reach example.org:443',
      detail,
      tree: null,
      permission: { permission: 'network', patterns: ['example.org:443'] },
    }),
  unsandboxed: () =>
    event('approval/requested', {
      id: 'u1',
      kind: 'permission',
      attempt: 1,
      title: 'run without a sandbox: there is none',
      detail: '',
      tree: null,
      permission: { permission: UNSANDBOXED, patterns: ['*'] },
    }),
  question: () =>
    event('approval/requested', {
      id: 'q1',
      kind: 'question',
      attempt: 1,
      title: 'Which database?',
      detail: '',
      tree: null,
      questions: [{ text: 'Which database?', header: 'DB', options: ['SQLite', 'PostgreSQL'], multiple: false }],
    }),
  answered: (id: string, decision: 'approved' | 'rejected', attempt = 1) =>
    event('approval/answered', { id, decision, tree: decision === 'approved' && id.startsWith('a') ? tree(attempt) : null, comment: null }),
  parked: () => event('run/parked', { code: 'review', reason: 'green and waits for your review', exitCode: 5 }),
  resumed: () => event('run/resumed', { why: 'answered by ann' }),
  committed: (attempt: number) =>
    event('attempt/committed', { attempt, commit: 'd4e5f6a7'.repeat(5), tree: tree(attempt), branch: 'reactor/TASK-001' }),
  merged: (attempt: number) => event('landing/prepared', { commit: 'd4e5f6a7'.repeat(5), tree: tree(attempt), onto: base, merged: false }),
  landing: () => event('landing/started', { target: 'main', from: base, mode: 'ff' }),
  landed: (attempt: number) =>
    event('landing/landed', { target: 'main', from: base, to: 'd4e5f6a7'.repeat(5), tree: tree(attempt), checkout: 'followed' }),
  ended: (status: 'landed' | 'committed' | 'failed' | 'cancelled' | 'error', exitCode: number, reason: string): DomainEvent[] => [
    event('run/concluded', { status, exitCode, reason }),
    event('run/finished', { status, exitCode, reason, durationMs: 1 }),
  ],
  rejected: (reason = 'rejected by ann', by: { readonly by?: string } = { by: 'person:ann' }): DomainEvent[] => [
    event('run/concluded', { status: 'failed', exitCode: 2, reason, rejected: true, ...by }),
    event('run/finished', { status: 'failed', exitCode: 2, reason, rejected: true, ...by, durationMs: 1 }),
  ],
  cancelRequested: () => event('run/cancelRequested', {}),
};

export const treeOf = tree;

/** A run from its request to a green, tested candidate of its first attempt. */
export function greenRun(engine: FakeEngine, run: string, spec: RunSpec): number {
  const seq = engine.tell(run, told.requested(run, spec));
  engine.tell(run, told.started(), told.attempt(1), told.message(1), told.executed(1), told.candidate(1), told.tested(1, 0));
  return seq;
}

/** The rest of a run whose candidate was approved. */
export const landRun = (engine: FakeEngine, run: string, attempt = 1): number =>
  engine.tell(
    run,
    told.committed(attempt),
    told.landing(),
    told.merged(attempt),
    told.landed(attempt),
    ...told.ended('landed', 0, 'landed on main'),
  );
