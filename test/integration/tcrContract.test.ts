import assert from 'node:assert/strict';
import { after, before, describe, it } from 'mocha';
import { defaultSandbox } from '../support/defaultSandbox.ts';
import { dataOf, type Outcome, onlyRun, Reactor } from '../support/reactor.ts';
import { plainProject } from '../support/sampleProjects.ts';
import { git } from '../support/sampleRepository.ts';
import { byWord, tools, write } from '../support/sampleScript.ts';

/** What may stand on standard output with --json: one object per line and nothing else. */
const objects = (stdout: string): Record<string, unknown>[] => {
  assert.ok(stdout.endsWith('\n'), 'the last line is complete');
  return stdout
    .slice(0, -1)
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, unknown>);
};

describe('The contract of run --json', function () {
  this.timeout(180_000);
  let reactor: Reactor;
  let repository: string;
  let base: string;
  let priced: Outcome;
  let unpriced: Outcome;

  before(async () => {
    reactor = await Reactor.open(byWord({ alpha: tools(write('alpha.txt', 'good\n')), beta: tools(write('beta.txt', 'good\n')) }), {
      REACTOR_SANDBOX: await defaultSandbox(),
    });
    repository = await reactor.repository('plain', plainProject());
    base = await git(repository, 'rev-parse', 'HEAD');
    [priced, unpriced] = await Promise.all([
      reactor.run(repository, 'Write alpha', ['--task', 'FIRST']),
      reactor.run(repository, 'Write beta', ['--task', 'SECOND', '--land', 'branch', '--model', 'scripted/free']),
    ]);
  });
  after(() => reactor.close());

  it('each line is an entry of the run as it is recorded, in order, and the last line is the result', () => {
    const lines = objects(priced.stdout);
    const entries = lines.slice(0, -1);
    assert.deepEqual(
      entries.map((entry) => Object.keys(entry).sort().join(' ')),
      entries.map(() => 'actor at cell data hash prevHash run seq type version'),
    );
    assert.deepEqual([...new Set(entries.map((entry) => entry['run']))], ['FIRST-r1']);
    const order = entries.map((entry) => Number(entry['seq']));
    assert.deepEqual(
      order,
      [...new Set(order)].sort((a, b) => a - b),
    );
    assert.equal(lines.at(-1)?.['type'], 'result');
    assert.deepEqual(
      entries.map((entry) => entry['type']).filter((type) => !String(type).startsWith('cell/')),
      [
        'run/requested',
        'run/started',
        'base/tested',
        'attempt/started',
        'message/finished',
        'charge/recorded',
        'message/finished',
        'charge/recorded',
        'attempt/executed',
        'attempt/candidateBuilt',
        'attempt/tested',
        'attempt/approvedByPolicy',
        'attempt/committed',
        'landing/queued',
        'landing/started',
        'landing/prepared',
        'landing/landed',
        'run/concluded',
        'run/finished',
      ],
    );
  });

  it('the result has exactly the promised fields', async () => {
    const result = objects(priced.stdout).at(-1);
    const run = onlyRun(priced);
    const finished = dataOf(priced, 'run/finished')[0];
    assert.deepEqual(result, {
      type: 'result',
      exitCode: 0,
      runs: [
        {
          run: 'FIRST-r1',
          task: 'FIRST',
          status: 'landed',
          commit: await git(repository, 'rev-parse', 'main'),
          branch: 'main',
          tree: await git(repository, 'rev-parse', 'main^{tree}'),
          base,
          attempts: 1,
          tokens: { input: 2000, output: 100, reasoning: 0, cacheRead: 0, cacheWrite: 0 },
          costUsd: 0.0075,
          durationMs: run.durationMs,
          reason: 'landed on main',
          kept: 'refs/reactor/kept/FIRST-r1/1',
        },
      ],
    });
    assert.ok(run.durationMs !== null && Math.abs(run.durationMs - (finished?.durationMs ?? Number.NaN)) < 1000);
    assert.equal(priced.exitCode, 0);
  });

  it('costUsd is null, not 0, when the model has no price', () => {
    assert.deepEqual([unpriced.exitCode, onlyRun(unpriced).status, onlyRun(unpriced).costUsd], [0, 'committed', null]);
    assert.match(unpriced.stderr, /unpriced/);
  });

  it('everything for people is on standard error', () => {
    assert.match(priced.stderr, /FIRST .*landed on main/);
  });

  it('a refusal is one result line with its code', async () => {
    const outcome = await reactor.run(repository, 'Write alpha', ['--target', 'nowhere']);
    assert.deepEqual(
      [outcome.exitCode, objects(outcome.stdout)],
      [
        1,
        [
          {
            type: 'result',
            exitCode: 1,
            runs: [],
            error: {
              code: 'configuration',
              message: 'There is no branch nowhere to land on.',
              actions: ['name one with --target BRANCH', 'or keep the work on its own branch with --land branch'],
            },
          },
        ],
      ],
    );
  });

  it('status --json and show --json are each one object with the promised parts', async () => {
    const [status] = objects((await reactor.call(repository, ['status', '--json'])).stdout);
    assert.deepEqual(status, { runs: [], cells: [], inbox: [] });
    const [show] = objects((await reactor.call(repository, ['show', 'FIRST', '--json'])).stdout);
    const [attempt] = (show?.['attemptList'] ?? []) as {
      tree: string;
      kept: string;
      diff: { patch: string };
      test: { output: string; exitCode: number };
    }[];
    assert.deepEqual(
      [show?.['run'], attempt?.tree, attempt?.kept, attempt?.test.exitCode],
      ['FIRST-r1', onlyRun(priced).tree, onlyRun(priced).kept, 0],
    );
    assert.match(attempt?.diff.patch ?? '', /^\+good$/m);
    assert.match(attempt?.test.output ?? '', /fine/);
  });

  it('runs asked for at the same moment get names of their own', async () => {
    const outcomes = await Promise.all(
      [1, 2, 3].map(() =>
        reactor.call(repository, ['run', '--json', '--detach', '--prompt', 'Write beta', '--land', 'branch', '--approve', 'auto']),
      ),
    );
    const tasks = outcomes.flatMap((outcome) => (JSON.parse(outcome.stdout) as { runs: { task: string }[] }).runs.map(({ task }) => task));
    assert.deepEqual(tasks.sort(), ['TASK-001', 'TASK-002', 'TASK-003']);
    await Promise.all(tasks.map((task) => reactor.call(repository, ['kill', task])));
  });
});
