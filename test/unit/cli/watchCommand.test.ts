import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { runCli } from '../../../src/cli/runCli.ts';
import { FakeEngine } from '../../support/cli/fakeEngine.ts';
import { fakeHost } from '../../support/cli/fakeHost.ts';
import { FakeTerminal, settle } from '../../support/cli/fakeTerminal.ts';
import { greenRun, landRun, storySpec, told } from '../../support/cli/story.ts';

function twoRuns(): FakeEngine {
  const engine = new FakeEngine();
  greenRun(engine, 'TASK-001-r1', storySpec('TASK-001', 'Add slugify'));
  landRun(engine, 'TASK-001-r1');
  greenRun(engine, 'TASK-002-r1', storySpec('TASK-002', 'Parse durations'));
  engine.tell('TASK-002-r1', told.review(1), told.parked());
  return engine;
}

describe('reactor watch', () => {
  it('shows every run in place until q', async () => {
    const engine = twoRuns();
    const terminal = new FakeTerminal(['watch'], { tty: true, now: engine.at });
    const ended = runCli(terminal, () => Promise.resolve(fakeHost(engine)));
    await settle();
    greenRun(engine, 'TASK-003-r1', storySpec('TASK-003', 'New'));
    await settle();
    terminal.clock.advance(100);
    terminal.press('x');
    terminal.press('q');
    assert.equal(await ended, 0);
    const frame = terminal.stdout.text.split('\u001b[?2026h').at(-1)?.replaceAll('\u001b[K', '') ?? '';
    assert.equal(
      frame.replace(/^\r.*?A/, '').split('\u001b[J')[0],
      `reactor watch  2 open  q quits
TASK      TITLE            STATE      ATTEMPT  TIME     COST
TASK-002  Parse durations  ◇ parked   1 of 3   6.0 s  $0.0121
TASK-003  New              ◐ testing  1 of 3   0.0 s  $0.0121
`.replace('ATTEMPT  TIME     COST', 'ATTEMPT   TIME     COST'),
    );
    assert.equal(engine.clients, 0);
  });

  it('prints plain lines without a terminal, of every run from now on', async () => {
    const engine = twoRuns();
    const terminal = new FakeTerminal(['watch']);
    const ended = runCli(terminal, () => Promise.resolve(fakeHost(engine)));
    await settle();
    engine.tell('TASK-002-r1', told.cancelRequested());
    await settle();
    terminal.interrupt('SIGTERM');
    assert.equal(await ended, 130);
    assert.equal(terminal.stdout.text, '00:00:23 TASK-002 cancelled by engine\n');
  });

  it('comes back after the loss of an engine', async () => {
    const engine = twoRuns();
    const terminal = new FakeTerminal(['watch']);
    const ended = runCli(terminal, () => Promise.resolve(fakeHost(engine)));
    await settle();
    engine.die();
    await settle();
    engine.tell('TASK-002-r1', told.resumed());
    terminal.clock.advance(1000);
    await settle();
    engine.tell('TASK-002-r1', told.cancelRequested());
    await settle();
    terminal.interrupt();
    assert.equal(await ended, 130);
    assert.match(terminal.stdout.text, /The engine has gone; starting another one\.\n.*goes on.*\n.*TASK-002 cancelled by engine\n$/);
  });

  it('looks at a journal that was begun anew from its beginning', async () => {
    const engine = twoRuns();
    const terminal = new FakeTerminal(['watch']);
    const ended = runCli(terminal, () => Promise.resolve(fakeHost(engine)));
    await settle();
    engine.beginAnew();
    engine.die();
    for (let second = 0; second < 2; second += 1) {
      await settle();
      terminal.clock.advance(1000);
    }
    await settle();
    engine.tell('TASK-003-r1', told.requested('TASK-003-r1', storySpec('TASK-003', 'Begun anew')));
    await settle();
    terminal.interrupt();
    assert.equal(await ended, 130);
    assert.match(terminal.stdout.text, /TASK-003 accepted: Begun anew/);
  });

  it('comes back after the loss of an engine that had not answered yet', async () => {
    const engine = twoRuns();
    const terminal = new FakeTerminal(['watch']);
    let connections = 0;
    const connect = () => {
      const client = engine.connect(false);
      connections += 1;
      if (connections <= 2) engine.die();
      return Promise.resolve(client);
    };
    const ended = runCli(terminal, () => Promise.resolve(fakeHost(engine, { connect })));
    for (let second = 0; second < 2; second += 1) {
      await settle();
      terminal.clock.advance(1000);
    }
    await settle();
    engine.tell('TASK-002-r1', told.cancelRequested());
    await settle();
    terminal.interrupt();
    assert.deepEqual([await ended, connections], [130, 3]);
    assert.match(terminal.stdout.text, /TASK-002 cancelled by engine\n$/);
  });
});
