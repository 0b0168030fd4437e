import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { SecretGuard } from '../../../src/core/policy/secrets/secretGuard.ts';
import type { FileChange } from '../../../src/core/ports/git.ts';
import { secretsIn } from '../../../src/engine/candidateSecrets.ts';

const change = (path: string, added: number | null): FileChange => ({
  status: 'modified',
  path,
  oldMode: '100644',
  newMode: '100644',
  oldOid: '1'.repeat(40),
  newOid: '2'.repeat(40),
  added,
  removed: 0,
});

const block = (path: string, header: string, lines: readonly string[]): string =>
  `diff --git a/${path} b/${path}\n--- a/${path}\n+++ b/${path}\n${header}\n${lines.join('\n')}\n`;

const look = (changes: readonly FileChange[], text: string, truncated = false) =>
  secretsIn(
    {
      deps: { repository: { patch: () => Promise.resolve({ text, truncated }) }, secrets: new SecretGuard([], () => 'f') },
      state: { spec: {} },
    },
    changes,
    'from',
    'to',
  );

describe('what is looked through for secrets', () => {
  const whole = block('whole.ts', '@@ -1,0 +1,2 @@ f', ['+one', '+two']);

  it('is a file of which as many added lines were read as git counts', async () =>
    assert.deepEqual(await look([change('whole.ts', 2), change('binary.bin', null)], whole), { secrets: [], unread: [] }));

  it('is not one that was read in part, or not at all: a person looks at it', async () => {
    const why = 'could not be looked through for secrets to its end';
    const text = `${whole}${block('odd.ts', '@@ unheard of @@', ['+three'])}`;
    assert.deepEqual(await look([change('whole.ts', 2), change('odd.ts', 1), change('missing.ts', 4)], text), {
      secrets: [],
      unread: [
        { path: 'odd.ts', why },
        { path: 'missing.ts', why },
      ],
    });
  });

  it('is not the whole of a change that is too long, of which the largest file is named', async () => {
    const { unread } = await look([change('whole.ts', 2), change('long.ts', 9)], whole, true);
    assert.deepEqual(unread, [{ path: 'long.ts', why: 'makes the change too long to be looked through for secrets' }]);
  });
});
