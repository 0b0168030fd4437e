import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, it } from 'mocha';

const script = fileURLToPath(new URL('../../../scripts/installed.mjs', import.meta.url));

describe('what is installed', () => {
  let root: string;
  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), 'installed-'));
    mkdirSync(join(root, 'node_modules'));
  });
  afterEach(() => rmSync(root, { recursive: true, force: true }));

  const wanted = {
    '': { version: '1.0.0' },
    'node_modules/a': { version: '1.0.0' },
    'node_modules/b': { version: '2.0.0', optional: true },
  };
  const isInstalled = (present: object | undefined) => {
    writeFileSync(join(root, 'package-lock.json'), JSON.stringify({ packages: wanted }));
    if (present !== undefined) writeFileSync(join(root, 'node_modules', '.package-lock.json'), JSON.stringify({ packages: present }));
    const code = `import { isInstalled } from ${JSON.stringify(script)}; console.log(isInstalled(process.argv[1]));`;
    return spawnSync(process.execPath, ['--input-type=module', '-e', code, root], { encoding: 'utf8' }).stdout.trim();
  };

  it('is complete without the optional packages of other platforms', () => {
    assert.equal(isInstalled({ 'node_modules/a': { version: '1.0.0' } }), 'true');
  });

  it('is incomplete without npm’s own record, without a package, or with another version', () => {
    assert.equal(isInstalled(undefined), 'false');
    assert.equal(isInstalled({ 'node_modules/b': { version: '2.0.0' } }), 'false');
    assert.equal(isInstalled({ 'node_modules/a': { version: '1.0.1' } }), 'false');
    assert.equal(isInstalled({ 'node_modules/a': { version: '1.0.0' }, 'node_modules/b': { version: '1.0.0' } }), 'false');
  });
});
