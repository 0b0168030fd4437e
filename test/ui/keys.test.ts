import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { sharedEditor } from '../support/editor/sharedEditor.ts';
import type { Workbench } from '../support/editor/workbench.ts';
import { until } from '../support/reactor.ts';
import { plainProject } from '../support/sampleProjects.ts';
import { git } from '../support/sampleRepository.ts';
import { tools, write } from '../support/sampleScript.ts';

describe('The editor by key alone', function () {
  this.timeout(300_000);
  const session = sharedEditor({
    saffron: (call) =>
      tools(write('saffron.txt', call.prompt.includes('dearer') ? 'GOOD\n' : 'good\n'), write('notes.md', 'Good.\n'))(call),
  });

  /** Waits until the keyboard is in a list. */
  const inList = async ({ page }: Workbench, name: string): Promise<void> => {
    await page.getByRole('tree', { name }).and(page.locator(':focus')).waitFor();
  };

  it('runs a task, ticks, comments, sends back, approves, and never leaves the keyboard nowhere', async () => {
    const repository = await session().reactor.repository('spices', plainProject());
    const workbench = await session().show(repository);
    const { page } = workbench;
    // What is loaded when it is used is there once the key is heard.
    await workbench.palette('Reactor: Run Reactor Task…');
    await workbench.answer('What should the agent do?', 'Write saffron');
    await workbench.quickRow('Run with:').waitFor();
    await page.keyboard.press('Enter');
    await workbench.notification('TASK-001 review').waitFor();

    // The prompt is back for another task.
    await page.keyboard.press('Control+Alt+r');
    await workbench.asked('What should the agent do?');
    await page.keyboard.press('ArrowUp');
    await workbench.quickRow('Write saffron').waitFor();
    await page.keyboard.press('Enter');
    await workbench.asked('What should the agent do?');
    assert.equal(await workbench.quickInput.inputValue(), 'Write saffron');
    await page.keyboard.press('Escape');

    await page.keyboard.press('Control+Alt+n');
    await inList(workbench, 'Needs You');
    await workbench.treeItem('Needs You', 'TASK-001').waitFor();
    await page.keyboard.press('Home');
    await page.keyboard.press('ArrowRight');
    const file = workbench.treeItem('Needs You', 'notes.md');
    await file.waitFor();
    await page.keyboard.press('ArrowDown');
    await page.keyboard.press('Space');
    await page.getByRole('tab', { name: /notes\.md/ }).waitFor();
    // It is shown, and the keyboard is where it was.
    await inList(workbench, 'Needs You');
    await page.keyboard.press('Control+Alt+v');
    await file.getByRole('checkbox', { checked: true }).waitFor();
    await page.keyboard.press('Control+Enter');
    const entry = page.locator('.multiDiffEntry').filter({ hasText: 'saffron.txt' });
    await entry.waitFor();
    await page.locator('.multiDiffEntry .native-edit-context:focus, .multiDiffEntry textarea:focus').waitFor();
    await page.keyboard.press('Control+Alt+c');
    await workbench.answer(/Comment on line 1 of /, 'Make it dearer.');
    await page.locator('.comment-body').filter({ hasText: 'Make it dearer.' }).first().waitFor();
    await workbench.picture('keys-1-comment');

    await page.keyboard.press('Control+Alt+n');
    await inList(workbench, 'Needs You');
    await page.keyboard.press('Control+Alt+c');
    await workbench.answer(/1 comment will be sent/, '');
    // The list is empty for a while.
    await inList(workbench, 'Tasks');
    // The row of the first attempt may be drawn a moment longer: this is said of the second alone.
    await workbench.treeItem('Cells', /needs you.*attempt 2/).waitFor();
    await workbench.treeItem('Needs You', 'TASK-001').waitFor();
    await page.keyboard.press('Control+Alt+n');
    await inList(workbench, 'Needs You');
    await page.keyboard.press('Control+Alt+Enter');
    await workbench.quickRow('TASK-001').waitFor();
    await page.keyboard.press('Enter');
    await inList(workbench, 'Tasks');
    await until(
      'it has landed',
      async () => (await git(repository, 'log', '-1', '--format=%s', 'main')) === 'Task TASK-001: Write saffron',
    );
    assert.equal(await git(repository, 'show', 'main:saffron.txt'), 'GOOD');
  });
});
