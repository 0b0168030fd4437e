import type { Entry } from '../../src/core/journal/entry.ts';
import { type CommandEvidence, type DomainEvent, event } from '../../src/core/journal/events.ts';
import { RunSpec } from '../../src/core/model/runSpec.ts';
import { evolveRun } from '../../src/core/run/evolve.ts';
import { nextStep } from '../../src/core/run/nextStep.ts';
import type { RunState } from '../../src/core/run/state.ts';

export const baseCommit = 'b'.repeat(40);
export const baseTree = 'a'.repeat(40);

export const specOf = (change: Partial<RunSpec> = {}): RunSpec =>
  RunSpec.parse({
    task: 'TASK-001',
    title: 'Fix it',
    prompt: 'Fix it.',
    folder: '',
    base: baseCommit,
    baseTree,
    target: 'main',
    checkout: '/repo',
    test: 'npm test',
    setup: null,
    include: [],
    agent: null,
    model: null,
    approve: 'auto',
    land: 'ff',
    attempts: 2,
    testBase: true,
    hooks: false,
    permissions: [],
    limits: {
      stepsPerAttempt: 50,
      callsPerMinute: 100,
      stallMs: 1000,
      timeoutMs: 60_000,
      testTimeoutMs: 1000,
      setupTimeoutMs: 1000,
      budgetUsd: null,
    },
    ...change,
  });

export const evidence = (exitCode: number | null, change: Partial<CommandEvidence> = {}): CommandEvidence => ({
  command: 'npm test',
  exitCode,
  end: exitCode === null ? 'timedOut' : 'exited',
  durationMs: 10,
  outputFile: 'runs/x/test.log',
  outputBytes: 0,
  truncated: false,
  tail: '',
  ...change,
});

/** A run told event by event, each a second after the one before; `next` is what the core would do. */
export class RunStory {
  #state: RunState | null = null;
  #seq = 0;
  #at = 0;

  constructor(spec: RunSpec = specOf()) {
    this.tell(event('run/requested', { run: 'TASK-001-r1', spec }));
  }

  tell(...events: readonly DomainEvent[]): this {
    return this.tellAs('engine', ...events);
  }

  tellAs(actor: string, ...events: readonly DomainEvent[]): this {
    for (const one of events) {
      this.#seq += 1;
      this.#at += 1000;
      const entry: Entry = {
        seq: this.#seq,
        at: this.#at,
        run: 'TASK-001-r1',
        cell: 'cell-1',
        actor,
        type: one.type,
        version: 1,
        data: one.data,
        prevHash: '',
        hash: '',
      };
      this.#state = evolveRun(this.#state, entry);
    }
    return this;
  }

  /** What is told next happens so much later. */
  later(ms: number): this {
    this.#at += ms;
    return this;
  }

  /** To a ready cell with a green base. */
  ready(): this {
    return this.tell(
      event('run/started', {}),
      event('cell/planned', { worktree: '/w', home: '/h', branch: 'reactor/TASK-001', base: baseCommit }),
      event('cell/serverSpawned', { process: { pid: 9, startTime: '1' }, port: 8000, start: 1 }),
      event('cell/ready', { url: 'http://127.0.0.1:8000', version: '1', session: 's', bootMs: 1 }),
      event('base/tested', { tree: baseTree, evidence: evidence(0), remembered: false }),
    );
  }

  /** One attempt up to its candidate with `tree`. */
  attempt(attempt: number, tree: string, because: 'first' | 'step' | 'testsFailed' | 'comment' | 'conflict' = 'first'): this {
    return this.tell(
      event('attempt/started', { attempt, prompt: 'Fix it.', because }),
      event('attempt/executed', { attempt, end: 'done', steps: 2, durationMs: 5 }),
      event('attempt/candidateBuilt', {
        attempt,
        tree,
        keptRef: `refs/reactor/kept/TASK-001-r1/${attempt}`,
        keptCommit: 'c'.repeat(40),
        files: [],
        filesTotal: 1,
        added: 1,
        removed: 0,
      }),
    );
  }

  tested(attempt: number, tree: string, exitCode: number): this {
    return this.tell(event('attempt/tested', { attempt, tree, evidence: evidence(exitCode), changedByTest: [] }));
  }

  reviewed(decision: 'approved' | 'rejected', tree: string, comment: string | null = null): this {
    const attempt = this.state.attempts.length;
    return this.tell(event('approval/requested', { id: 'q', kind: 'review', attempt, title: 't', detail: '', tree })).tellAs(
      'person:ann',
      event('approval/answered', { id: 'q', decision, tree, comment }),
    );
  }

  committed(attempt: number, tree: string): this {
    return this.tell(event('attempt/committed', { attempt, commit: 'd'.repeat(40), tree, branch: 'reactor/TASK-001' }));
  }

  get state(): RunState {
    if (this.#state === null) throw new Error('no story yet');
    return this.#state;
  }

  get next(): string {
    const { step, ...rest } = nextStep(this.state);
    const details = Object.entries(rest).map(([key, value]) => `${key}=${String(value)}`);
    return [step, ...details].join(' ');
  }
}
