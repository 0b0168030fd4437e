import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
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
    reactor = await Reactor.open(byWord({ signed: tools(write('signed.txt', 'good\n')), blocked: tools(write('blocked.txt', 'good\n')) }));
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

  it('because something is in the way of its branch lets the run wait, too, once trying again was in vain', async () => {
    const repository = await reactor.repository('blocked', plainProject());
    const reviewed = await reactor.run(repository, 'Write blocked', ['--task', 'blocked', '--approve', 'ask']);
    assert.equal(onlyRun(reviewed).status, 'parked', reviewed.stderr);
    await git(repository, 'update-ref', '-d', 'refs/heads/reactor/blocked');
    await git(repository, 'update-ref', 'refs/heads/reactor/blocked/below', 'main');
    const parked = await reactor.call(repository, ['approve', 'blocked', '--json']);
    assert.deepEqual([parked.exitCode, onlyRun(parked).status], [5, 'parked'], parked.stderr);
    assert.match(
      onlyRun(parked).reason,
      /^the branch reactor\/blocked could not be moved: .*; nothing is lost\. Mend it, then run: reactor resume blocked-r1$/s,
    );
    assert.equal(dataOf(parked, 'run/recoveryApplied').length, 3);
    await git(repository, 'update-ref', '-d', 'refs/heads/reactor/blocked/below');
    const outcome = await reactor.call(repository, ['resume', 'blocked', '--json']);
    assert.deepEqual([outcome.exitCode, onlyRun(outcome).status], [0, 'landed'], outcome.stderr);
  });
});
