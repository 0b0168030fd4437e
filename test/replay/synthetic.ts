import { join } from 'node:path';
import type { NewEntry } from '../../src/core/journal/entry.ts';
import { type EventData, event } from '../../src/core/journal/events.ts';
import { sonnet } from '../support/costs/costStory.ts';
import { message, openSampleJournal, requested, stamped, temporaryFolder } from '../support/journalSamples.ts';
import { record } from './recording.ts';

// node test/replay/synthetic.ts test/replay/journals/v1-synthetic.ndjson
// Tells five runs: reverted and then landed, given up, waiting for a person, stopped by a budget, and one of a newer Reactor.
const evidence = (exitCode: number) => ({
  command: 'npm test',
  exitCode,
  end: 'exited' as const,
  durationMs: 1200,
  outputFile: 'runs/output.log',
  outputBytes: 17,
  truncated: false,
  tail: exitCode === 0 ? 'ok\n' : 'not ok: häßlich "quoted"\n',
});

let at = 1_790_000_000_000;
const aSecondLater = (): number => {
  at += 1000;
  return at;
};
const tell = (run: string | null, ...events: readonly { type: string; data: unknown }[]): NewEntry[] =>
  events.map((one) => stamped(run, one, aSecondLater()));

const boot = (run: string) => [
  event('run/started', {}),
  event('cell/planned', { worktree: `/cells/${run}`, home: `/cells/${run}.home`, branch: `reactor/${run}`, base: 'a'.repeat(40) }),
  event('cell/worktreeCreated', {}),
  event('cell/serverSpawned', { process: { pid: 4711, startTime: '123' }, port: 8000, start: 1 }),
  event('cell/ready', { url: 'http://127.0.0.1:8000', version: '1.18.33', session: `ses_${run}`, bootMs: 1500 }),
  event('base/tested', { tree: 'b'.repeat(40), evidence: evidence(0), remembered: false }),
];

const attempt = (run: string, number: number, because: 'first' | 'testsFailed', exitCode: number) => {
  const tree = String(number).repeat(40);
  return [
    event('attempt/started', { attempt: number, prompt: 'Make the tests pass.', because }),
    message(run, number, `I tried ${number} time(s).`),
    event('attempt/executed', { attempt: number, end: 'done', steps: 2, durationMs: 3000 }),
    event('attempt/candidateBuilt', {
      attempt: number,
      tree,
      keptRef: `refs/reactor/kept/${run}/${number}`,
      keptCommit: 'c'.repeat(40),
      files: [{ status: 'modified', path: 'src/sum.ts', added: 1, removed: 1 }],
      filesTotal: 1,
      added: 1,
      removed: 1,
    }),
    event('attempt/tested', { attempt: number, tree, evidence: evidence(exitCode), changedByTest: [] }),
    ...(exitCode === 0 ? [] : [event('attempt/reverted', { attempt: number, to: 'a'.repeat(40), reason: 'the tests failed' })]),
  ];
};

const end = (status: 'landed' | 'failed', exitCode: number, reason: string) => [
  event('cell/serverStopped', { killed: [4711], left: [] }),
  event('run/concluded', { status, exitCode, reason }),
  event('cell/removed', {}),
  event('run/finished', { status, exitCode, reason, durationMs: 20_000 }),
];

const charged = (run: string, key: string, operation: 'prompt' | 'tool' | 'subagent', costUsd: string | null, estimated = false) =>
  event('charge/recorded', {
    charge: {
      key,
      at: 1_790_000_000_000,
      run,
      attempt: 1,
      task: 'TASK-014',
      category: 'fix',
      cell: run,
      messageId: key.replace(/\/.*/, ''),
      sessionId: 'session',
      provider: 'scripted',
      model: costUsd === null ? 'free' : 'm1',
      agent: 'build',
      operation,
      tokens: { input: 1000, output: 50, reasoning: 5, cacheRead: 200, cacheWrite: 0 },
      price: costUsd === null ? null : sonnet,
      costUsd,
      estimated,
    },
  });

/** A run that a budget stops in the middle, and a person lets go on. */
const paused = (run: string) => {
  const scope = { over: 'day' as const, of: 'repository' as const };
  const { data } = message(run, 1, 'I began.') as { data: EventData<'message/finished'> };
  return [
    event('budget/deferred', { scope, period: '2026-09-21', leftUsd: '0.1', neededUsd: '0.2', reason: 'the budget of today is set aside' }),
    event('budget/admitted', {}),
    event('budget/reserved', { key: run, attempt: 1, usd: '0.2', basis: 'history' }),
    event('attempt/started', { attempt: 1, prompt: 'Make the tests pass.', because: 'first' }),
    event('message/finished', { ...data, charged: true }),
    charged(run, 'message-1/0', 'prompt', '0.003885'),
    charged(run, 'message-2/0', 'subagent', null),
    charged(run, 'message-3/0', 'tool', '0.003885', true),
    event('budget/threshold', { scope, period: '2026-09-21', percent: 90, limitUsd: '1', spentUsd: '0.95' }),
    event('budget/exceeded', { scope, period: '2026-09-21', limitUsd: '1', spentUsd: '1.01', neededUsd: null, action: 'pause' }),
    event('budget/released', { key: run, attempt: 1, usd: '0', spentUsd: '0.00777', reason: 'settled' }),
    event('attempt/executed', {
      attempt: 1,
      end: 'limit',
      limit: 'budget',
      reason: 'the budget of today is used up',
      steps: 3,
      durationMs: 9,
    }),
    event('run/parked', { code: 'budget', exitCode: 6, reason: 'the budget of today is used up' }),
    event('run/budgetRaised', { budgetUsd: '5' }),
    event('run/resumed', { why: 'resumed by ann' }),
  ];
};

const review = (tree: string) => event('approval/requested', { id: 'q1', kind: 'review', attempt: 2, title: 'Review', detail: '', tree });

const entries = [
  ...tell(null, event('engine/started', { engine: 'e1', process: { pid: 1, startTime: '1' }, warden: null, version: '0.1.0', token: 1 })),
  requested('r-land', 'TASK-001'),
  ...tell(
    'r-land',
    ...boot('r-land'),
    ...attempt('r-land', 1, 'first', 1),
    ...attempt('r-land', 2, 'testsFailed', 0),
    event('attempt/messageSettled', { attempt: 2, message: 'feat: make the tests pass' }),
    review('2'.repeat(40)),
  ),
  ...tell('r-land', event('approval/answered', { id: 'q1', decision: 'approved', tree: '2'.repeat(40), comment: 'fine' })),
  ...tell(
    'r-land',
    event('attempt/committed', { attempt: 2, commit: 'd'.repeat(40), tree: '2'.repeat(40), branch: 'reactor/r-land' }),
    event('landing/started', { target: 'main', from: 'a'.repeat(40), mode: 'ff' }),
    event('landing/prepared', { commit: 'd'.repeat(40), tree: '2'.repeat(40), onto: 'a'.repeat(40), merged: false }),
    event('landing/landed', { target: 'main', from: 'a'.repeat(40), to: 'd'.repeat(40), tree: '2'.repeat(40), checkout: 'followed' }),
    ...end('landed', 0, 'landed on main'),
  ),
  requested('r-fail', 'TASK-012'),
  ...tell(
    'r-fail',
    event('run/queued', { code: 'after', text: 'after TASK-001' }),
    event('run/baseSettled', { base: 'd'.repeat(40), baseTree: '2'.repeat(40) }),
  ),
  ...tell('r-fail', ...boot('r-fail'), ...attempt('r-fail', 1, 'first', 1), ...end('failed', 2, 'never green')),
  requested('r-wait', 'polish'),
  ...tell('r-wait', ...boot('r-wait'), ...attempt('r-wait', 1, 'first', 0), review('1'.repeat(40))),
  ...tell('r-wait', event('run/parked', { code: 'review', reason: 'nobody to ask', exitCode: 5 })),
  requested('r-paused', 'TASK-014'),
  ...tell('r-paused', ...boot('r-paused'), ...paused('r-paused')),
  requested('r-newer', 'TASK-013'),
  ...tell('r-newer', { type: 'run/forked', data: { into: ['r-a', 'r-b'] } }),
  stamped('r-newer', { type: 'run/started', data: { pool: 'gpu' } }, aSecondLater(), 2),
];

const [, , recording = ''] = process.argv;
const folder = temporaryFolder();
try {
  const file = join(folder.path, 'journal.db');
  const { journal } = openSampleJournal(file);
  await journal.append({ entries, durability: 'normal' });
  journal.close();
  process.stdout.write(`${record(file, recording)} entries recorded in ${recording}\n`);
} finally {
  folder.remove();
}
