import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { missingAgentServer } from '../../../src/cli/commands/missingAgentServer.ts';

describe('A missing OpenCode', () => {
  it('is told by where it was looked for', () => {
    const texts = [{}, { REACTOR_OPENCODE: '' }, { REACTOR_OPENCODE: '/opt/opencode' }].map((environment) => {
      const { why, todo } = missingAgentServer(environment);
      return `${why}: ${todo}`;
    });
    const onPath = 'no usable one on PATH (1.18 or a later 1.x is needed): install it (https://opencode.ai), then run: reactor doctor';
    assert.deepEqual(texts, [
      onPath,
      onPath,
      'REACTOR_OPENCODE names /opt/opencode, which is no usable one (1.18 or a later 1.x is needed): correct it, or unset it to have the one on PATH',
    ]);
  });
});
