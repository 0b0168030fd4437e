import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { runCli } from '../../../src/cli/runCli.ts';
import { FakeEngine } from '../../support/cli/fakeEngine.ts';
import { cli, fakeHost } from '../../support/cli/fakeHost.ts';
import { FakeTerminal, settle } from '../../support/cli/fakeTerminal.ts';
import { greenRun, landRun, storySpec, told, treeOf } from '../../support/cli/story.ts';

/** An engine with one run that is parked for a review. */
function parkedEngine(): FakeEngine {
  const engine = new FakeEngine();
  greenRun(engine, 'TASK-001-r1', storySpec('TASK-001', 'Add slugify'));
  engine.tell('TASK-001-r1', told.review(1), told.parked());
  engine.handlers.answer = ({ run, id, decision }) => {
    const seq = engine.tellAs('person:ann', run, told.answered(id ?? '', decision));
    engine.tell(run, told.resumed());
    return { run, seq };
  };
  engine.handlers.resume = ({ run }) => ({ run, seq: engine.tell(run, told.resumed()) });
  engine.handlers.cancel = ({ run }) => ({ run, seq: engine.tellAs('person:ann', run, told.cancelRequested()) });
  return engine;
}

const asked = (engine: FakeEngine, method: string) =>
  JSON.parse(engine.asked.find((one) => one.startsWith(method))?.slice(method.length) ?? 'null');

async function following(argv: readonly string[], engine: FakeEngine, then: () => void) {
  const terminal = new FakeTerminal(argv);
  const ended = runCli(terminal, () => Promise.resolve(fakeHost(engine)));
  await settle();
  then();
  return { exitCode: await ended, out: terminal.stdout.text, err: terminal.stderr.text };
}

describe('reactor approve', () => {
  it('takes the tree that is the candidate now, prints it, and follows the run until it landed', async () => {
    const engine = parkedEngine();
    const { exitCode, out } = await following(['approve', 'TASK-001'], engine, () => landRun(engine, 'TASK-001-r1'));
    assert.equal(exitCode, 0);
    assert.deepEqual(asked(engine, 'answer'), { run: 'TASK-001-r1', id: 'a1', decision: 'approved', tree: treeOf(1), comment: null });
    assert.match(out, /^Approving TASK-001: attempt 1, tree 9f3c2ab, 2 files \+12 −3\n.*approved by ann\n/);
    assert.match(out, /✓ landed/);
  });

  it('exits with the code of the park when the run is parked again', async () => {
    const engine = parkedEngine();
    const { exitCode } = await following(['approve', 'TASK-001-r1', '--json'], engine, () => engine.tell('TASK-001-r1', told.parked()));
    assert.equal(exitCode, 5);
  });

  it('accepts the beginning of the tree and refuses another one without asking the engine', async () => {
    const engine = parkedEngine();
    const other = await cli(['approve', 'TASK-001', '--tree', 'abcdef1'], fakeHost(engine));
    assert.deepEqual(
      [other.exitCode, other.err, engine.asked],
      [
        1,
        'reactor: The candidate of TASK-001 is tree 9f3c2ab now, not abcdef1. Nothing was approved: look at the present diff first.\n  → reactor show TASK-001 --diff\n  → reactor approve TASK-001 --tree 9f3c2ab\n',
        [],
      ],
    );
    const { exitCode } = await cli(['approve', 'TASK-001', '--tree', '9F3C2AB', '--detach'], fakeHost(engine));
    assert.deepEqual([exitCode, asked(engine, 'answer').tree], [0, treeOf(1)]);
  });

  it('says that nothing waits when the run has ended', async () => {
    const engine = new FakeEngine();
    greenRun(engine, 'TASK-001-r1', storySpec('TASK-001', 'x'));
    landRun(engine, 'TASK-001-r1');
    const { exitCode, err } = await cli(['approve', 'TASK-001'], fakeHost(engine));
    assert.deepEqual(
      [exitCode, err],
      [
        1,
        'reactor: Nothing of TASK-001 waits for you: it has ended (landed on main). Nothing was changed.\n  → reactor show TASK-001\n  → reactor status\n',
      ],
    );
  });

  it('says what was answered from another terminal meanwhile', async () => {
    const engine = new FakeEngine();
    greenRun(engine, 'TASK-001-r1', storySpec('TASK-001', 'x'));
    const said = async () => (await cli(['approve', 'TASK-001'], fakeHost(engine))).err.split('\n')[0];
    const atWork = await said();
    engine.tell('TASK-001-r1', told.review(1));
    engine.tellAs('person:bob', 'TASK-001-r1', told.answered('a1', 'approved'));
    assert.deepEqual(
      [atWork, await said()],
      [
        'reactor: Nothing of TASK-001 waits for you: it is at work (testing). Nothing was changed.',
        'reactor: Nothing of TASK-001 waits for you: it was approved by bob. Nothing was changed.',
      ],
    );
  });

  it('needs an answer to a question and hands it on', async () => {
    const engine = new FakeEngine();
    engine.tell(
      'TASK-001-r1',
      told.requested('TASK-001-r1', storySpec('TASK-001', 'x')),
      told.started(),
      told.attempt(1),
      told.question(),
      told.parked(),
    );
    engine.handlers.answer = ({ run }) => ({ run, seq: engine.entries.length });
    const without = await cli(['approve', 'TASK-001', '--detach'], fakeHost(engine));
    assert.match(
      without.err,
      /TASK-001 asks: Which database\?\. An answer is needed to go on\.\n {2}→ reactor approve TASK-001 --answer "…"/,
    );
    const { exitCode } = await cli(['approve', 'TASK-001', '--detach', '--answer', 'SQLite'], fakeHost(engine));
    assert.deepEqual([exitCode, asked(engine, 'answer').answers], [0, [['SQLite']]]);
  });

  it('wants one named when several things wait', async () => {
    const engine = new FakeEngine();
    engine.tell(
      'r',
      told.requested('r', storySpec('TASK-001', 'x')),
      told.started(),
      told.attempt(1),
      told.permission(),
      told.question(),
      told.parked(),
    );
    const { exitCode, err } = await cli(['approve', 'TASK-001'], fakeHost(engine));
    assert.deepEqual(
      [exitCode, err],
      [
        1,
        'reactor: 2 things of TASK-001 wait: p1 (bash npm publish --dry-run), q1 (Which database?). Nothing was changed.\n  → name one: --id p1\n',
      ],
    );
  });

  it('names the nearest run or task', async () => {
    const { exitCode, err } = await cli(['approve', 'TASK-010'], fakeHost(parkedEngine()));
    assert.deepEqual(
      [exitCode, err],
      [1, 'reactor: There is no run or task TASK-010 in this repository. Did you mean TASK-001?\n  → reactor tasks\n'],
    );
  });
});

describe('reactor reject, resume and kill', () => {
  it('sends a comment back to work', async () => {
    const engine = parkedEngine();
    const { exitCode } = await following(['reject', 'TASK-001', '--comment', ' Handle the empty string '], engine, () =>
      engine.tell('TASK-001-r1', told.attempt(2), told.candidate(2), told.tested(2, 0), told.review(2), told.parked()),
    );
    assert.deepEqual(
      [exitCode, asked(engine, 'answer')],
      [5, { run: 'TASK-001-r1', id: 'a1', decision: 'rejected', tree: null, comment: 'Handle the empty string' }],
    );
  });

  it('without a comment ends the run, and the exit code says that nothing was taken', async () => {
    const engine = parkedEngine();
    const { exitCode, out } = await following(['reject', 'TASK-001'], engine, () => engine.tell('TASK-001-r1', ...told.rejected()));
    assert.deepEqual([exitCode, asked(engine, 'answer').comment], [2, null]);
    assert.match(out, /■ rejected/);
    assert.doesNotMatch(out, /failed/, 'what a person decides is no failure');
  });

  for (const argv of [
    ['approve', 'TASK-001'],
    ['reject', 'TASK-001'],
    ['resume', 'TASK-001', '--budget', '100'],
  ]) {
    it(`${argv[0]} is not for a command in a cell: exit code 4, and the engine is asked for nothing`, async () => {
      const engine = parkedEngine();
      const { exitCode, err } = await cli(argv, fakeHost(engine), { environment: { REACTOR_CELL: 'cell-1' } });
      assert.deepEqual([exitCode, engine.asked], [4, []]);
      assert.match(err, /Only a person decides/);
      const { out } = await cli([...argv, '--json'], fakeHost(engine), { environment: { REACTOR_CELL: 'cell-1' } });
      const { type, exitCode: told, runs, error } = JSON.parse(out);
      assert.deepEqual([type, told, runs, error.code], ['result', 4, [], 'notPossibleNow']);
    });
  }

  it('rejects a file whose name looks like one with hunks, and hunks of one that has no such name', async () => {
    const engine = parkedEngine();
    const { run } = engine.state('TASK-001-r1');
    const candidate = told.candidate(1);
    const files = ['src/x:12', 'src/y'].map((path) => ({ status: 'modified', path, added: 1, removed: 0 }));
    Object.assign(candidate.data, { files });
    engine.tell(run, candidate, told.tested(1, 0));
    engine.handlers.revise = () => ({ run, tree: treeOf(1), seq: engine.entries.length });
    await cli(['reject', 'TASK-001', '--file', 'src/x:12', '--file', 'src/y:2', '--detach'], fakeHost(engine));
    assert.deepEqual(asked(engine, 'revise').rejected, [
      { path: 'src/x:12', hunks: null },
      { path: 'src/y', hunks: [1] },
    ]);
  });

  it('resume with a higher budget', async () => {
    const engine = parkedEngine();
    const { exitCode } = await following(['resume', 'TASK-001', '--budget', '$2.50'], engine, () => landRun(engine, 'TASK-001-r1'));
    assert.deepEqual([exitCode, asked(engine, 'resume')], [0, { run: 'TASK-001-r1', budgetUsd: '2.50' }]);
  });

  it('kill waits for the end and exits 0, since that was asked for', async () => {
    const engine = parkedEngine();
    const { exitCode, out } = await following(['kill', 'TASK-001', '--json'], engine, () =>
      engine.tell('TASK-001-r1', ...told.ended('cancelled', 130, 'cancelled by ann')),
    );
    const result = JSON.parse(out.trim().split('\n').at(-1) ?? '');
    assert.deepEqual(
      [exitCode, result.exitCode, result.runs[0].status, result.runs[0].kept],
      [0, 0, 'cancelled', 'refs/reactor/kept/run/1'],
    );
  });

  it('kill of a run that lands all the same is no success', async () => {
    const engine = parkedEngine();
    const { exitCode, out, err } = await following(['kill', 'TASK-001'], engine, () => landRun(engine, 'TASK-001-r1'));
    assert.match(out, /✓ landed/);
    assert.deepEqual([exitCode, err], [1, 'The run was not cancelled: it came to its end first.\n']);
  });
});
