import assert from 'node:assert/strict';
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'mocha';
import { dataOf, onlyRun, Reactor } from '../support/reactor.ts';
import { plainProject } from '../support/sampleProjects.ts';
import { git } from '../support/sampleRepository.ts';
import { byWord, tools, write } from '../support/sampleScript.ts';

describe('A commit that git refuses', function () {
  this.timeout(180_000);
  let reactor: Reactor;

  before(async () => {
    reactor = await Reactor.open(byWord({ signed: tools(write('signed.txt', 'good\n')), moved: tools(write('moved.txt', 'good\n')) }));
  });
  after(() => reactor.close());

  it('because it can not be signed lets the run wait, at once and with its words, and resume commits it', async () => {
    const repository = await reactor.repository('signed', plainProject());
    const program = join(reactor.root, 'no-gpg');
    writeFileSync(program, '#!/bin/sh\necho "no secret key" >&2\nexit 2\n', { mode: 0o755 });
    await git(repository, 'config', 'gpg.program', program);
    await git(repository, 'config', 'commit.gpgSign', 'true');
    const parked = await reactor.run(repository, 'Write signed', ['--task', 'signed']);
    assert.deepEqual([parked.exitCode, onlyRun(parked).status, dataOf(parked, 'run/recoveryApplied')], [5, 'parked', []], parked.stderr);
    assert.match(onlyRun(parked).reason, /^the commit could not be made: .*gpg failed to sign the data/s);
    await git(repository, 'config', 'commit.gpgSign', 'false');
    const outcome = await reactor.call(repository, ['resume', 'signed', '--json']);
    assert.deepEqual([outcome.exitCode, onlyRun(outcome).status, onlyRun(outcome).attempts], [0, 'landed', 1], outcome.stderr);
  });

  it('because a hook holds the target lets the run wait, too, once trying again was in vain', async () => {
    const repository = await reactor.repository('moved', plainProject());
    const hook = join(repository, '.git', 'hooks', 'reference-transaction');
    const refuses = '#!/bin/sh\n[ "$1" = prepared ] && grep -q refs/heads/main && { echo "not today" >&2; exit 1; }\nexit 0\n';
    writeFileSync(hook, refuses, { mode: 0o755 });
    const parked = await reactor.run(repository, 'Write moved', ['--task', 'moved']);
    assert.deepEqual([parked.exitCode, onlyRun(parked).status], [5, 'parked'], parked.stderr);
    assert.match(onlyRun(parked).reason, /^main could not be moved: .*; nothing is lost\. Mend it, then run: reactor resume moved-r1$/s);
    rmSync(hook);
    const outcome = await reactor.call(repository, ['resume', 'moved', '--json']);
    assert.deepEqual([outcome.exitCode, onlyRun(outcome).status], [0, 'landed'], outcome.stderr);
  });
});
