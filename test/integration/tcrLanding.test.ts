import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'mocha';
import { type Call, dataOf, type Outcome, onlyRun, Reactor } from '../support/reactor.ts';
import { plainProject } from '../support/sampleProjects.ts';
import { advance, checkoutState, commitFiles, git } from '../support/sampleRepository.ts';
import { byWord, Gate, tools, write } from '../support/sampleScript.ts';

describe('Landing by the command line', function () {
  this.timeout(180_000);
  const targetMoves = new Gate();
  let reactor: Reactor;

  before(async () => {
    reactor = await Reactor.open(
      byWord({
        alpha: tools(write('alpha.txt', 'good\n')),
        beta: tools(write('beta.txt', 'good\n')),
        gamma: tools(write('gamma.txt', 'good\n')),
        delta: tools(write('delta.txt', 'good\n')),
        merging: targetMoves.before(tools(write('merging.txt', 'good\n'))),
        clashing: targetMoves.before(tools(write('readme.txt', 'Ours.\n'))),
        leftist: targetMoves.before(tools(write('left.txt', 'good\n'))),
      }),
    );
  });
  after(() => reactor.close());

  it('INV-007: exit code 0, the checked out branch moves to exactly the tested tree and its clean checkout follows', async () => {
    const repository = await reactor.repository('clean', plainProject());
    const before = await git(repository, 'rev-parse', 'HEAD');
    const outcome = await reactor.run(repository, 'Write alpha');
    const { commit, tree, status, branch } = onlyRun(outcome);
    const [tested] = dataOf(outcome, 'attempt/tested');
    assert.deepEqual(
      {
        exitCode: outcome.exitCode,
        status,
        branch,
        head: await git(repository, 'symbolic-ref', 'HEAD'),
        tip: await git(repository, 'rev-parse', 'main'),
        parent: await git(repository, 'rev-parse', 'main^'),
        tree: await git(repository, 'rev-parse', 'main^{tree}'),
        files: await git(repository, 'ls-tree', '-r', '--name-only', 'main'),
        unfinished: await git(repository, 'status', '--porcelain'),
        content: await git(repository, 'show', ':alpha.txt'),
        trailer: await git(repository, 'log', '-1', '--format=%(trailers:key=Reactor-Run,valueonly,separator=%x2C)', 'main'),
      },
      {
        exitCode: 0,
        status: 'landed',
        branch: 'main',
        head: 'refs/heads/main',
        tip: commit,
        parent: before,
        tree: tested?.tree,
        files: 'alpha.txt\ncheck.sh\nreactor.yaml\nreadme.txt',
        unfinished: '',
        content: 'good',
        trailer: 'TASK-001-r1',
      },
    );
    assert.equal(tree, tested?.tree);
  });

  it('lands the next task on what landed before and on what was committed by hand', async () => {
    const repository = join(reactor.root, 'clean');
    const theirs = await commitFiles(repository, { 'own.txt': 'by hand\n' });
    const outcome = await reactor.run(repository, 'Write beta');
    assert.deepEqual([outcome.exitCode, await git(repository, 'rev-parse', 'main^')], [0, theirs]);
  });

  describe('while the checkout has unfinished changes', () => {
    let repository: string;
    let untouched: Awaited<ReturnType<typeof checkoutState>>;
    let main: string;
    let aside: Outcome;
    let kept: Outcome;
    let dirty: Outcome;

    before(async () => {
      repository = await reactor.repository('dirty', plainProject());
      writeFileSync(join(repository, '.git', 'hooks', 'pre-commit'), '#!/bin/sh\nexit 1\n', { mode: 0o755 });
      writeFileSync(join(repository, 'readme.txt'), 'Stashed.\n');
      await git(repository, 'stash');
      writeFileSync(join(repository, 'readme.txt'), 'Unfinished.\n');
      writeFileSync(join(repository, 'staged.txt'), 'staged\n');
      await git(repository, 'add', 'staged.txt');
      writeFileSync(join(repository, 'untracked.txt'), 'mine\n');
      await git(repository, 'branch', 'aside');
      main = await git(repository, 'rev-parse', 'main');
      untouched = await checkoutState(repository);
      [aside, kept, dirty] = await Promise.all([
        reactor.run(repository, 'Write beta', ['--target', 'aside']),
        reactor.run(repository, 'Write gamma', ['--land', 'branch']),
        reactor.run(repository, 'Write delta', ['--target', 'main']),
      ]);
    });

    it('INV-010: index, HEAD, stash, hooks and files of the checkout stay as they were, byte by byte', async () => {
      assert.deepEqual(await checkoutState(repository), untouched);
    });

    it('exit code 0 for a target that is checked out nowhere', async () => {
      const { status, commit, branch } = onlyRun(aside);
      assert.deepEqual(
        [aside.exitCode, status, branch, commit, await git(repository, 'show', 'aside:beta.txt')],
        [0, 'landed', 'aside', await git(repository, 'rev-parse', 'aside'), 'good'],
      );
    });

    it('exit code 0 with --land branch: the commit stays on its own branch', async () => {
      const { status, commit, branch } = onlyRun(kept);
      assert.deepEqual(
        [kept.exitCode, status, commit, await git(repository, 'show', `${branch}:gamma.txt`)],
        [0, 'committed', await git(repository, 'rev-parse', branch ?? ''), 'good'],
      );
    });

    it('exit code 5 and parked when the target is the one with unfinished changes; says which and what to do', async () => {
      const { status, reason, run } = onlyRun(dirty);
      assert.deepEqual([dirty.exitCode, status, await git(repository, 'rev-parse', 'main')], [5, 'parked', main]);
      for (const part of ['unfinished changes', repository, `reactor approve ${run}`]) assert.ok(reason.includes(part), reason);
    });

    it('lands by approve once the checkout is clean again', async () => {
      await git(repository, 'stash', '--include-untracked');
      const { run, commit } = onlyRun(dirty);
      const outcome = await reactor.call(repository, ['approve', run, '--json']);
      assert.deepEqual(
        [
          outcome.exitCode,
          onlyRun(outcome).status,
          onlyRun(outcome).commit,
          await git(repository, 'rev-parse', 'HEAD'),
          await git(repository, 'status', '--porcelain'),
        ],
        [0, 'landed', commit, commit, ''],
      );
    });
  });

  describe('on a target that moved meanwhile', () => {
    let repository: string;
    let merged: Outcome;
    let conflict: Outcome;
    let red: Outcome;
    const tips: Record<string, string> = {};

    before(async () => {
      repository = await reactor.repository('moving', plainProject('landing:\n  retries: 0\n'));
      for (const branch of ['merge', 'clash', 'redmerge']) await git(repository, 'branch', branch);
      const calls: Call[] = [
        reactor.startRun(repository, 'Write merging', ['--target', 'merge']),
        reactor.startRun(repository, 'Write clashing', ['--target', 'clash']),
        reactor.startRun(repository, 'Write leftist', ['--target', 'redmerge']),
      ];
      await Promise.all(calls.map((call) => call.entry('attempt/started')));
      tips['merge'] = await advance(repository, 'merge', { 'other.txt': 'theirs\n' });
      tips['clash'] = await advance(repository, 'clash', { 'readme.txt': 'Theirs.\n' });
      tips['redmerge'] = await advance(repository, 'redmerge', { 'right.txt': 'theirs\n' });
      targetMoves.open();
      const [first, second, third] = await Promise.all(calls.map((call) => call.outcome));
      if (!first || !second || !third) throw new Error('three runs were started');
      [merged, conflict, red] = [first, second, third];
    });

    it('INV-007: the merged tree is tested and that tree lands', async () => {
      const [tested] = dataOf(merged, 'landing/tested');
      assert.deepEqual(
        [merged.exitCode, onlyRun(merged).status, tested?.evidence.exitCode, await git(repository, 'rev-parse', 'merge^{tree}')],
        [0, 'landed', 0, tested?.tree],
      );
      assert.equal(
        await git(repository, 'ls-tree', '-r', '--name-only', 'merge'),
        'check.sh\nmerging.txt\nother.txt\nreactor.yaml\nreadme.txt',
      );
      assert.equal(await git(repository, 'rev-parse', 'merge^'), tips['merge']);
    });

    it('exit code 7 for a conflict; the target stays and the work is on its branch', async () => {
      const { status, reason, branch } = onlyRun(conflict);
      assert.deepEqual([conflict.exitCode, status, await git(repository, 'rev-parse', 'clash')], [7, 'parked', tips['clash']]);
      assert.match(reason, /conflicts in readme\.txt/);
      assert.equal(await git(repository, 'show', `${branch}:readme.txt`), 'Ours.');
    });

    it('exit code 7 when both are green alone and red together', async () => {
      assert.deepEqual(
        [red.exitCode, onlyRun(red).status, await git(repository, 'rev-parse', 'redmerge')],
        [7, 'parked', tips['redmerge']],
      );
      assert.match(onlyRun(red).reason, /red together/);
    });

    it('ends no server of a parked run late: all of them are gone', () => {
      assert.deepEqual(reactor.agentServers(), []);
    });
  });
});
