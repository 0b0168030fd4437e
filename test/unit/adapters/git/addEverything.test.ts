import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { notAdded, tooDeep } from '../../../../src/adapters/git/addEverything.ts';

const said = (stderr: string) => {
  const refused = notAdded({ exitCode: 128, stdout: '', stderr });
  return refused.ok ? null : refused.error;
};

describe('Why git could not add the files of a worktree', () => {
  it('is said in a sentence that names what hinders', () => {
    const writes = {
      code: 'failed',
      message: 'files were changed while git was reading them: something still writes in the worktree',
    };
    assert.deepEqual(
      [
        said('error: open("a b.txt"): Permission denied\nerror: unable to index file \'a b.txt\'\nfatal: updating files failed\n'),
        said('git was ended by SIGBUS\n'),
        said('error: short read while indexing big\nfatal: updating files failed\n'),
        said('fatal: something else\n'),
      ],
      [
        { code: 'failed', message: "a b.txt can't be read (permission denied), so that the worktree can't be recorded" },
        writes,
        writes,
        { code: 'failed', message: 'fatal: something else' },
      ],
    );
  });

  it('is told of a path that is too long by its beginning, of a folder as of a file', () => {
    const path = 'x'.repeat(2000);
    const told = `${'x'.repeat(60)}… is nested so deep that what is in it has no name`;
    assert.deepEqual(
      [
        `warning: could not open directory '${path}/': File name too long\n`,
        `fatal: unable to stat '${path}': File name too long\n`,
        `warning: could not lstat ${path}\n`,
        `warning: could not open directory '${'x'.repeat(100)}/': Permission denied\n`,
      ].map(tooDeep),
      [told, told, told, null],
    );
  });
});
