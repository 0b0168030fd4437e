import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { sharedEditor } from '../support/editor/sharedEditor.ts';
import { plainProject } from '../support/sampleProjects.ts';
import { git } from '../support/sampleRepository.ts';
import { isRetry, tools, write } from '../support/sampleScript.ts';

describe('The first run in the editor', function () {
  this.timeout(300_000);
  const session = sharedEditor({
    alpha: tools(write('alpha.txt', 'good\n'), write('notes/alpha.md', '# Alpha\n\nGood.\n')),
    beta: (call) => tools(write('beta.txt', isRetry(call) ? 'good\n' : 'bad\n'))(call),
  });

  it('goes from the palette to a landed commit', async () => {
    const repository = await session().reactor.repository('shop', plainProject());
    const workbench = await session().show(repository);
    await workbench.palette('Reactor: Run Reactor Task…');
    await workbench.asked('What should the agent do?');
    await workbench.picture('firstRun-1-prompt');
    await workbench.answer('What should the agent do?', 'Write alpha');
    await workbench.quickRow(/Run with: sh check\.sh · land on main after my approval/).waitFor();
    await workbench.picture('firstRun-2-how');
    await workbench.page.keyboard.press('Enter');

    await workbench.showSidebar();
    await workbench.treeItem('Cells', 'TASK-001').waitFor();
    await workbench.picture('firstRun-3-at-work');
    const review = workbench.treeItem('Needs You', /TASK-001.*2 files/);
    await review.waitFor();
    await workbench.page.getByRole('tab', { name: /^Reactor.*1 thing needs you/ }).waitFor();
    assert.equal(await git(repository, 'log', '-1', '--format=%s', 'main'), 'Start');
    await workbench.picture('firstRun-4-needs-you');

    await review.click();
    await workbench.page
      .locator('.multiDiffEntry')
      .filter({ hasText: 'alpha.txt' })
      .locator('.modified .view-lines')
      .filter({ hasText: 'good' })
      .waitFor();
    await workbench.picture('firstRun-5-review');
    assert.equal(await git(repository, 'log', '-1', '--format=%s', 'main'), 'Start');

    await workbench.rowAction(review, /Approve/);
    await workbench.treeItem('Tasks', 'Landed').waitFor();
    await workbench.picture('firstRun-6-landed');
    assert.equal(await git(repository, 'log', '-1', '--format=%s', 'main'), 'Task TASK-001: Write alpha');
    assert.equal(await git(repository, 'show', 'main:alpha.txt'), 'good');
  });

  it('feeds red tests back and shows the second attempt', async () => {
    const repository = await session().reactor.repository('second', plainProject('approve: auto\n'));
    const workbench = await session().show(repository);
    await workbench.palette('Reactor: Run Reactor Task…');
    await workbench.answer('What should the agent do?', 'Write beta');
    await workbench.quickRow('without asking').waitFor();
    await workbench.page.keyboard.press('Enter');
    await workbench.notification(/TASK-001.*landed/i).waitFor();
    await workbench.picture('firstRun-7-notified');
    await workbench.showSidebar();
    await workbench.treeItem('Tasks', 'Landed').click();
    await workbench.treeItem('Tasks', /TASK-001.*attempt 2/).waitFor();
    assert.equal(await git(repository, 'show', 'main:beta.txt'), 'good');
  });
});
