import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, it } from 'mocha';
import { dataOf, onlyRun, Reactor } from '../support/reactor.ts';
import { sampleKeys } from '../support/sampleKeys.ts';
import { plainProject } from '../support/sampleProjects.ts';
import { git } from '../support/sampleRepository.ts';
import { byWord, tools, write } from '../support/sampleScript.ts';

describe('A candidate taken in part', function () {
  this.timeout(180_000);
  let reactor: Reactor;
  let repository: string;

  before(async () => {
    const both = tools(write('one.txt', 'good\n'), write('two.txt', 'good\n'));
    reactor = await Reactor.open(byWord({ parted: both, edited: both }));
    repository = await reactor.repository('plain', plainProject());
    for (const branch of ['a', 'b']) await git(repository, 'branch', branch);
  });
  after(() => reactor.close());

  const files = (commit: string | null) => git(repository, 'diff', '--name-only', 'main', commit ?? '');

  it('INV-007: is tested again, parks again, and lands without the rejected file, which stays kept', async () => {
    const parked = onlyRun(await reactor.run(repository, 'Write parted', ['--task', 'parted', '--target', 'a', '--approve', 'ask']));
    const revised = await reactor.call(repository, ['reject', 'parted', '--file', 'two.txt', '--json']);
    const [tested] = dataOf(revised, 'attempt/tested');
    assert.deepEqual([revised.exitCode, tested?.tree === parked.tree], [5, false]);
    const stale = await reactor.call(repository, ['approve', 'parted', '--tree', parked.tree ?? '']);
    assert.deepEqual([stale.exitCode, /Nothing was approved/.test(stale.stderr)], [1, true]);
    const landed = await reactor.call(repository, ['approve', 'parted', '--json']);
    const { status, commit, tree } = onlyRun(landed);
    assert.deepEqual([landed.exitCode, status, tree === tested?.tree], [0, 'landed', true]);
    assert.equal(await files(commit), 'one.txt');
    assert.equal(await git(repository, 'show', `${parked.kept}:two.txt`), 'good');
    const restored = await reactor.call(repository, ['restore', 'parted', '--whole', '--json']);
    const { branch } = JSON.parse(restored.stdout) as { branch: string };
    assert.equal(await files(branch), 'one.txt\ntwo.txt');
  });

  it('is refused when nothing would be left, and nothing has changed then', async () => {
    const parked = onlyRun(await reactor.run(repository, 'Write edited', ['--task', 'edited', '--target', 'b', '--approve', 'ask']));
    const refused = await reactor.call(repository, ['reject', 'edited', '--file', 'one.txt', '--file', 'two.txt']);
    assert.deepEqual([refused.exitCode, /Nothing would be left/.test(refused.stderr)], [1, true]);
    const { runs } = JSON.parse((await reactor.call(repository, ['status', '--json'])).stdout) as { runs: { tree: string }[] };
    assert.deepEqual(
      runs.map((run) => run.tree),
      [parked.tree],
    );
  });

  it("takes a person's edits in the worktree, with the person as co-author", async () => {
    const { cells } = JSON.parse((await reactor.call(repository, ['status', '--json'])).stdout) as { cells: { worktree: string }[] };
    // A slip of the person's is refused at once, with nothing changed, and not sent to the agent.
    await writeFile(join(cells[0]?.worktree ?? '', 'three.txt'), `good\n${sampleKeys['github']}\n`);
    const slip = await reactor.call(repository, ['approve', 'edited', '--edited']);
    assert.deepEqual(
      [slip.exitCode, /a secret would be committed: three\.txt:2 \(GitHub token\)/.test(slip.stderr)],
      [1, true],
      slip.stderr,
    );
    await writeFile(join(cells[0]?.worktree ?? '', 'three.txt'), 'good\n');
    const revised = await reactor.call(repository, ['approve', 'edited', '--edited', '--json']);
    assert.equal(revised.exitCode, 5);
    const { status, commit } = onlyRun(await reactor.call(repository, ['approve', 'edited', '--json']));
    assert.deepEqual([status, await files(commit)], ['landed', 'one.txt\nthree.txt\ntwo.txt']);
    assert.match(await git(repository, 'log', '-1', '--format=%B', commit ?? ''), /^Co-authored-by: Test <test@example\.invalid>$/m);
  });
});
