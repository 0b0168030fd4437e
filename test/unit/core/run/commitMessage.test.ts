import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { event } from '../../../../src/core/journal/events.ts';
import { commitMessage, stepMessage, withTrailers } from '../../../../src/core/run/commitMessage.ts';
import { RunStory, specOf } from '../../../support/runStory.ts';

const tree = '1'.repeat(40);
const trailers = ['Reactor-Run: TASK-001-r1', 'Reactor-Attempt: 1'];
const end = '\nReactor-Run: TASK-001-r1\nReactor-Attempt: 1\n';

describe('the message of a commit', () => {
  it('names task and title, and where it comes from', () => {
    const { state } = new RunStory().ready().attempt(1, tree);
    assert.equal(
      commitMessage(state, 1, ['a/b']),
      'Task TASK-001: Fix it\n\nReactor-Run: TASK-001-r1\nReactor-Attempt: 1\nReactor-Model: a/b\nReactor-Cost: $0.00\n',
    );
    assert.equal(
      stepMessage(state, 1, 2),
      'Task TASK-001: Fix it (step 2)\n\nReactor-Run: TASK-001-r1\nReactor-Attempt: 1\nReactor-Step: 2\n',
    );
  });

  it('has the form that the settings ask for', () => {
    const { state } = new RunStory(specOf({ message: 'fix: {title} [{task}]\n\nBy {unknown}.\n' })).ready().attempt(1, tree);
    assert.match(commitMessage(state, 1, []), /^fix: Fix it \[TASK-001\]\n\nBy \{unknown\}\.\n\nReactor-Run: /);
    assert.match(stepMessage(state, 1, 2), /^fix: Fix it \[TASK-001\] \(step 2\)\n\nBy/);
  });

  it('is what the hooks made of it, with trailers of the moment', () => {
    const message = 'feat: fix it\n\nReactor-Run: other-r1\nReactor-Cost: $9\nSigned-off-by: Ada <ada@example.org>\n';
    const { state } = new RunStory()
      .ready()
      .attempt(1, tree)
      .tell(event('attempt/messageSettled', { attempt: 1, message }));
    assert.equal(
      commitMessage(state, 1, []),
      'feat: fix it\n\nSigned-off-by: Ada <ada@example.org>\nReactor-Run: TASK-001-r1\nReactor-Attempt: 1\nReactor-Cost: $0.00\n',
    );
  });

  it('gets its trailers back wherever a hook has left them, once', () => {
    const cases: readonly (readonly [string, string])[] = [
      ['One line', `One line\n${end}`],
      ['One line\n\n\n\n', `One line\n${end}`],
      [`One line\n${end}`, `One line\n${end}`],
      [`One line\n${end}\nAdded below.\n`, `One line\n\nAdded below.\n${end}`],
      ['reactor-run: x\nOne line', `One line\n${end}`],
      ['One line\n\nCloses: #1\n  and #2', `One line\n\nCloses: #1\n  and #2${end}`],
      ['One line\n\nA body: of words\nand more', `One line\n\nA body: of words\nand more\n${end}`],
      ['One line\n# ------------------------ >8 ------------------------\ndiff', `One line\n${end}`],
    ];
    assert.deepEqual(
      cases.map(([message]) => withTrailers(message, trailers)),
      cases.map(([, expected]) => expected),
    );
  });
});
