import assert from 'node:assert/strict';
import { stripVTControlCharacters } from 'node:util';
import { describe, it } from 'mocha';
import { UserFacingError } from '../../../src/base/userFacingError.ts';
import { runCli } from '../../../src/cli/runCli.ts';
import { FakeEngine } from '../../support/cli/fakeEngine.ts';
import { fakeHost } from '../../support/cli/fakeHost.ts';
import { FakeTerminal, settle } from '../../support/cli/fakeTerminal.ts';
import { greenRun, landRun, storySpec, told, treeOf } from '../../support/cli/story.ts';

/** `reactor run` with a person, on an engine that has brought one run to where `then` takes it. */
async function atTheTerminal(then: (engine: FakeEngine) => void) {
  const engine = new FakeEngine();
  engine.handlers.submit = () => ({
    runs: [{ run: 'r1', task: 'TASK-001', seq: greenRun(engine, 'r1', storySpec('TASK-001', 'Add slugify')) }],
    notes: [],
  });
  engine.handlers.answer = (given) => {
    const seq = engine.tellAs('person:ann', 'r1', told.answered(given.id ?? '', given.decision));
    return { run: 'r1', seq };
  };
  engine.handlers.cancel = ({ run }) => ({ run, seq: engine.tellAs('person:ann', run, told.cancelRequested()) });
  const terminal = new FakeTerminal(['run', '--prompt', 'x'], { tty: true });
  const ended = runCli(terminal, () => Promise.resolve(fakeHost(engine)));
  await settle();
  then(engine);
  await settle();
  return { engine, terminal, ended };
}

const answers = (engine: FakeEngine) =>
  engine.asked.filter((asked) => asked.startsWith('answer')).map((asked) => JSON.parse(asked.replace('answer ', '')));
const seen = (terminal: FakeTerminal) => stripVTControlCharacters(terminal.stderr.text);

describe('a person at the terminal', () => {
  it('is asked for a review, sees the diff, and approves the tree that was shown', async () => {
    const { engine, terminal, ended } = await atTheTerminal((e) => e.tell('r1', told.review(1)));
    await terminal.type('d');
    await settle();
    await terminal.type('a');
    await settle();
    landRun(engine, 'r1');
    assert.equal(await ended, 0);
    assert.deepEqual(
      [engine.attended, answers(engine)],
      [[true], [{ run: 'r1', id: 'a1', decision: 'approved', tree: treeOf(1), comment: null }]],
    );
    assert.equal(
      seen(terminal),
      `◇ TASK-001 review: 2 files +12 −3, tests green
    M src/slug.ts        +10 −3
    A test/slug.test.ts  +2 −0
  tree 9f3c2ab
diff --git a/a.ts b/a.ts
--- a/a.ts
+++ b/a.ts
@@ -1 +1 @@
-old
+new␛[2J
`,
    );
  });

  it('never approves by free text, an empty line or the end of the input', async () => {
    const { engine, terminal, ended } = await atTheTerminal((e) => e.tell('r1', told.review(1)));
    for (const typed of ['yes', 'approve it please', '', 'looks good', 'o', 'y', ' ']) {
      await terminal.type(typed);
      await settle();
    }
    assert.deepEqual(answers(engine), []);
    await terminal.type(null);
    await settle();
    assert.deepEqual(engine.attended, [true, false]);
    engine.tell('r1', told.parked());
    assert.equal(await ended, 5);
    assert.deepEqual(answers(engine), []);
  });

  it('sends a comment back to the agent, and is asked about the next candidate', async () => {
    const { engine, terminal, ended } = await atTheTerminal((e) => e.tell('r1', told.review(1)));
    await terminal.type('c');
    await terminal.type('');
    await settle();
    await terminal.type('c');
    await terminal.type('  Handle the empty string  ');
    await settle();
    engine.tell('r1', told.attempt(2), told.executed(2), told.candidate(2), told.tested(2, 0), told.review(2));
    await settle();
    await terminal.type('approve');
    await settle();
    landRun(engine, 'r1', 2);
    assert.equal(await ended, 0);
    assert.deepEqual(answers(engine), [
      { run: 'r1', id: 'a1', decision: 'rejected', tree: null, comment: 'Handle the empty string' },
      { run: 'r1', id: 'a2', decision: 'approved', tree: treeOf(2), comment: null },
    ]);
  });

  it('answers a permission and a question', async () => {
    const { engine, terminal, ended } = await atTheTerminal((e) => e.tell('r1', told.permission(), told.question()));
    await terminal.type('npm publish');
    await settle();
    await terminal.type('n');
    await terminal.type('Only a dry run');
    await settle();
    await terminal.type('3');
    await settle();
    await terminal.type('2');
    await settle();
    landRun(engine, 'r1');
    assert.equal(await ended, 0);
    assert.deepEqual(answers(engine), [
      { run: 'r1', id: 'p1', decision: 'rejected', tree: null, comment: 'Only a dry run' },
      { run: 'r1', id: 'q1', decision: 'approved', tree: null, comment: null, answers: [['PostgreSQL']] },
    ]);
  });

  it('allows a host always, and nothing else', async () => {
    const { engine, terminal, ended } = await atTheTerminal((e) => e.tell('r1', told.permission(), told.host()));
    await terminal.type('a');
    await settle();
    await terminal.type('o');
    await settle();
    await terminal.type('a');
    await settle();
    landRun(engine, 'r1');
    assert.equal(await ended, 0);
    assert.deepEqual(answers(engine), [
      { run: 'r1', id: 'p1', decision: 'approved', tree: null, comment: null },
      { run: 'r1', id: 'h1', decision: 'approved', tree: null, comment: null, always: true },
    ]);
  });

  it('reads the whole of what an answer would allow, however narrow the terminal is', async () => {
    const detail =
      'a command in the cell wants to connect to it; allowed once, it is for this run, allowed always, for every run from now on';
    const { engine, terminal, ended } = await atTheTerminal((e) => e.tell('r1', told.host(detail)));
    await terminal.type('n');
    await settle();
    await terminal.type('');
    await settle();
    landRun(engine, 'r1');
    assert.equal(await ended, 0);
    assert.ok(seen(terminal).replaceAll(/\s+/g, ' ').includes(detail), seen(terminal));
  });

  it('is no longer asked when somebody else has answered', async () => {
    const { engine, terminal, ended } = await atTheTerminal((e) => e.tell('r1', told.review(1)));
    engine.tellAs('person:bob', 'r1', told.answered('a1', 'approved'));
    await settle();
    assert.equal(terminal.asks, null);
    landRun(engine, 'r1');
    assert.equal(await ended, 0);
    assert.match(seen(terminal), /\(no longer asked\)/);
  });

  it('is told why an answer was refused, and the run parks', async () => {
    const { engine, terminal, ended } = await atTheTerminal((e) => e.tell('r1', told.review(1)));
    engine.handlers.answer = () => {
      throw new UserFacingError('notPossibleNow', 'The tree is no longer the candidate.');
    };
    await terminal.type('a');
    await settle();
    engine.tell('r1', told.parked());
    assert.equal(await ended, 5);
    assert.deepEqual([engine.attended, /The tree is no longer the candidate/.test(seen(terminal))], [[true, false], true]);
  });

  it('leaves one run waiting while another goes on, and only then goes', async () => {
    const engine = new FakeEngine();
    engine.handlers.submit = () => {
      const runs = ['r1', 'r2'].map((run, index) => ({
        run,
        task: `TASK-00${index + 1}`,
        seq: greenRun(engine, run, storySpec(`TASK-00${index + 1}`, 'x')),
      }));
      return { runs, notes: [] };
    };
    const terminal = new FakeTerminal(['run', '--prompt', 'x'], { tty: true });
    const ended = runCli(terminal, () => Promise.resolve(fakeHost(engine)));
    await settle();
    engine.tell('r1', told.review(1));
    await settle();
    await terminal.type('l');
    await settle();
    assert.deepEqual(engine.attended, [true]);
    landRun(engine, 'r2');
    await settle();
    assert.deepEqual(engine.attended, [true, false]);
    engine.tell('r1', told.parked());
    assert.equal(await ended, 5);
  });

  it('updates one line per run in place and takes it away for questions', async () => {
    const { engine, terminal, ended } = await atTheTerminal((e) => e.live('r1', 'toolStarted', 'bash npm test'));
    terminal.clock.advance(100);
    const live = '  TASK-001 Add slugify  ◐ testing    attempt 1 of 3  0.0 s  $0.0121  bash npm t…';
    assert.equal(terminal.stdout.text, `\u001b[?2026h${live}\u001b[K\n\u001b[J\u001b[?2026l`);
    const before = terminal.stdout.text.length;
    engine.tell('r1', told.review(1));
    await settle();
    assert.equal(terminal.stdout.text.slice(before), '\r\u001b[1A\u001b[J');
    terminal.clock.advance(5000);
    assert.equal(terminal.stdout.text.slice(before), '\r\u001b[1A\u001b[J');
    await terminal.type('a');
    await settle();
    landRun(engine, 'r1');
    assert.equal(await ended, 0);
  });
});

describe('Ctrl-C', () => {
  it('asks once, and Enter goes on', async () => {
    const { engine, terminal, ended } = await atTheTerminal(() => {});
    terminal.interrupt();
    const question = await terminal.type('');
    await settle();
    landRun(engine, 'r1');
    assert.equal(await ended, 0);
    assert.match(question, /c cancel \(or Ctrl-C again\) · l leave it running · Enter go on/);
  });

  it('leaves the run to the engine when asked to, and exits 130', async () => {
    const { engine, terminal, ended } = await atTheTerminal(() => {});
    terminal.interrupt();
    await terminal.type('l');
    assert.equal(await ended, 130);
    assert.deepEqual([engine.asked.length, engine.clients], [1, 0]);
    assert.match(terminal.stdout.text, /Left running in the engine: reactor watch shows it/);
  });

  it('cancels when asked to', async () => {
    const { engine, terminal, ended } = await atTheTerminal(() => {});
    terminal.interrupt();
    await terminal.type('c');
    await settle();
    engine.tell('r1', ...told.ended('cancelled', 130, 'cancelled by ann'));
    assert.equal(await ended, 130);
  });

  it('twice cancels at once and waits for the end', async () => {
    const { engine, terminal, ended } = await atTheTerminal(() => {});
    terminal.interrupt();
    await settle();
    terminal.interrupt();
    await settle();
    assert.deepEqual([terminal.asks, engine.asked.slice(1)], [null, ['cancel {"run":"r1"}']]);
    engine.tell('r1', ...told.ended('cancelled', 130, 'cancelled by ann'));
    assert.equal(await ended, 130);
  });

  it('once more while it cancels waits no longer, and does not call the run left running', async () => {
    const { engine, terminal, ended } = await atTheTerminal(() => {});
    for (let times = 0; times < 2; times += 1) {
      terminal.interrupt();
      await settle();
    }
    engine.tell('r1', told.cancelRequested());
    await settle();
    terminal.interrupt();
    assert.equal(await ended, 130);
    assert.match(terminal.stdout.text, /The engine goes on ending it and keeps what was done: reactor status shows it until then\.\n$/);
    assert.doesNotMatch(terminal.stdout.text, /Left running/);
  });

  it('suspends a review question, which is asked again', async () => {
    const { engine, terminal, ended } = await atTheTerminal((e) => e.tell('r1', told.review(1)));
    terminal.interrupt();
    await settle();
    assert.match(await terminal.type(''), /Interrupted/);
    await settle();
    assert.match(await terminal.type('a'), /a approve · d diff/);
    await settle();
    landRun(engine, 'r1');
    assert.equal(await ended, 0);
  });

  it('leaves a run that waits for a review, without a question or a line more', async () => {
    const { engine, terminal, ended } = await atTheTerminal((e) => e.tell('r1', told.review(1)));
    terminal.interrupt();
    await settle();
    await terminal.type('l');
    assert.equal(await ended, 130);
    await settle();
    terminal.clock.advance(10_000);
    assert.deepEqual([terminal.asks, terminal.questions.length, engine.clients], [null, 2, 0]);
    assert.match(terminal.stdout.text, /reactor kill ends it\.\n$/);
  });

  it('cancels over a review question', async () => {
    const { engine, terminal, ended } = await atTheTerminal((e) => e.tell('r1', told.review(1)));
    terminal.interrupt();
    await settle();
    terminal.interrupt();
    await settle();
    engine.tell('r1', ...told.ended('cancelled', 130, 'cancelled by ann'));
    assert.equal(await ended, 130);
    assert.deepEqual(answers(engine), []);
  });

  it('before anything was submitted submits nothing', async () => {
    const engine = new FakeEngine();
    const terminal = new FakeTerminal(['run', '--prompt', 'x'], { tty: false });
    const { promise, resolve } = Promise.withResolvers<void>();
    const host = fakeHost(engine, { connect: async (_, { attends }) => promise.then(() => engine.connect(attends)) });
    const ended = runCli(terminal, () => Promise.resolve(host));
    await settle();
    terminal.interrupt();
    resolve();
    assert.equal(await ended, 130);
    assert.deepEqual([engine.asked, engine.clients], [[], 0]);
  });
});
