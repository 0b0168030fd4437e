import assert from 'node:assert/strict';
import { before, describe, it } from 'mocha';
import { sharedEditor } from '../support/editor/sharedEditor.ts';
import { until } from '../support/reactor.ts';
import { plainProject } from '../support/sampleProjects.ts';
import { git } from '../support/sampleRepository.ts';
import { tools, write } from '../support/sampleScript.ts';

describe('Reviewing in the editor', function () {
  this.timeout(300_000);
  const session = sharedEditor({
    greeting: (call) => tools(write('greeting.txt', call.prompt.includes('louder') ? 'GOOD MORNING\n' : 'good morning\n'))(call),
    pair: tools(write('wanted.txt', 'good\n'), write('unwanted.txt', 'also good\n')),
  });

  let repository: string;
  before(async () => {
    repository = await session().reactor.repository('morning', plainProject());
    await session().show(repository);
  });

  it('sends a comment on a line back to the agent and shows what it made of it', async () => {
    const { workbench } = session();
    await workbench.runTask('Write a greeting');
    const review = workbench.treeItem('Needs You', 'TASK-001');
    await review.click();
    const entry = workbench.page.locator('.multiDiffEntry').filter({ hasText: 'greeting.txt' });
    await entry.locator('.modified .view-lines').filter({ hasText: 'good morning' }).hover();
    await entry.locator('.modified .comment-range-glyph').first().click();
    const thread = workbench.page.locator('.review-widget');
    await thread.locator('.monaco-editor').first().click();
    await workbench.page.keyboard.type('Say it louder.');
    await workbench.picture('review-1-comment');
    await thread
      .getByRole('button', { name: /comment/i })
      .last()
      .click();
    await thread.locator('.comment-body').filter({ hasText: 'Say it louder.' }).waitFor();

    await workbench.palette('Reactor: Request Changes…');
    await workbench.answer(/1 comment will be sent/, '');
    await entry.locator('.modified .view-lines').filter({ hasText: 'good morning' }).waitFor();
    const again = workbench.treeItem('Needs You', /TASK-001/);
    await workbench.treeItem('Cells', /attempt 2/).waitFor();
    await again.waitFor();
    await again.click();
    await workbench.page.locator('.editor-actions').getByRole('button', { name: 'Approve and Land' }).waitFor();
    await workbench.page.locator('.multiDiffEntry .modified .view-lines').filter({ hasText: 'GOOD MORNING' }).waitFor();
    await workbench.picture('review-2-answered');
    assert.match(session().reactor.calls('greeting').at(-1)?.prompts.join('\n') ?? '', /greeting\.txt[\s\S]*Say it louder\./);

    await workbench.palette('Reactor: Approve and Land');
    await workbench.quickRow('TASK-001').waitFor();
    await workbench.page.keyboard.press('Enter');
    await workbench.treeItem('Tasks', 'Landed').waitFor();
    assert.equal(await git(repository, 'show', 'main:greeting.txt'), 'GOOD MORNING');
  });

  it('lands a change without the file that was rejected, after another test', async () => {
    const { workbench } = session();
    await workbench.runTask('Write a pair');
    const task = await workbench.taskOf('Write a pair');
    await workbench.expand(workbench.treeItem('Needs You', new RegExp(`${task}.*2 files`)));
    const file = workbench.treeItem('Needs You', 'unwanted.txt');
    await file.waitFor();
    await workbench.rowAction(file, /Reject/);
    const rest = workbench.treeItem('Needs You', new RegExp(`${task}.*1 file\\b`));
    await rest.waitFor();
    await workbench.picture('review-3-partly');
    await workbench.rowAction(rest, /Approve/);
    await rest.waitFor({ state: 'hidden' });
    await until('it has landed', async () => (await git(repository, 'log', '-1', '--format=%s', 'main')).startsWith(`Task ${task}:`));
    const files = (await git(repository, 'ls-tree', '--name-only', 'main')).split('\n');
    assert.deepEqual(
      files.filter((name) => /wanted/.test(name)),
      ['wanted.txt'],
    );
  });
});
