import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { withWarmUp } from '../../../../src/adapters/opencode/warmUp.ts';

describe('the model that a server is warmed up with', () => {
  const scripted = { npm: 'their-package', options: { baseURL: 'https://models.example' }, models: { m1: {} } };

  it('is of the package that the first prompt will need, at the address of the server itself, beside the ones that are there', () => {
    const { provider } = withWarmUp({ model: 'scripted/m1', provider: { scripted } }, 4321) as {
      provider: Record<string, { npm: string; options: { baseURL: string } }>;
    };
    assert.deepEqual(Object.keys(provider), ['scripted', 'reactor-warm-up']);
    assert.equal(provider['scripted'], scripted);
    assert.equal(provider['reactor-warm-up']?.npm, 'their-package');
    assert.equal(provider['reactor-warm-up']?.options.baseURL, 'http://127.0.0.1:4321/reactor-warm-up');
  });

  it('is one of those that are enabled where a configuration lists them', () => {
    assert.deepEqual(withWarmUp({ model: 'a/b', enabled_providers: ['a'] }, 1)['enabled_providers'], ['a', 'reactor-warm-up']);
    assert.equal('enabled_providers' in withWarmUp({ model: 'a/b' }, 1), false);
  });

  it('is left out where no model is named, as the server could take it for the one to use', () => {
    const config = { provider: { scripted } };
    assert.equal(withWarmUp(config, 1), config);
  });
});
