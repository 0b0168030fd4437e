import assert from 'node:assert/strict';
import { after, before, describe, it } from 'mocha';
import { sharedEditor } from '../support/editor/sharedEditor.ts';
import { until } from '../support/reactor.ts';
import { plainProject } from '../support/sampleProjects.ts';
import { git } from '../support/sampleRepository.ts';
import { Gate, tools, write } from '../support/sampleScript.ts';

describe('Answers in the editor', function () {
  this.timeout(300_000);
  const gate = new Gate();
  const session = sharedEditor({
    endless: gate.before(tools(write('endless.txt', 'good\n'))),
    refused: tools(write('refused.txt', 'good\n')),
    stale: (call) => tools(write('stale.txt', call.prompt.includes('fresher') ? 'GOOD\n' : 'good\n'))(call),
    keyed: tools(write('keyed.txt', 'good\n')),
    sorrel: tools(write('sorrel.txt', 'good\n')),
  });
  let repository: string;
  before(async () => {
    repository = await session().reactor.repository('answers', plainProject());
    await session().show(repository);
  });
  after(() => gate.open());

  const subject = (): Promise<string> => git(repository, 'log', '-1', '--format=%s', 'main');

  it('ends an agent only after the person has said so twice', async () => {
    const { workbench, reactor } = session();
    await workbench.runTask('Write endless');
    const task = await workbench.taskOf('Write endless');
    const cell = workbench.treeItem('Cells', /Write endless.*executing/);
    await cell.click();
    await workbench.page.keyboard.press('Delete');
    const asked = workbench.dialog(`Stop ${task}?`);
    await asked.waitFor();
    await workbench.picture('answers-1-stop');
    await workbench.page.keyboard.press('Escape');
    await asked.waitFor({ state: 'hidden' });
    await cell.waitFor();
    assert.equal(reactor.agentServers().length, 1);

    await workbench.rowAction(cell, 'Stop');
    await asked.getByRole('button', { name: 'Stop', exact: true }).click();
    await cell.waitFor({ state: 'hidden' });
    await until('its server has ended', () => reactor.agentServers().length === 0);
  });

  it('gives a change up only after the person has said so twice, and keeps it', async () => {
    const { workbench } = session();
    await workbench.runTask('Write refused');
    const task = await workbench.taskOf('Write refused');
    const review = workbench.treeItem('Needs You', task);
    await review.waitFor();
    const asked = workbench.dialog(`Reject the change of ${task}?`);
    await workbench.rowMenu(review, 'Reject…');
    await asked.waitFor();
    await workbench.picture('answers-2-reject');
    await asked.getByRole('button', { name: 'Cancel' }).click();
    await asked.waitFor({ state: 'hidden' });
    await review.waitFor();

    await workbench.rowMenu(review, 'Reject…');
    await asked.getByRole('button', { name: 'Reject', exact: true }).click();
    await review.waitFor({ state: 'hidden' });
    await workbench.treeItem('Tasks', 'Rejected').waitFor();
    assert.equal(await subject(), 'Start');
    assert.equal(await git(repository, 'show', `refs/reactor/kept/${task}-r1/1:refused.txt`), 'good');
  });

  it('refuses an approval that was meant for an earlier candidate', async () => {
    const { workbench, reactor } = session();
    await workbench.runTask('Write stale');
    const task = await workbench.taskOf('Write stale');
    await workbench.treeItem('Needs You', task).waitFor();
    // The list is open and names the first candidate, while somebody in a terminal asks for another.
    await workbench.palette('Reactor: Approve and Land');
    await workbench.quickRow(task).waitFor();
    const again = reactor.start(repository, ['reject', task, '--comment', 'make it fresher', '--json']);
    await again.entry('attempt/tested', ({ run }) => run === `${task}-r1`);
    await workbench.treeItem('Cells', /Write stale.*attempt 2/).waitFor();
    await workbench.treeItem('Needs You', task).waitFor();
    await workbench.picture('answers-3-list');
    await workbench.page.keyboard.press('Enter');
    await workbench.notification(/Nothing was approved/).waitFor();
    await workbench.picture('answers-3-stale');
    assert.equal(await subject(), 'Start');

    await workbench.rowAction(workbench.treeItem('Needs You', task), /Approve/);
    await again.outcome;
    assert.equal(await git(repository, 'show', 'main:stale.txt'), 'GOOD');
  });

  it('is approved by its own key once the list has said what, whichever row is selected, and by no key in a text field', async () => {
    const { workbench } = session();
    const { page } = workbench;
    await workbench.runTask('Write keyed');
    const task = await workbench.taskOf('Write keyed');
    const review = workbench.treeItem('Needs You', task);
    await review.waitFor();
    const before = await subject();
    const waits = async (): Promise<void> => {
      await review.waitFor();
      assert.equal(await subject(), before);
    };

    // In the field for what has to change.
    await workbench.rowAction(review, 'Request Changes…');
    await workbench.asked('What has to change?');
    for (const key of ['Enter', 'Control+Enter', 'Control+Alt+Enter']) await page.keyboard.press(key);
    await page.getByText('Say what has to change.').waitFor();
    await page.keyboard.press('Escape');
    // In the review's field for a comment, and in its editor.
    await review.click();
    const entry = page.locator('.multiDiffEntry').filter({ hasText: 'keyed.txt' });
    const line = entry.locator('.modified .view-lines').filter({ hasText: 'good' });
    await line.hover();
    await entry.locator('.modified .comment-range-glyph').first().click();
    await page.locator('.review-widget .monaco-editor').first().click();
    await page.keyboard.type('Approve');
    for (const key of ['Enter', 'Control+Alt+Enter']) await page.keyboard.press(key);
    // Beside the comment, which lies over the middle.
    await line.click({ position: { x: 10, y: 6 } });
    for (const key of ['Enter', 'Control+Alt+Enter']) await page.keyboard.press(key);
    await waits();

    // With another below it: the pointer selects the first row, the arrow key goes on to the second.
    await workbench.runTask('Write sorrel');
    const second = await workbench.taskOf('Write sorrel');
    const below = workbench.treeItem('Needs You', second);
    await below.waitFor();
    const byKey = async (): Promise<void> => {
      await workbench.palette('Reactor: Focus on Needs You View');
      await page.keyboard.press('Home');
      await page.keyboard.press('ArrowDown');
      await page.keyboard.press('Control+Alt+Enter');
      for (const name of [task, second])
        await workbench.quickRow(new RegExp(`${name} .*attempt 1 of 3.*tree [0-9a-f]{7}.*1 file`)).waitFor();
    };
    await review.click();
    await byKey();
    await workbench.picture('answers-4-key');
    await page.keyboard.press('Escape');
    await waits();
    await byKey();
    await workbench.quickRow(second).click();
    await below.waitFor({ state: 'hidden' });
    await until('it has landed', async () => (await subject()) === `Task ${second}: Write sorrel`);
    await review.waitFor();

    await workbench.palette('Reactor: Focus on Needs You View');
    await page.keyboard.press('Control+Alt+Enter');
    await workbench.quickRow(task).waitFor();
    await page.keyboard.press('Enter');
    await review.waitFor({ state: 'hidden' });
    await until('it has landed', async () => (await subject()) === `Task ${task}: Write keyed`);
  });
});
