import assert from 'node:assert/strict';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'mocha';
import { settingsWithoutLogins } from '../../../../src/adapters/sandbox/keptSettings.ts';

describe('Settings of tools in a cell', () => {
  let root: string;
  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), 'reactor-settings-'));
  });
  afterEach(() => rmSync(root, { recursive: true, force: true }));

  const put = (name: string, text: string): void => {
    mkdirSync(dirname(join(root, name)), { recursive: true });
    writeFileSync(join(root, name), text);
  };
  const seen = (): Record<string, string> =>
    Object.fromEntries(
      settingsWithoutLogins([join(root, 'home')], [join(root, 'node/bin')], join(root, 'copies')).map(({ kind, path, from = '' }) => [
        `${kind} ${path.slice(root.length + 1)}`,
        readFileSync(from, 'utf8'),
      ]),
    );

  it('are the user’s without the logins in them', () => {
    put('home/.gitconfig', '[user]\n\tname = Ada\n[http]\n\textraheader = secret\n');
    put('home/.cargo/config.toml', '[registries.own]\nindex = "https://own"\ntoken = "secret"\n[build]\njobs = 2\n');
    put('node/etc/npmrc', '//registry.example.org/:_authToken=secret\nfund=false\n');
    assert.deepEqual(seen(), {
      'readOnly home/.gitconfig': '[user]\n\tname = Ada\n[http]\n',
      'readOnly home/.cargo/config.toml': '[registries.own]\nindex = "https://own"\n[build]\njobs = 2\n',
      'readOnly node/etc/npmrc': 'fund=false\n',
    });
  });

  it('are so in every way in which the tools take them', () => {
    put('home/.config/git/work', '[url "https://ann:secret@own.example/"]\n\tinsteadOf = own:\n');
    put(
      'home/.cargo/config.toml',
      'registries.own.token = "secret"\n[registries]\na = { index = "i", "token" = "secret" }\n[http]\nproxy = "http://a:b@p"\n',
    );
    put('node/etc/npmrc', 'proxy=http://ann:secret@proxy.example/\n');
    assert.deepEqual(seen(), {
      'readOnly home/.config/git/work': '[url "https://own.example/"]\n\tinsteadOf = own:\n',
      'readOnly home/.cargo/config.toml': '[registries]\n[http]\nproxy = "http://p"\n',
      'readOnly node/etc/npmrc': 'proxy=http://proxy.example/\n',
    });
  });

  it('are the files themselves where there is no login in them, and no copy is left', () => {
    put('copies/0', 'of another start');
    put('home/.gitconfig', '[user]\r\n\tname = Ada\r\n');
    put('node/etc/npmrc', 'fund=false\n');
    assert.deepEqual([seen(), existsSync(join(root, 'copies'))], [{}, false]);
  });
});
