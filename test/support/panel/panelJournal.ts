import type { Entry } from '../../../src/core/journal/entry.ts';
import { type DomainEvent, type EventData, event } from '../../../src/core/journal/events.ts';
import type { RunSpec } from '../../../src/core/model/runSpec.ts';
import { evidence, specOf } from '../runStory.ts';

export type FinishedMessage = EventData<'message/finished'>['message'];

/** A finished model call of `durationMs` that ends at `endedAt`. */
export const messageOf = (endedAt: number, durationMs: number, change: Partial<FinishedMessage> = {}): FinishedMessage => ({
  messageId: `m${endedAt}`,
  sessionId: 's',
  subagent: false,
  agent: 'build',
  provider: 'anthropic',
  model: 'claude-sonnet',
  tokens: { input: 1200, output: 300, reasoning: 0, cacheRead: 8000, cacheWrite: 100 },
  costUsd: '0.012',
  text: 'I will look at the code first.',
  tools: [],
  finish: 'stop',
  error: null,
  startedAt: endedAt - durationMs,
  endedAt,
  ...change,
});

export const toolOf = (tool: string, title: string, durationMs: number, change: Partial<FinishedMessage['tools'][number]> = {}) => ({
  callId: `${tool}-${title}`,
  tool,
  title,
  status: 'completed' as const,
  durationMs,
  ...change,
});

/** Writes a journal of several runs, one entry at a time, at moments the story chooses. */
export class PanelJournal {
  readonly entries: Entry[] = [];
  at: number;

  constructor(at: number) {
    this.at = at;
  }

  /** Lets time pass. */
  wait(ms: number): this {
    this.at += ms;
    return this;
  }

  tell(run: string, one: DomainEvent, actor = 'engine'): Entry {
    const entry: Entry = {
      seq: this.entries.length + 1,
      at: this.at,
      run,
      cell: run,
      actor,
      type: one.type,
      version: 1,
      data: one.data,
      prevHash: '',
      hash: '',
    };
    this.entries.push(entry);
    return entry;
  }

  /** From the request to a ready cell with a green base. */
  boot(run: string, spec: Partial<RunSpec>): this {
    this.tell(run, event('run/requested', { run, spec: specOf(spec) }));
    this.wait(120).tell(run, event('run/started', {}));
    this.tell(run, event('cell/planned', { worktree: `/w/${run}`, home: '/h', branch: `reactor/${spec.task}`, base: specOf(spec).base }));
    this.wait(300).tell(run, event('cell/serverSpawned', { process: { pid: 9, startTime: '1' }, port: 8000, start: 1 }));
    this.wait(1400).tell(run, event('cell/ready', { url: 'http://127.0.0.1:8000', version: '1.18.33', session: 's', bootMs: 1820 }));
    this.wait(2100).tell(
      run,
      event('base/tested', { tree: specOf(spec).baseTree, evidence: evidence(0, { durationMs: 2000 }), remembered: false }),
    );
    return this;
  }

  start(run: string, attempt: number, prompt: string, because: EventData<'attempt/started'>['because'] = 'first'): this {
    this.wait(50).tell(run, event('attempt/started', { attempt, prompt, because }));
    return this;
  }

  /** A model call that begins now. */
  say(run: string, attempt: number, durationMs: number, change: Partial<FinishedMessage> = {}): this {
    this.wait(durationMs).tell(run, event('message/finished', { attempt, message: messageOf(this.at, durationMs, change) }));
    return this;
  }

  /** The end of the agent's turn with its candidate and the test of it. */
  finish(run: string, attempt: number, tree: string, exitCode: number, tail: string, testMs = 6000): this {
    this.tell(run, event('attempt/executed', { attempt, end: 'done', steps: 3, durationMs: 1 }));
    const files = [
      { status: 'modified' as const, path: 'src/auth/jwt.ts', added: 48, removed: 3 },
      { status: 'added' as const, path: 'test/jwt.test.ts', added: 14, removed: 0 },
    ];
    const kept = { keptRef: `refs/reactor/kept/${run}/${attempt}`, keptCommit: 'c'.repeat(40) };
    this.wait(40).tell(run, event('attempt/candidateBuilt', { attempt, tree, ...kept, files, filesTotal: 2, added: 62, removed: 3 }));
    this.wait(testMs).tell(
      run,
      event('attempt/tested', { attempt, tree, evidence: evidence(exitCode, { durationMs: testMs, tail }), changedByTest: [] }),
    );
    return this;
  }

  revert(run: string, attempt: number): this {
    this.wait(80).tell(run, event('attempt/reverted', { attempt, to: 'b'.repeat(40), reason: 'tests failed with exit code 1' }));
    return this;
  }

  /** A green attempt becomes a commit on the target. */
  land(run: string, attempt: number, tree: string): this {
    const commit = 'd'.repeat(40);
    this.wait(60).tell(run, event('attempt/committed', { attempt, commit, tree, branch: 'reactor/x' }));
    this.wait(30).tell(run, event('landing/started', { target: 'main', from: 'b'.repeat(40), mode: 'ff' }));
    this.wait(90).tell(run, event('landing/landed', { target: 'main', from: 'b'.repeat(40), to: commit, tree, checkout: 'followed' }));
    return this.end(run, 'landed', 0, 'landed on main');
  }

  end(run: string, status: EventData<'run/concluded'>['status'], exitCode: number, reason: string): this {
    this.wait(20).tell(run, event('run/concluded', { status, exitCode, reason }));
    this.wait(500).tell(run, event('run/finished', { status, exitCode, reason, durationMs: 1 }));
    return this;
  }
}
