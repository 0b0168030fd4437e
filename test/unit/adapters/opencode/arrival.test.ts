import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'mocha';
import { arrivalOf, arrivalProbe } from '../../../../src/adapters/opencode/arrival.ts';

describe('INV-002: how a sandboxed server comes to its worktree', () => {
  let home: string;
  before(() => {
    home = mkdtempSync(join(tmpdir(), 'reactor-arrival-'));
  });
  after(() => rmSync(home, { recursive: true, force: true }));

  const config = { model: 'a/b', plugin: ['file:///the/users.js'] };
  const arrival = (preloads: boolean, isEnclosed: boolean) => arrivalOf(config, { home, worktree: '/work/a "tree"', preloads, isEnclosed });
  const file = (): string => readFileSync(join(home, 'config', 'arrival.mjs'), 'utf8');

  it('is brought there before all else, and what it starts knows nothing of it', () => {
    const { config: own, environment } = arrival(true, true);
    assert.deepEqual([own, Object.values(environment)], [config, [join(home, 'config', 'arrival.mjs')]]);
    assert.match(file(), /^const folder = "\/work\/a \\"tree\\"";$/m);
    assert.doesNotMatch(file(), /process\.chdir/);
    // Not fatal where the kernel has none of it.
    assert.match(file(), /\ntry \{\n[\s\S]*'bun:ffi'[\s\S]*\} catch \{/);
    assert.match(file(), new RegExp(`delete process\\.env\\.${Object.keys(environment)[0]};`));
  });

  it('is brought there by a plugin before the user’s own, where the runtime preloads nothing', () => {
    const { config: own, environment } = arrival(false, true);
    assert.deepEqual(environment, {});
    assert.deepEqual(own, { ...config, plugin: [`file://${join(home, 'config', 'arrival.mjs')}`, 'file:///the/users.js'] });
    assert.match(file(), /^process\.chdir\(.*\);\nexport const Arrival = /);
  });

  it('starts there without a sandbox', () => {
    for (const preloads of [true, false]) assert.deepEqual(arrival(preloads, false), { config, environment: {} });
  });

  it('a program is tried with a file that is gone afterwards', () => {
    const { environment, says, dispose } = arrivalProbe();
    const [tried = ''] = Object.values(environment);
    assert.ok(readFileSync(tried, 'utf8').includes(says.slice('came to '.length)));
    dispose();
    assert.equal(existsSync(tried), false);
  });
});
