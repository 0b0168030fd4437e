import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { sha256 } from '../../../../../src/adapters/journal/sha256.ts';
import { addedSecrets } from '../../../../../src/core/policy/secrets/addedSecrets.ts';
import { secretsOfEnvironment, secretsOfSettings } from '../../../../../src/core/policy/secrets/knownSecrets.ts';
import { SecretGuard } from '../../../../../src/core/policy/secrets/secretGuard.ts';
import { parsePatch } from '../../../../../src/core/projections/parsePatch.ts';
import { sampleKeys } from '../../../../support/sampleKeys.ts';

const guard = new SecretGuard([{ name: 'MY_TOKEN', value: 'a-word-nobody-guesses-91' }], sha256);

describe('SecretGuard', () => {
  for (const [id, key] of Object.entries(sampleKeys)) {
    it(`finds and covers the shape ${id}`, () => {
      const text = `before "${key}" after`;
      assert.deepEqual(
        guard.find(text).map((found) => found.id.replace(/:.*/, '')),
        [id],
      );
      const redacted = guard.redact(text);
      for (const line of key.split('\n').filter((part) => part.length > 30)) assert.ok(!redacted.includes(line.slice(-20)), redacted);
      assert.equal(redacted.split('\n').length, text.split('\n').length);
      assert.match(redacted, /^before "[\s\S]*\[secret: [^\]]+\]" after$/);
    });
  }

  it('covers the values of this machine wherever they stand, and names them', () => {
    assert.equal(guard.redact('a=a-word-nobody-guesses-91;b=xa-word-nobody-guesses-91x'), 'a=[secret: MY_TOKEN];b=x[secret: MY_TOKEN]x');
    assert.deepEqual(guard.find('x a-word-nobody-guesses-91'), [{ at: 2, name: 'MY_TOKEN', id: 'known:MY_TOKEN' }]);
  });

  it('leaves alone what stands for a key in documents, and what only looks a little like one', () => {
    const harmless = [
      `${'AK'}IAIOSFODNN7EXAMPLE`,
      `${'gh'}p_${'x'.repeat(36)}`,
      'sk-your-api-key-here-your-api-key-here-your-api-key-here',
      'const token = process.env.GITHUB_TOKEN ?? "";',
      'task-0123456789abcdef0123456789abcdef0123456789abcdef',
      'sk-learn is a library, as is risk-management-of-things-that-are-long-enough-to-be-seen-as-keys',
      '-----BEGIN PRIVATE KEY-----',
      "if (!pem.startsWith('-----BEGIN PRIVATE KEY-----')) throw new Error('not a key');",
      '-----BEGIN CERTIFICATE-----\nMIIDdzCCAl+gAwIBAgIEAgAAuTANBgkqhkiG9w0BAQUFADBaMQsw',
      '"integrity": "sha512-gyb3oBvQTmPeEbL0zUCvgQ2LBkJrtGLD5oKbyTQZ2MxOnLEPFVYjRNdv1sSgoOZDUpX1kDbZyNdSwFZ6YbgMOw=="',
      'commit 88332e9f0c2b4d6a8e0f1234567890abcdef1234',
      'eyJhbGciOiJIUzI1NiJ9 is the head of a token',
    ];
    for (const text of harmless) assert.deepEqual(guard.find(text), [], text);
  });

  it('takes no long time over text that is made to look like keys', () => {
    const hostile = ['-----BEGIN PRIVATE KEY-----\n', 'eyJ', 'sk-', 'aws_secret_access_key ', '.eyJaaaaaaaaaaaaaaa'];
    for (const part of hostile) assert.equal(typeof guard.redact(part.repeat(20_000)), 'string');
    // A line of which each part could be the head of a key that ends with the line.
    assert.deepEqual(guard.find('-----BEGIN PRIVATE KEY-----Aa: '.repeat(100_000)), []);
  });

  it('covers texts anywhere in a value, and returns the very value when there is nothing to cover', () => {
    const clean = { a: [1, null, 'x'], b: { c: 'y' } };
    assert.equal(guard.redactIn(clean), clean);
    assert.deepEqual(guard.redactIn({ a: ['k a-word-nobody-guesses-91'], n: 1, none: undefined }), {
      a: ['k [secret: MY_TOKEN]'],
      n: 1,
      none: undefined,
    });
  });

  it('keeps the marks of a diff when it covers a key of several lines', () => {
    const patch = `@@ -0,0 +1,5 @@\n${`a\n${sampleKeys['private-key']}`
      .split('\n')
      .map((line) => `+${line}`)
      .join('\n')}\n`;
    assert.equal(
      guard.redact(patch),
      '@@ -0,0 +1,5 @@\n+a\n+[secret: private key]\n+[secret: private key]\n+[secret: private key]\n+[secret: private key]\n',
    );
  });
});

describe('secrets of this machine', () => {
  it('are values of variables that are named like secrets, but no paths, numbers or words', () => {
    const env = {
      ANTHROPIC_API_KEY: 'k1-4f7a9c2e8b',
      DB_PASSWORD: 'hunter2hunter2x',
      GITHUB_TOKEN: 'short',
      SSH_AUTH_SOCK: '/tmp/ssh-x/agent.1234',
      TOKEN_FILE: 'secret-file-name-1',
      SOME_SECRET: '/run/secrets/one',
      API_TOKEN: 'not configured here',
      PATH: '/usr/bin:/bin:/usr/local/bin',
      KEYBOARD: 'dvorak-with-more-1',
      npm_config_TOKEN: 'n9-8f7e6d5c4b3a',
    };
    assert.deepEqual(
      secretsOfEnvironment(env).map(({ name }) => name),
      ['ANTHROPIC_API_KEY', 'DB_PASSWORD', 'npm_config_TOKEN'],
    );
  });

  it('are stored logins and keys written out in settings', () => {
    const settings = {
      anthropic: { type: 'oauth', refresh: 'r-9f8e7d6c5b4a', access: 'a-1f2e3d4c5b6a', expires: 1 },
      provider: { x: { options: { apiKey: 'p-5a4b3c2d1e0f', baseURL: 'https://example.org/aaaa' }, env: { apiKey: '{env:X_KEY_NAME}' } } },
    };
    assert.deepEqual(
      secretsOfSettings(settings, 'stored').map(({ value }) => value),
      ['r-9f8e7d6c5b4a', 'a-1f2e3d4c5b6a', 'p-5a4b3c2d1e0f'],
    );
  });
});

describe('addedSecrets', () => {
  const key = sampleKeys['github'] ?? '';
  const patch = (lines: readonly string[], start = 10): string =>
    `diff --git a/src/a.ts b/src/a.ts\n--- a/src/a.ts\n+++ b/src/a.ts\n@@ -${start},${lines.filter((l) => !l.startsWith('+')).length} +${start},${lines.filter((l) => !l.startsWith('-')).length} @@\n${lines.join('\n')}\n`;

  it('names file and line of added lines alone', () => {
    const text = patch([' one', `-${key}`, '+two', `+const t = '${key}';`, ` ${key}`]);
    const found = addedSecrets(parsePatch(text), guard, []);
    assert.deepEqual(
      found.map(({ path, line, name }) => ({ path, line, name })),
      [{ path: 'src/a.ts', line: 12, name: 'GitHub token' }],
    );
    assert.ok(!JSON.stringify(found).includes(key));
  });

  it('leaves out the very value that a person allowed, and no other', () => {
    const text = patch([`+${key}`, `+${key.replace('aB3d', 'zZ9y')}`]);
    const [first, second] = addedSecrets(parsePatch(text), guard, []);
    assert.deepEqual(addedSecrets(parsePatch(text), guard, [first?.id ?? '']), [second]);
  });

  it('finds a key that goes over several added lines', () => {
    const lines = ['+x', ...(sampleKeys['private-key'] ?? '').split('\n').map((line) => `+${line}`)];
    assert.deepEqual(
      addedSecrets(parsePatch(patch(lines)), guard, []).map(({ line }) => line),
      [11],
    );
  });

  it('takes no long time over very many of them', () => {
    const letters = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567';
    const key = (number: number): string =>
      `${'AK'}IA${Array.from({ length: 16 }, (_, at) => letters[(number * 37 + at * 5) & 31]).join('')}`;
    const found = addedSecrets(parsePatch(patch(Array.from({ length: 100_000 }, (_, number) => `+${key(number)}`))), guard, []);
    assert.deepEqual([found.length, found.at(-1)?.line], [20, 29]);
  });
});
