import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { climbedOutOf, leadsOutside } from '../../../../src/core/policy/linkPolicy.ts';

describe('a link of a candidate', () => {
  it('leads outside by an absolute path, and by more climbs than it is deep', () => {
    const out = (path: string, target: string) => leadsOutside(path, target);
    assert.deepEqual([out('l', '/etc'), out('a/l', '../../x'), out('a/l', 'b/../../../x'), out('l', 'C:\\x')], [true, true, true, true]);
    assert.deepEqual([out('a/l', '../x'), out('l', 'a/b'), out('a/b/l', '../../c')], [false, false, false]);
  });

  it('climbs out of the folders that it has gone into, each of which may be a link itself', () => {
    assert.deepEqual(climbedOutOf('l', 'deep/d/../x'), ['deep/d']);
    assert.deepEqual(climbedOutOf('a/l', '../b/c/../../x'), ['b/c', 'b']);
    assert.deepEqual(climbedOutOf('a/b/l', '../../x/./y/..//z'), ['x/y']);
    assert.deepEqual([climbedOutOf('a/b/l', '../../c'), climbedOutOf('l', 'a/b')], [[], []]);
  });
});
