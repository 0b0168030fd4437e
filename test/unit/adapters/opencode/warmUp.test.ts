import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'mocha';
import { withWarmUp } from '../../../../src/adapters/opencode/warmUp.ts';

describe('the model that a server is warmed up with', () => {
  const nowhere = join(tmpdir(), 'reactor-no-folder');
  const scripted = { npm: 'their-package', options: { baseURL: 'https://models.example' }, models: { m1: {} } };

  it('is of the package that the first prompt will need, at the address of the server itself, beside the ones that are there', () => {
    const { provider } = withWarmUp({ model: 'scripted/m1', provider: { scripted } }, 4321, nowhere) as unknown as {
      provider: Record<string, { npm: string; options: { baseURL: string } }>;
    };
    assert.deepEqual(Object.keys(provider), ['scripted', 'reactor-warm-up']);
    assert.equal(provider['scripted'], scripted);
    assert.equal(provider['reactor-warm-up']?.npm, 'their-package');
    assert.equal(provider['reactor-warm-up']?.options.baseURL, 'http://127.0.0.1:4321/reactor-warm-up');
  });

  it('is one of those that are enabled where a configuration lists them', () => {
    assert.deepEqual(withWarmUp({ model: 'a/b', enabled_providers: ['a'] }, 1, nowhere)?.['enabled_providers'], ['a', 'reactor-warm-up']);
    assert.equal(withWarmUp({ model: 'a/b' }, 1, nowhere)?.['enabled_providers'], undefined);
  });

  it('is left out where no model is named, as the server could take it for the one to use', () => {
    assert.equal(withWarmUp({ provider: { scripted } }, 1, nowhere), null);
  });

  it('is left out where the user has plugins, which would hear of the turn', () => {
    const folder = mkdtempSync(join(tmpdir(), 'reactor-warm-up-'));
    try {
      mkdirSync(join(folder, 'plugin'));
      assert.equal(withWarmUp({ model: 'a/b', plugin: ['theirs'] }, 1, nowhere), null);
      assert.equal(withWarmUp({ model: 'a/b', plugin: [] }, 1, folder), null);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});
