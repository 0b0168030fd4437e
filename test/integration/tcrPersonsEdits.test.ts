import assert from 'node:assert/strict';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'mocha';
import { dataOf, type Outcome, onlyRun, Reactor, until } from '../support/reactor.ts';
import { settings } from '../support/sampleProjects.ts';
import { commitFiles, git } from '../support/sampleRepository.ts';
import { byWord, tools, write } from '../support/sampleScript.ts';

describe('Edits that a person saves in the worktree of a cell', function () {
  this.timeout(180_000);
  let reactor: Reactor;

  before(async () => {
    const both = tools(write('one.txt', 'good\n'), write('two.txt', 'good\n'));
    reactor = await Reactor.open(byWord({ parted: both, edited: both, landing: both }));
  });
  after(() => reactor.close());

  /** A run that waits for its review, with its repository and its worktree. */
  const parked = async (task: string): Promise<{ repository: string; worktree: string; room: string }> => {
    const room = join(reactor.root, `${task}-room`);
    mkdirSync(room);
    // Where a person has written "bad", the test waits until the room lets it go on.
    const check = `if grep -l bad *.txt; then touch ${room}/begun; until [ -f ${room}/go ]; do sleep 0.05; done; exit 1; fi\n`;
    const repository = await reactor.repository(task, { 'reactor.yaml': settings('sh check.sh'), 'check.sh': check, 'readme.txt': 'x\n' });
    const outcome = await reactor.run(repository, `Write ${task}`, ['--task', task, '--approve', 'ask', '--attempts', '1']);
    assert.deepEqual([outcome.exitCode, onlyRun(outcome).status], [5, 'parked'], outcome.stderr);
    return { repository, worktree: dataOf(outcome, 'cell/planned')[0]?.worktree ?? '', room };
  };
  /** What the run has told of what it kept: the paths and the ref. */
  const told = (outcome: Outcome): string[][] =>
    dataOf(outcome, 'run/recoveryApplied').flatMap(({ code, what }) => {
      const found = /^what was in the worktree beside the candidate \((.*)\) is kept as (\S+)$/.exec(what);
      return code !== 'IG' || found === null ? [] : [found.slice(1)];
    });

  it('INV-008: are kept, and it is told where, when a part of the change is rejected', async () => {
    const { repository, worktree } = await parked('parted');
    writeFileSync(join(worktree, 'one.txt'), 'better\n');
    const revised = await reactor.call(repository, ['reject', 'parted', '--file', 'two.txt', '--json']);
    assert.equal(revised.exitCode, 5, revised.stderr);
    const [[paths, ref] = []] = told(revised);
    assert.deepEqual([paths, await git(repository, 'show', `${ref}:one.txt`)], ['one.txt, two.txt', 'better']);
    const landed = await reactor.call(repository, ['approve', 'parted', '--json']);
    assert.deepEqual([landed.exitCode, await git(repository, 'show', 'main:one.txt')], [0, 'good'], landed.stderr);
  });

  it('INV-008: are kept when they were saved while the test of earlier ones ran, and it is red', async () => {
    const { repository, worktree, room } = await parked('edited');
    writeFileSync(join(worktree, 'one.txt'), 'bad\n');
    const call = reactor.start(repository, ['approve', 'edited', '--edited', '--json']);
    await until('the edits are tested', () => existsSync(join(room, 'begun')));
    writeFileSync(join(worktree, 'later.txt'), 'mine\n');
    writeFileSync(join(room, 'go'), '');
    const outcome = await call.outcome;
    assert.deepEqual([outcome.exitCode, onlyRun(outcome).status], [2, 'failed'], outcome.stderr);
    const [[paths, ref] = []] = told(outcome);
    assert.deepEqual([paths, await git(repository, 'show', `${ref}:later.txt`)], ['later.txt', 'mine']);
  });

  it('INV-008: are kept when they were not taken and the merge with a moved target is laid out', async () => {
    const { repository, worktree } = await parked('landing');
    writeFileSync(join(worktree, 'one.txt'), 'better\n');
    await commitFiles(repository, { 'other.txt': 'by hand\n' });
    const outcome = await reactor.call(repository, ['approve', 'landing', '--json']);
    assert.deepEqual([outcome.exitCode, onlyRun(outcome).status], [0, 'landed'], outcome.stderr);
    const [[paths, ref] = []] = told(outcome);
    assert.deepEqual([paths, await git(repository, 'show', `${ref}:one.txt`)], ['one.txt', 'better']);
    assert.equal(await git(repository, 'show', 'main:one.txt'), 'good');
  });
});
