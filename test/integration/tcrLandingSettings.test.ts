import assert from 'node:assert/strict';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { execa } from 'execa';
import { after, before, describe, it } from 'mocha';
import { type Outcome, onlyRun, Reactor } from '../support/reactor.ts';
import { plainProject } from '../support/sampleProjects.ts';
import { commitFiles, git } from '../support/sampleRepository.ts';
import { byWord, Gate, tools, write } from '../support/sampleScript.ts';

describe("A landing follows the user's git settings", function () {
  this.timeout(180_000);
  const targetMoves = new Gate();
  let reactor: Reactor;
  let repository: string;
  let told: string;
  let outcome: Outcome;

  before(async () => {
    reactor = await Reactor.open(byWord({ signed: targetMoves.before(tools(write('signed.txt', 'good\n'))) }));
    repository = await reactor.repository('signed', plainProject());
    const key = join(reactor.root, 'key');
    await execa('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-C', 'test@example.invalid', '-f', key]);
    writeFileSync(join(reactor.root, 'signers'), `test@example.invalid ${readFileSync(`${key}.pub`, 'utf8')}`);
    const hooks = join(reactor.root, 'hooks');
    told = join(reactor.root, 'told');
    mkdirSync(hooks);
    const tell = (hook: string, exitCode: number): void =>
      writeFileSync(join(hooks, hook), `#!/bin/sh\necho "${hook} in $(pwd)" >> ${told}\nexit ${exitCode}\n`, { mode: 0o755 });
    tell('post-merge', 0);
    const pairs = {
      'gpg.format': 'ssh',
      'user.signingkey': `${key}.pub`,
      'gpg.ssh.allowedSignersFile': join(reactor.root, 'signers'),
      'commit.gpgsign': 'true',
      'core.hooksPath': hooks,
    };
    for (const [name, value] of Object.entries(pairs)) await git(repository, 'config', name, value);
    const call = reactor.startRun(repository, 'Write signed', ['--land', 'merge']);
    await call.entry('attempt/started');
    await commitFiles(repository, { 'other.txt': 'by hand\n' });
    // Hooks of commits concern the person's own commits; a landing is not one.
    for (const hook of ['pre-commit', 'commit-msg', 'pre-merge-commit']) tell(hook, 1);
    targetMoves.open();
    outcome = await call.outcome;
  });
  after(() => reactor.close());

  it('the commits of cell and landing are signed with their key, and git verifies them', async () => {
    assert.deepEqual([outcome.exitCode, onlyRun(outcome).status], [0, 'landed'], outcome.stderr);
    const marks = await git(repository, 'log', '--format=%G? %GS %s', '-3', '--topo-order', 'main');
    assert.deepEqual(
      marks.split('\n').map((line) => line.split(' ').slice(0, 2).join(' ')),
      ['G test@example.invalid', 'G test@example.invalid', 'G test@example.invalid'],
    );
    assert.match(await git(repository, 'log', '-1', '--format=%s', 'main'), /^Merge reactor\/.* into main$/);
  });

  it('their hook for merges runs once, in their checkout and from their own folder of hooks, and none of the others', () => {
    assert.equal(readFileSync(told, 'utf8'), `post-merge in ${repository}\n`);
  });

  it('leaves their settings as they were', async () => {
    assert.deepEqual(
      [await git(repository, 'config', 'commit.gpgsign'), await git(repository, 'config', 'core.hooksPath')],
      ['true', join(reactor.root, 'hooks')],
    );
  });
});
