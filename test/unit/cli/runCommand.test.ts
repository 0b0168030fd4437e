import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { UserFacingError } from '../../../src/base/userFacingError.ts';
import { runCli } from '../../../src/cli/runCli.ts';
import { event } from '../../../src/core/journal/events.ts';
import { resultRow } from '../../../src/core/projections/runResult.ts';
import { FakeEngine } from '../../support/cli/fakeEngine.ts';
import { cli, fakeHost } from '../../support/cli/fakeHost.ts';
import { FakeTerminal, settle } from '../../support/cli/fakeTerminal.ts';
import { greenRun, landRun, storySpec, told, treeOf } from '../../support/cli/story.ts';

const spec = storySpec('TASK-001', 'Add slugify');

/** An engine that accepts one run and brings it to a green candidate. */
function greenEngine(): FakeEngine {
  const engine = new FakeEngine();
  engine.handlers.submit = () => ({
    runs: [{ run: 'r1', task: 'TASK-001', seq: greenRun(engine, 'r1', spec) }],
    notes: ['budgets.perDayUsd is not enforced yet'],
  });
  return engine;
}

/** Starts a call that the test then steers. */
function begin(argv: readonly string[], engine: FakeEngine, tty: boolean) {
  const terminal = new FakeTerminal(argv, { tty });
  return { terminal, ended: runCli(terminal, () => Promise.resolve(fakeHost(engine))) };
}

const submitted = (engine: FakeEngine) => JSON.parse(engine.asked[0]?.replace('submit ', '') ?? '{}').requests;

describe('reactor run', () => {
  it('submits what was asked for, shows progress and the summary, and exits 0 when it landed', async () => {
    const engine = greenEngine();
    const { terminal, ended } = begin(['run', '--prompt', 'Add slugify, with tests.', '--land', 'ff'], engine, false);
    await settle();
    engine.tell('r1', told.review(1));
    engine.tellAs('person:bob', 'r1', told.answered('a1', 'approved'));
    landRun(engine, 'r1');
    assert.equal(await ended, 0);
    assert.deepEqual(submitted(engine), [{ land: 'ff', prompt: 'Add slugify, with tests.', folder: '/repository' }]);
    assert.equal(
      terminal.stdout.text,
      `budgets.perDayUsd is not enforced yet
00:00:01 TASK-001 accepted: Add slugify (base b1c2d3e, test: npm test)
00:00:03 TASK-001 attempt 1: the agent works
00:00:04 TASK-001 agent: edit src/slug.ts
00:00:05 TASK-001 attempt 1: the agent is done after 3 calls, 3.1 s
00:00:06 TASK-001 attempt 1: 2 files +12 −3, tree 9f3c2ab
00:00:07 TASK-001 attempt 1: tests green in 0.8 s
00:00:08 TASK-001 waits for you: review: 2 files +12 −3, tests green
00:00:09 TASK-001 approved by bob
00:00:10 TASK-001 attempt 1: committed d4e5f6a on reactor/TASK-001
00:00:13 TASK-001 main b1c2d3e → d4e5f6a
00:00:15 TASK-001 landed on main

  TASK-001 Add slugify  ✓ landed     attempt 1  13 s  1,830 tok  $0.0121
           boot 1.0 s → agent 3.1 s → test ✓ 0.8 s → approved → commit → waited 1.0 s → landed
           2 files +12 −3
             M src/slug.ts        +10 −3
             A test/slug.test.ts  +2 −0
  main  b1c2d3e → d4e5f6a  1 landed
`,
    );
    assert.deepEqual(
      { err: terminal.stderr.text, attended: engine.attended, clients: engine.clients },
      { err: '', attended: [false], clients: 0 },
    );
  });

  it('prints every entry and the result as JSON, and nothing else, on standard output', async () => {
    const engine = greenEngine();
    const { terminal, ended } = begin(['run', '--prompt', 'x', '--json'], engine, false);
    await settle();
    landRun(engine, 'r1');
    assert.equal(await ended, 0);
    const lines = terminal.stdout.lines.map((line) => JSON.parse(line));
    assert.deepEqual(lines.slice(0, -1), engine.entries);
    assert.deepEqual(lines.at(-1), { type: 'result', exitCode: 0, runs: [resultRow(engine.state('r1'))] });
    assert.match(terminal.stderr.text, /TASK-001 main b1c2d3e → d4e5f6a/);
  });

  it('exits 5 when the run is parked, once its server has gone, and says how to go on', async () => {
    const engine = greenEngine();
    const { terminal, ended } = begin(['run', '--prompt', 'x', '--json'], engine, false);
    await settle();
    engine.tell('r1', told.review(1), told.parked());
    assert.equal(await ended, 5);
    const result = JSON.parse(terminal.stdout.lines.at(-1) ?? '');
    assert.deepEqual(
      [result.exitCode, result.runs[0].status, result.runs[0].kept, result.runs[0].tree],
      [5, 'parked', 'refs/reactor/kept/run/1', treeOf(1)],
    );
    assert.match(terminal.stderr.text, /reactor approve TASK-001 {15}take it/);
  });

  it('exits with the gravest of several runs', async () => {
    const engine = new FakeEngine();
    engine.handlers.submit = () => {
      const runs = ['r1', 'r2'].map((run, index) => ({
        run,
        task: `TASK-00${index + 1}`,
        seq: greenRun(engine, run, storySpec(`TASK-00${index + 1}`, 'x')),
      }));
      landRun(engine, 'r1');
      engine.tell('r2', ...told.ended('failed', 3, 'the time limit of 60 s has passed'));
      return { runs, notes: [] };
    };
    assert.equal((await cli(['run', '--prompt', 'x'], fakeHost(engine))).exitCode, 3);
  });

  it('asks another engine when one is lost before it answers, by the same name, and starts nothing twice', async () => {
    const engine = greenEngine();
    const accept = engine.handlers.submit;
    engine.handlers.submit = (params) => {
      if (params.again !== true) throw new UserFacingError('engineUnavailable', 'The connection to the engine has ended.');
      return accept?.(params) ?? { runs: [], notes: [] };
    };
    const { ended } = begin(['run', '--prompt', 'x', '--json'], engine, false);
    await settle();
    landRun(engine, 'r1');
    assert.equal(await ended, 0);
    assert.deepEqual([engine.submissions.length, new Set(engine.submissions).size], [2, 1]);
  });

  it('goes on with another engine when one is lost, without a line twice', async () => {
    const engine = greenEngine();
    const { terminal, ended } = begin(['run', '--prompt', 'x', '--json'], engine, false);
    await settle();
    engine.die('ECONNRESET');
    await settle();
    landRun(engine, 'r1');
    assert.equal(await ended, 0);
    const seqs = terminal.stdout.lines.slice(0, -1).map((line) => JSON.parse(line).seq);
    assert.deepEqual(
      seqs,
      engine.entries.map(({ seq }) => seq),
    );
    assert.match(terminal.stderr.text, /The engine has gone \(ECONNRESET\)\. What is in the cells is kept; starting another engine/);
    assert.match(terminal.stderr.text, /Another engine has taken over/);
  });

  it('gives up when engines keep dying, and says that nothing is lost', async () => {
    const engine = greenEngine();
    const { terminal, ended } = begin(['run', '--prompt', 'x', '--json'], engine, false);
    for (let death = 0; death < 6; death += 1) {
      await settle();
      engine.die('killed');
    }
    assert.equal(await ended, 1);
    assert.match(
      terminal.stderr.text,
      /The engine ended 6 times in a row and got nothing done, last: killed\. The runs are in the journal and nothing is lost/,
    );
    const { error, begun } = JSON.parse(terminal.stdout.lines.at(-1) ?? '');
    assert.deepEqual([error.code, begun, engine.clients], ['engineUnavailable', [{ run: 'r1', task: 'TASK-001' }], 0]);
  });

  for (const [what, goOn] of [
    ['each has got something done', (engine: FakeEngine) => engine.tell('r1', told.message(1))],
    ['each has lived for a minute', (_: FakeEngine, terminal: FakeTerminal) => terminal.clock.advance(60_000)],
  ] as const) {
    it(`does not give up however many engines die when ${what}`, async () => {
      const engine = greenEngine();
      const { terminal, ended } = begin(['run', '--prompt', 'x', '--json'], engine, false);
      for (let death = 0; death < 9; death += 1) {
        await settle();
        goOn(engine, terminal);
        await settle();
        engine.die('killed');
      }
      await settle();
      landRun(engine, 'r1');
      assert.equal(await ended, 0, terminal.stderr.text);
    });
  }

  it('gives up on engines that only take the run up again before they die', async () => {
    const engine = greenEngine();
    const { terminal, ended } = begin(['run', '--prompt', 'x', '--json'], engine, false);
    for (let death = 0; death < 6; death += 1) {
      await settle();
      engine.tell('r1', event('run/recovered', { outcome: 'adopted', phase: 'executing', reason: 'the engine ended' }));
      await settle();
      engine.die('killed');
    }
    assert.equal(await ended, 1);
    assert.match(terminal.stderr.text, /got nothing done/);
  });

  it('does not wait for ever for a run whose journal was removed', async () => {
    const engine = greenEngine();
    const { terminal, ended } = begin(['run', '--prompt', 'x', '--json'], engine, false);
    await settle();
    engine.beginAnew();
    engine.die('killed');
    assert.equal(await ended, 1);
    assert.match(
      terminal.stderr.text,
      /The journal that tells of r1 was removed or replaced.*kept in git, below refs\/reactor\/kept\/r1\//,
    );
    const { error, begun } = JSON.parse(terminal.stdout.lines.at(-1) ?? '');
    assert.deepEqual([error.code, begun, engine.clients], ['journalBroken', [{ run: 'r1', task: 'TASK-001' }], 0]);
  });

  it('says how to go on when no engine can be started for now', async () => {
    const engine = greenEngine();
    const { terminal, ended } = begin(['run', '--prompt', 'x'], engine, false);
    await settle();
    engine.refuses = new UserFacingError('environment', 'The disk is full.', { actions: ['make room'] });
    engine.die();
    assert.equal(await ended, 1);
    assert.match(terminal.stderr.text, /The disk is full\.\n {2}→ make room\n {2}→ when that is mended: reactor logs r1 -f\n/);
  });

  it('tries again when a new engine is slow to come', async () => {
    const engine = greenEngine();
    const { terminal, ended } = begin(['run', '--prompt', 'x'], engine, false);
    await settle();
    engine.refuses = new UserFacingError('engineUnavailable', 'no engine yet');
    engine.die();
    await settle();
    engine.refuses = null;
    terminal.clock.advance(250);
    await settle();
    landRun(engine, 'r1');
    assert.equal(await ended, 0);
  });

  it('cancels on SIGTERM without a terminal, waits for the end, and exits 130', async () => {
    const engine = greenEngine();
    engine.handlers.cancel = ({ run }) => ({ run, seq: engine.tellAs('person:ann', run, told.cancelRequested()) });
    const { terminal, ended } = begin(['run', '--prompt', 'x', '--json'], engine, false);
    await settle();
    terminal.interrupt('SIGTERM');
    await settle();
    assert.deepEqual(engine.asked.slice(1), ['cancel {"run":"r1"}']);
    engine.tell('r1', ...told.ended('cancelled', 130, 'cancelled by ann'));
    assert.equal(await ended, 130);
    assert.equal(JSON.parse(terminal.stdout.lines.at(-1) ?? '').runs[0].status, 'cancelled');
  });

  it('does not wait for ever for the end of cancelled runs', async () => {
    const engine = greenEngine();
    engine.handlers.cancel = ({ run }) => ({ run, seq: engine.tellAs('person:ann', run, told.cancelRequested()) });
    const { terminal, ended } = begin(['run', '--prompt', 'x'], engine, false);
    await settle();
    terminal.interrupt();
    await settle();
    terminal.clock.advance(60_000);
    assert.equal(await ended, 130);
    assert.match(terminal.stdout.text, /The engine has not confirmed the end of every run in time; see reactor status\./);
  });

  it('returns at once with --detach', async () => {
    const engine = greenEngine();
    const { exitCode, out } = await cli(['run', '--prompt', 'x', '--detach', '--json'], fakeHost(engine));
    assert.deepEqual(
      { exitCode, out: JSON.parse(out) },
      { exitCode: 0, out: { type: 'submitted', runs: [{ run: 'r1', task: 'TASK-001', seq: 1 }] } },
    );
  });

  it('tells a refusal as it is, without a stack, and as a result object', async () => {
    const engine = new FakeEngine();
    engine.handlers.submit = () => {
      throw new UserFacingError('configuration', 'There is no test command.', { actions: ['--test CMD', 'test: in reactor.yaml'] });
    };
    const { exitCode, out, err } = await cli(['run', '--prompt', 'x', '--json'], fakeHost(engine));
    assert.deepEqual(
      { exitCode, err, out: JSON.parse(out) },
      {
        exitCode: 1,
        err: 'reactor: There is no test command.\n  → --test CMD\n  → test: in reactor.yaml\n',
        out: {
          type: 'result',
          exitCode: 1,
          runs: [],
          error: { code: 'configuration', message: 'There is no test command.', actions: ['--test CMD', 'test: in reactor.yaml'] },
        },
      },
    );
  });

  it('keeps the stack of a bug for --verbose', async () => {
    const broken = fakeHost(new FakeEngine(), { connect: () => Promise.reject(new TypeError('x is not a function')) });
    const short = await cli(['run', '--prompt', 'x'], broken);
    const long = await cli(['run', '--prompt', 'x', '--verbose'], broken);
    assert.equal(
      short.err,
      'reactor: something went wrong inside Reactor: x is not a function\nWhat agents did is kept; runs go on in the engine. See reactor status.\n  → run the command again with --verbose for the details\n',
    );
    assert.match(long.err, /TypeError: x is not a function\n\s+at /);
    assert.deepEqual([short.exitCode, long.exitCode], [1, 1]);
  });
});
