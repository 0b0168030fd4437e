import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import type { GitRefusal, GitRepository } from '../../../src/core/ports/git.ts';
import { makeWorktree } from '../../../src/engine/halfMade.ts';

const request = { path: '/cell', branch: 'reactor/task', base: 'a'.repeat(40), checkout: null };
const killed: GitRefusal = { code: 'failed', message: 'git was ended by SIGKILL' };

/** A repository that answers so, and then makes the worktree. */
async function asked(...refusals: GitRefusal[]): Promise<readonly [ok: boolean, calls: number]> {
  let calls = 0;
  const createWorktree: GitRepository['createWorktree'] = async () => {
    const error = refusals[calls];
    calls += 1;
    return error === undefined ? { ok: true, value: undefined } : { ok: false, error };
  };
  const made = await makeWorktree({ createWorktree } as GitRepository, request, new AbortController().signal);
  return [made.ok, calls];
}

describe('Making a worktree', () => {
  it('is tried again when git was killed, which says nothing of whether it can be made', async () =>
    assert.deepEqual(await asked(killed, killed), [true, 3]));

  it('is given up when git is killed each time', async () => assert.deepEqual(await asked(killed, killed, killed, killed), [false, 3]));

  it('is not tried again where something is in the way', async () =>
    assert.deepEqual(await asked({ code: 'exists', message: 'it is there' }), [false, 1]));
});
