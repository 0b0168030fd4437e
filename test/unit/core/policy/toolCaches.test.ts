import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { toolCaches } from '../../../../src/core/policy/toolCaches.ts';

describe('Caches of tools in a cell', () => {
  it('are the cell’s own, and the user’s are read where the tool can', () => {
    const caches = toolCaches('/home/ada', { GOPROXY: 'https://proxy.example', GOPATH: '/home/ada/gopath:/other' });
    assert.equal(caches['CARGO_HOME'], '/home/ada/.cache/reactor/cargo');
    assert.equal(caches['GOPROXY'], 'file:///home/ada/gopath/pkg/mod/cache/download,https://proxy.example');
    assert.equal(caches['GRADLE_RO_DEP_CACHE'], '/home/ada/.gradle/caches');
    const written = Object.entries(caches).filter(([name]) => !['GOPROXY', 'GRADLE_RO_DEP_CACHE'].includes(name));
    assert.deepEqual(
      written.filter(([, path]) => !path.startsWith('/home/ada/.cache/reactor/')),
      [],
    );
  });
});
