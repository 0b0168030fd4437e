import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { runtimeTuning } from '../../../../src/adapters/opencode/runtimeTuning.ts';

describe("The tuning of a server's runtime", () => {
  it("gives way to the user's own", () => {
    assert.equal(runtimeTuning({ HOME: '/home/ann' })['BUN_JSC_useFTLJIT'], '0');
    assert.deepEqual(runtimeTuning({ BUN_JSC_useJIT: '1' }), {});
  });
});
