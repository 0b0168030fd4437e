import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemClock } from '../../src/adapters/clock/systemClock.ts';
import { acquireLease, type LeaseAnswer, type LeaseHolder } from '../../src/adapters/journal/lease.ts';
import { openJournal } from '../../src/adapters/journal/openJournal.ts';
import { silentLog } from '../../src/base/log.ts';
import type { NewEntry } from '../../src/core/journal/entry.ts';
import { type DomainEvent, event } from '../../src/core/journal/events.ts';
import type { RunSpec } from '../../src/core/model/runSpec.ts';
import { SandboxSpec } from '../../src/core/model/sandboxSpec.ts';
import type { Journal } from '../../src/core/ports/journal.ts';
import { evolveRun } from '../../src/core/run/evolve.ts';

export const sampleSpec = (task: string): RunSpec => ({
  task,
  title: `Title of ${task}`,
  prompt: 'Make the tests pass.',
  folder: '',
  base: 'a'.repeat(40),
  baseTree: 'b'.repeat(40),
  target: 'main',
  checkout: null,
  test: 'npm test',
  setup: null,
  include: [],
  agent: null,
  model: null,
  approve: 'auto',
  land: 'ff',
  tcr: 'attempt',
  steps: 'squash',
  attempts: 3,
  testBase: true,
  hooks: false,
  landing: { batch: 1, retries: 0 },
  permissions: [],
  sandbox: SandboxSpec.parse({}),
  limits: {
    stepsPerAttempt: 50,
    callsPerMinute: 60,
    stepsPerRun: 50,
    stallMs: 60_000,
    timeoutMs: 1_800_000,
    testTimeoutMs: 600_000,
    setupTimeoutMs: 600_000,
    budgetUsd: '1.5',
  },
});

export const stamped = (run: string | null, { type, data }: { type: string; data: unknown }, at = 1_000, version = 1): NewEntry => ({
  at,
  run,
  cell: run === null ? null : `cell-${run}`,
  actor: 'engine',
  type,
  version,
  data,
});

export const requested = (run: string, task = 'TASK-001'): NewEntry =>
  stamped(run, event('run/requested', { run, spec: sampleSpec(task) }));
export const started = (run: string): NewEntry => stamped(run, event('run/started', {}));
export const finished = (run: string): NewEntry =>
  stamped(run, event('run/finished', { status: 'failed', exitCode: 2, reason: 'the tests stayed red', durationMs: 5 }));
export const warned = (run: string, what: string): NewEntry =>
  stamped(run, event('run/recoveryApplied', { code: 'IG', what, retry: 0, delayMs: 0 }));

export const message = (run: string, attempt: number, text: string): DomainEvent & { run: string } => ({
  run,
  ...event('message/finished', {
    attempt,
    message: {
      messageId: `message-${text}`,
      sessionId: 'session',
      subagent: false,
      agent: 'build',
      provider: 'scripted',
      model: 'scripted',
      tokens: { input: 10, output: 3, reasoning: 0, cacheRead: 0, cacheWrite: 0 },
      costUsd: '0.0001',
      text,
      tools: [],
      finish: 'stop',
      error: null,
      startedAt: 1,
      endedAt: 2,
    },
  }),
});

/** A folder of its own under the system's temporary folder; call `remove` at the end. */
export function temporaryFolder(): { readonly path: string; remove(): void } {
  const path = mkdtempSync(join(tmpdir(), 'reactor-journal-'));
  return { path, remove: () => rmSync(path, { recursive: true, force: true }) };
}

/** Start time of a live process from /proc, field 22 of stat(5); null when there is none. */
export function startTimeOf(pid: number): string | null {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? null;
  } catch {
    return null;
  }
}

export const isAlive = ({ pid, startTime }: { pid: number; startTime: string }): boolean => startTimeOf(pid) === startTime;

export const holderNamed = (engine: string): LeaseHolder => ({
  engine,
  process: { pid: process.pid, startTime: startTimeOf(process.pid) ?? '' },
  socket: `/sockets/${engine}`,
  version: '0.1.0',
});

/** Takes the lease, whoever held it, and opens the journal with it. */
export function openSampleJournal(file: string, engine = 'engine-a'): { journal: Journal; token: number } {
  const answer: LeaseAnswer = acquireLease({ file, clock: systemClock, holder: holderNamed(engine), isAlive: () => false });
  if (!answer.ok) throw new Error(`the lease is held by ${answer.holder.engine}`);
  const { token } = answer;
  return { token, journal: openJournal({ file, clock: systemClock, log: silentLog, evolve: evolveRun, token, holder: { engine } }) };
}

export const verifierUrl = new URL('../../src/adapters/journal/verifierMain.ts', import.meta.url);
