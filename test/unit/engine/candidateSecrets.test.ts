import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { addedSecretText } from '../../../src/core/policy/secrets/addedSecrets.ts';
import { SecretGuard } from '../../../src/core/policy/secrets/secretGuard.ts';
import type { FileChange } from '../../../src/core/ports/git.ts';
import { secretsIn } from '../../../src/engine/candidateSecrets.ts';
import { sampleKeys } from '../../support/sampleKeys.ts';

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

const look = (changes: readonly FileChange[], text: string, truncated = false, marked = '') =>
  secretsIn(
    {
      deps: {
        repository: {
          patch: ({ asText }) => Promise.resolve({ text: asText === true ? marked : text, truncated }),
          blobSizes: (blobs) => Promise.resolve(new Map(blobs.map((blob) => [blob, blob.startsWith('9') ? 9e9 : 9]))),
        },
        secrets: new SecretGuard([], () => 'f'),
      },
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

  it('is text in UTF-16, which git counts as binary, and no file that is none', async () => {
    const wide = (text: string): string => [...text].map((character) => `${character}\0`).join('');
    const added = `+${wide(`key = ${sampleKeys.anthropic}`)}`;
    const { secrets } = await look([change('wide.txt', null)], '', false, block('wide.txt', '@@ -0,0 +1 @@', [added]));
    assert.deepEqual(
      secrets.map(({ path, line }) => [path, line]),
      [['wide.txt', 1]],
    );
    const image = block('image.png', '@@ -0,0 +1 @@', [`+${'\0'.repeat(3)}${sampleKeys.anthropic}${'x'.repeat(100)}`]);
    assert.deepEqual(await look([change('image.png', null)], '', false, image), { secrets: [], unread: [] });
  });

  it('is the name that a change gives a file, too', async () => {
    const path = `notes/${sampleKeys.anthropic}.txt`;
    const changes = [{ ...change(path, 0), status: 'added' as const }, change(`kept/${sampleKeys.anthropic}`, 0)];
    const { secrets } = await look(changes, '');
    assert.deepEqual(secrets.map(addedSecretText), [`${path} (Anthropic key in its name)`]);
  });

  it('is not the whole of a change that is too long, of which the largest file is named', async () => {
    const { unread } = await look([change('whole.ts', 2), change('long.ts', 9)], whole, true);
    assert.deepEqual(unread, [{ path: 'long.ts', why: 'makes the change too long to be looked through for secrets' }]);
  });

  it('is also a short text that attributes call binary, and neither a real binary nor a large one', async () => {
    const key = sampleKeys['github'] ?? '';
    const text = block('yarn.lock', '@@ -1,0 +1,2 @@', ['+fine', `+token ${key}`]);
    const binary = block('image.bin', '@@ -1,0 +1,2 @@', ['+\0', `+token ${key}`]);
    const large = { ...change('large.svg', null), newOid: '9'.repeat(40) };
    const changes = [change('yarn.lock', null), change('image.bin', null)];
    const { secrets } = await look(changes, '', false, `${text}${binary}`);
    assert.deepEqual(
      [secrets.map(({ path, line }) => [path, line]), await look([large], '', false, text)],
      [[['yarn.lock', 2]], { secrets: [], unread: [{ path: 'large.svg', why: 'is too long to be looked through for secrets' }] }],
    );
  });
});
