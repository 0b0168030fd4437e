import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { sharedEditor } from '../support/editor/sharedEditor.ts';
import type { Workbench } from '../support/editor/workbench.ts';
import { until } from '../support/reactor.ts';
import { plainProject } from '../support/sampleProjects.ts';
import { git } from '../support/sampleRepository.ts';
import { Gate, tools, write } from '../support/sampleScript.ts';

describe('Two windows and terminals on one repository', function () {
  this.timeout(300_000);
  const gate = new Gate();
  const held = (...names: readonly string[]) =>
    Object.fromEntries(names.map((name) => [name, gate.before(tools(write(`${name}.txt`, 'good\n')))]));
  const session = sharedEditor({
    cherry: tools(write('cherry.txt', 'good\n')),
    damson: tools(write('damson.txt', 'good\n')),
    elder: tools(write('elder.txt', 'good\n')),
    sycamore: tools(write('sycamore.txt', 'good\n')),
    ...held('hazel', 'juniper', 'larch', 'maple'),
  });

  it('show the same, and each approves', async () => {
    const { reactor } = session();
    const repository = await reactor.repository('orchard', plainProject());
    const left = await session().show(repository);
    const right = await session().showBeside(repository);
    await left.palette('Reactor: Run Tasks in Parallel…');
    await left.answer('What should the first agent do?', 'Write cherry');
    // By its number: the question alone is also that of the box before, which takes no more words.
    for (const [number, text] of [
      [2, 'Write damson'],
      [3, 'Write elder'],
      [4, ''],
    ] as const)
      await left.answer(`Run Tasks in Parallel: prompt ${number}`, text);
    await left.quickRow('Run with:').waitFor();
    await left.page.keyboard.press('Enter');
    for (const window of [left, right]) await window.showSidebar();

    const inTerminal = async (): Promise<string[]> => {
      const { stdout } = await reactor.call(repository, ['status', '--json']);
      return (JSON.parse(stdout) as { inbox: { task: string }[] }).inbox.map(({ task }) => task).sort();
    };
    const inWindow = async (window: Workbench): Promise<string[]> =>
      (await window.rows('Needs You')).flatMap((row) => /TASK-\d+/.exec(row) ?? []).sort();
    const allShow = async (tasks: readonly string[]): Promise<void> => {
      for (const window of [left, right])
        await until(`a window shows ${tasks.join(', ')}`, async () => (await inWindow(window)).join() === tasks.join());
      // What a window shows has been recorded before.
      assert.deepEqual(await inTerminal(), tasks);
    };

    await allShow(['TASK-001', 'TASK-002', 'TASK-003']);
    await left.picture('windows-1-left');
    await right.picture('windows-2-right');
    await right.rowAction(right.treeItem('Needs You', 'TASK-001'), /Approve/);
    await allShow(['TASK-002', 'TASK-003']);
    const { exitCode, stderr } = await reactor.call(repository, ['approve', 'TASK-002']);
    assert.equal(exitCode, 0, stderr);
    await allShow(['TASK-003']);
    await left.rowAction(left.treeItem('Needs You', 'TASK-003'), /Approve/);
    for (const window of [left, right]) await window.treeItem('Tasks', /Landed\s*3/).waitFor();
    assert.deepEqual(await inTerminal(), []);
    assert.equal(
      await git(repository, 'ls-tree', '--name-only', 'main'),
      ['check.sh', 'cherry.txt', 'damson.txt', 'elder.txt', 'reactor.yaml', 'readme.txt'].join('\n'),
    );
  });

  it('share what a person has said of a change that waits', async () => {
    const repository = await session().reactor.repository('nursery', plainProject());
    const left = await session().show(repository);
    const right = await session().showBeside(repository);
    const entryOf = (window: Workbench) => window.page.locator('.multiDiffEntry').filter({ hasText: 'sycamore.txt' });
    await left.runTask('Write sycamore');
    await left.treeItem('Needs You', 'TASK-001').click();
    await entryOf(left).locator('.modified .view-lines').filter({ hasText: 'good' }).hover();
    await entryOf(left).locator('.modified .comment-range-glyph').first().click();
    await left.page.locator('.review-widget .monaco-editor').first().click();
    await left.page.keyboard.type('Make it sweeter.');
    await left.page.locator('.review-widget').getByRole('button', { name: 'Add Comment' }).click();
    await left.page.locator('.comment-body').filter({ hasText: 'Make it sweeter.' }).waitFor();
    await left.expand(left.treeItem('Needs You', 'TASK-001'));
    await left.treeItem('Needs You', 'sycamore.txt').getByRole('checkbox').click();

    await right.showSidebar();
    const row = right.treeItem('Needs You', 'TASK-001');
    await right.expand(row);
    // The editor hands what one window keeps to the others in its own time; a review that is opened looks anew.
    const ticked = right.treeItem('Needs You', 'sycamore.txt').getByRole('checkbox', { checked: true });
    await until('the tick is there', async () => {
      await row.click();
      return (await ticked.count()) === 1;
    });
    await entryOf(right).locator('.modified .view-lines').filter({ hasText: 'good' }).waitFor();
    await right.page.getByRole('treeitem').filter({ hasText: 'Make it sweeter.' }).first().waitFor();
    await right.picture('windows-3-shared');
  });

  it('INV-009: go on with everything when the engine is killed under them while all of them work', async () => {
    const { reactor } = session();
    const repository = await reactor.repository('grove', plainProject());
    const left = await session().show(repository);
    const right = await session().showBeside(repository);
    for (const [window, word] of [
      [left, 'hazel'],
      [right, 'juniper'],
    ] as const) {
      await window.palette('Reactor: Run Reactor Task…');
      await window.answer('What should the agent do?', `Write ${word}`);
      await window.quickRow('Run with:').waitFor();
      await window.page.keyboard.press('Enter');
      await until(`${word} is at work`, () => reactor.calls(word).length > 0);
    }
    const terminals = ['larch', 'maple'].map((word) => reactor.startRun(repository, `Write ${word}`, ['--task', word]));
    for (const word of ['larch', 'maple']) await until(`${word} is at work`, () => reactor.calls(word).length > 0);
    reactor.killEngine(repository);
    for (const terminal of terminals) await terminal.entry('run/recovered');
    gate.open();
    for (const { outcome } of terminals) {
      const { exitCode, stderr } = await outcome;
      assert.equal(exitCode, 0, stderr);
    }
    for (const window of [left, right]) {
      await window.showSidebar();
      for (const task of ['TASK-001', 'TASK-002']) await window.treeItem('Needs You', task).waitFor();
    }
    await left.rowAction(left.treeItem('Needs You', 'TASK-002'), /Approve/);
    // A list that changes under the pointer takes no click.
    await right.treeItem('Needs You', 'TASK-002').waitFor({ state: 'detached' });
    await right.rowAction(right.treeItem('Needs You', 'TASK-001'), /Approve/);
    for (const window of [left, right]) await window.treeItem('Tasks', /Landed\s*4/).waitFor();
    assert.equal(
      await git(repository, 'ls-tree', '--name-only', 'main'),
      ['check.sh', 'hazel.txt', 'juniper.txt', 'larch.txt', 'maple.txt', 'reactor.yaml', 'readme.txt'].join('\n'),
    );
    // The first commit, and one of each task.
    assert.equal(await git(repository, 'rev-list', '--count', 'main'), '5');
    const { stdout } = await reactor.call(repository, ['export', '--verify']);
    assert.match(stdout, /is whole/);
  });
});
