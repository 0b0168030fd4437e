import assert from 'node:assert/strict';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'mocha';
import { dataOf, type Outcome, onlyRun, Reactor } from '../support/reactor.ts';
import { settings } from '../support/sampleProjects.ts';
import { commitFiles, git, type SampleFiles, writeFiles } from '../support/sampleRepository.ts';
import { byWord, tools, write } from '../support/sampleScript.ts';
import type { ModelCall } from '../support/scriptedModel.ts';

/** Green without any file. */
const GREEN = 'if grep -l bad *.txt; then exit 1; fi';
const isConflict = (call: ModelCall): boolean => call.prompt.includes('the two conflict in');
const ends = ({ exitCode, result }: Outcome): string[] => [
  String(exitCode),
  ...(result?.runs ?? []).map(({ task, status }) => `${task} ${status}`).toSorted(),
];

describe('A repository without a commit', function () {
  this.timeout(180_000);
  let reactor: Reactor;

  before(async () => {
    const ours = tools(write('notes.txt', 'Ours.\n'));
    const resolved = tools(write('notes.txt', 'Theirs and ours.\n'));
    reactor = await Reactor.open(
      byWord({
        clashing: (call) => (isConflict(call) ? resolved : ours)(call),
        first: tools(write('first.txt', 'good\n')),
        second: tools(write('second.txt', 'good\n')),
        third: tools(write('third.txt', 'good\n')),
        apart: tools(write('apart.txt', 'good\n')),
        stepping: (call) =>
          call.prompt.includes('stepping') ? tools(write('one.txt', 'good\n'))(call) : { text: 'There is nothing left to change.' },
      }),
    );
  });
  after(() => reactor.close());

  const unborn = async (name: string, files: SampleFiles, ...options: string[]): Promise<string> => {
    const folder = join(reactor.root, name);
    mkdirSync(folder);
    await git(folder, 'init', '--quiet', '--initial-branch=trunk', ...options);
    await writeFiles(folder, files);
    reactor.adopt(folder);
    return folder;
  };
  const history = async (folder: string, ref: string): Promise<string[]> =>
    (await git(folder, 'log', '--reverse', '--format=%s', ref)).split('\n');
  const keptStarts = (folder: string): Promise<string> => git(folder, 'for-each-ref', 'refs/reactor/kept/**/start');

  it('gets its first commit from one task, what others made at the same time on top of it, and the checkout follows', async () => {
    const folder = await unborn('fresh', { 'reactor.yaml': settings(GREEN), 'mine.md': 'not committed\n' });
    const file = join(reactor.root, 'tasks.yaml');
    const tasks = ['- id: first', '- id: second', '- id: third\n  after: [first]'];
    writeFileSync(file, tasks.map((task) => `${task}\n  prompt: Write ${task.slice(6, 12)}\n  approve: auto\n`).join(''));
    const outcome = await reactor.call(folder, ['run', '--json', '--file', file, '--parallel', '2']);
    assert.deepEqual(ends(outcome), ['0', 'first landed', 'second landed', 'third landed'], outcome.stderr);
    const note =
      /^trunk has no commit yet: the task starts from nothing, and there is no base to test; your 2 uncommitted files are not in it$/gm;
    assert.equal(outcome.stderr.match(note)?.length, 1, outcome.stderr);
    // The third has a base: what the first one made.
    assert.equal(dataOf(outcome, 'base/tested').length, 1);
    const [root, ...others] = await history(folder, 'trunk');
    assert.match(`${root}, ${others.toSorted().join(', ')}`, /^Task (first|second): .*, Task (first|second): .*, Task third: /);
    assert.equal(await git(folder, 'rev-list', '--max-parents=0', '--count', 'trunk'), '1');
    assert.equal(await git(folder, 'ls-tree', '--name-only', 'trunk'), 'first.txt\nsecond.txt\nthird.txt');
    assert.equal(await git(folder, 'status', '--porcelain', '--branch'), '## trunk\n?? mine.md\n?? reactor.yaml');
    assert.equal(await keptStarts(folder), '');
  });

  it("leaves a person's files alone, and brings the change onto the first commit that somebody else makes meanwhile", async () => {
    // Nothing can be set up before there is anything.
    const files = { 'reactor.yaml': settings(GREEN, 'setup: ls *.txt\n'), 'notes.txt': 'Theirs.\n' };
    const folder = await unborn('personal', files);
    const parked = await reactor.run(folder, 'Write clashing');
    assert.deepEqual(ends(parked), ['5', 'TASK-001 parked'], parked.stderr);
    assert.match(onlyRun(parked).reason, /notes\.txt[\s\S]*nothing there was touched\. Commit them or move them away, then resume/);
    assert.equal(readFileSync(join(folder, 'notes.txt'), 'utf8'), 'Theirs.\n');
    assert.equal(await git(folder, 'status', '--porcelain', '--branch'), '## No commits yet on trunk\n?? notes.txt\n?? reactor.yaml');
    assert.notEqual(await keptStarts(folder), '');
    assert.equal(dataOf(parked, 'cell/setupFinished').length, 1);

    const theirs = await commitFiles(folder, {}, 'By hand');
    const approved = await reactor.call(folder, ['approve', 'TASK-001', '--json']);
    assert.deepEqual(ends(approved), ['0', 'TASK-001 landed'], approved.stderr);
    assert.deepEqual(await history(folder, 'trunk'), ['By hand', 'Task TASK-001: Write clashing']);
    assert.equal(await git(folder, 'rev-parse', 'trunk^'), theirs);
    assert.equal(readFileSync(join(folder, 'notes.txt'), 'utf8'), 'Theirs and ours.\n');
    assert.equal(await git(folder, 'status', '--porcelain'), '');
  });

  it('may be bare; with `land: branch` the first commit stays on its branch, and steps land as they are', async () => {
    const folder = await unborn('empty.git', { 'reactor.yaml': settings(GREEN) }, '--bare');
    const branch = await reactor.run(folder, 'Write apart', ['--land', 'branch']);
    assert.deepEqual(ends(branch), ['0', 'TASK-001 committed'], branch.stderr);
    assert.deepEqual(await history(folder, 'reactor/TASK-001'), ['Task TASK-001: Write apart']);
    assert.equal(await git(folder, 'for-each-ref', 'refs/heads/trunk'), '');

    const steps = ['--target', 'trunk', '--land', 'merge', '--tcr', 'step', '--steps', 'keep'];
    const landed = await reactor.run(folder, 'Write stepping', steps);
    assert.deepEqual(ends(landed), ['0', 'TASK-002 landed'], landed.stderr);
    assert.deepEqual(await history(folder, 'trunk'), ['Task TASK-002: Write stepping (step 1)']);
    assert.deepEqual(
      dataOf(landed, 'landing/landed').map(({ from, to }) => [from, to]),
      [['0'.repeat(40), await git(folder, 'rev-parse', 'trunk')]],
    );
    assert.equal(await git(folder, 'ls-tree', '--name-only', 'trunk'), 'one.txt');
  });
});
