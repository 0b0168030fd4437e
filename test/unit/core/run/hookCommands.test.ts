import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { hookCommand, messageCommand, readMessage } from '../../../../src/core/run/hookCommands.ts';

const hooks = { folder: "/it's/hooks", names: ['pre-commit'] };

describe('commands for hooks', () => {
  it("name the user's own folder, and are none where there is no such hook", () => {
    assert.deepEqual(
      [hookCommand(hooks, 'pre-commit'), hookCommand(hooks, 'pre-merge-commit'), messageCommand(hooks, 'a', 'MARK')],
      ["git add -A && git -c core.hooksPath='/it'\\''s/hooks' hook run pre-commit", null, null],
    );
  });

  it('tell the message that came of them, or which one refused it and why', () => {
    assert.deepEqual(readMessage('checked\n\nMARK\nfeat: a\n\nb\n', 'MARK'), { message: 'feat: a\n\nb\n' });
    assert.deepEqual(readMessage('type may not be empty\n\nMARK commit-msg\n', 'MARK'), {
      hook: 'commit-msg',
      words: 'type may not be empty',
    });
    assert.equal(readMessage('cut', 'MARK'), null);
  });
});
