import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'mocha';
import { startFingerprint } from '../../../../src/adapters/opencode/startFingerprint.ts';

describe('the fingerprint of what a server takes in when it starts', () => {
  let home: string;
  const write = (path: string, content: string): void => {
    mkdirSync(dirname(join(home, path)), { recursive: true });
    writeFileSync(join(home, path), content);
  };
  beforeEach(() => {
    home = mkdtempSync(join(tmpdir(), 'fingerprint-'));
    write('bin/opencode', 'program');
    write('.config/opencode/opencode.json', '{ "model": "a/one", "provider": { "a": { "options": { "apiKey": "{file:~/key}" } } } }');
    write('key', 'one');
    write('repo/opencode.json', '{}');
  });
  afterEach(() => rmSync(home, { recursive: true }));

  const print = (env: Record<string, string> = {}, model: string | null = null): string =>
    startFingerprint(
      { HOME: home, ...env },
      { path: join(home, 'bin/opencode'), version: '1.18.33', preloads: true },
      { projectFolder: join(home, 'repo'), worktree: '/worktree', model, permissions: [] },
    );

  it('is the same while nothing has changed, and tells no value', () => {
    const first = print();
    assert.equal(print(), first);
    assert.match(first, /^[0-9a-f]{64}$/);
  });

  for (const [what, change] of [
    ['a login', () => write('.local/share/opencode/auth.json', '{ "a": { "type": "api", "key": "k" } }')],
    ['a setting', () => write('.config/opencode/opencode.json', '{ "model": "a/two" }')],
    ["a setting of the project's", () => write('repo/opencode.json', '{ "small_model": "a/small" }')],
    ['a file that a key is taken from', () => write('key', 'two')],
    ['an agent', () => write('.config/opencode/agent/careful.md', 'Be careful.')],
    ['the program', () => write('bin/opencode', 'another program')],
  ] as const) {
    it(`is another one after a change of ${what}`, () => {
      const before = print();
      change();
      assert.notEqual(print(), before);
    });
  }

  it('is another one with another variable or model', () => {
    assert.equal(new Set([print(), print({ A_API_KEY: 'x' }), print({}, 'a/two')]).size, 3);
  });
});
