import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { sharedEditor } from '../support/editor/sharedEditor.ts';
import type { Workbench } from '../support/editor/workbench.ts';
import { plainProject } from '../support/sampleProjects.ts';
import { git } from '../support/sampleRepository.ts';
import { edit, tools } from '../support/sampleScript.ts';

const lines = (change: Readonly<Record<number, string>> = {}): string =>
  Array.from({ length: 40 }, (_, index) => change[index + 1] ?? `line ${index + 1}`).join('\n');

describe('Taking a change by hunk in the editor', function () {
  this.timeout(300_000);
  const session = sharedEditor({
    margins: tools(
      { name: 'read', args: { filePath: 'list.txt' } },
      edit('list.txt', 'line 3\n', 'LINE 3\n'),
      edit('list.txt', 'line 37\n', 'LINE 37\n'),
    ),
  });

  /** Runs the task whose change has two hunks, in a repository of its own, until it waits for review. */
  async function twoHunks(name: string): Promise<{ readonly repository: string; readonly workbench: Workbench }> {
    const repository = await session().reactor.repository(name, { ...plainProject(), 'list.txt': `${lines()}\n` });
    const workbench = await session().show(repository);
    await workbench.runTask('Change the margins');
    await workbench.treeItem('Needs You', /TASK-001.*1 file \+2 −2/).waitFor();
    return { repository, workbench };
  }

  /** Approves what is left of the change, and waits until it has landed. */
  async function land(workbench: Workbench): Promise<void> {
    const rest = workbench.treeItem('Needs You', /TASK-001.*1 file \+1 −1/);
    await rest.waitFor();
    await workbench.rowAction(rest, /Approve/);
    await workbench.treeItem('Tasks', 'Landed').waitFor();
  }

  it('lands without the hunk that was rejected by key in the panel, and brings that back as a branch', async () => {
    const { repository, workbench } = await twoHunks('panelHunks');
    await workbench.palette('Reactor: Open Panel');
    const { webview, page } = workbench;
    await webview.getByRole('tab', { name: 'Diff' }).click();
    await webview
      .getByRole('group', { name: /^Hunk 1/ })
      .getByText(/LINE 3$/)
      .click();
    await page.keyboard.press('j');
    await page.keyboard.press('Space');
    await webview.getByRole('group', { name: /^Hunk 2, .*, rejected/ }).waitFor();
    await webview.getByText('1 change rejected').waitFor();
    await workbench.picture('hunks-1-panel');
    // Nothing has happened yet: what a key marks, a button makes.
    await workbench.treeItem('Needs You', /TASK-001.*1 file \+2 −2/).waitFor();
    await webview.getByRole('button', { name: 'Make New Candidate' }).click();
    await land(workbench);
    assert.equal(await git(repository, 'show', 'main:list.txt'), lines({ 3: 'LINE 3' }));
    // Lists follow, too.
    await webview.getByRole('combobox', { name: 'Run' }).filter({ hasText: 'TASK-001 · landed · Change the margins' }).waitFor();

    await workbench.palette('Reactor: Restore Reverted Attempt…');
    await workbench.quickRow(/before/).click();
    await workbench.notification(/is branch reactor\/restored/).waitFor();
    await workbench.picture('hunks-2-restored');
    const branch = await git(repository, 'branch', '--list', 'reactor/restored/*', '--format=%(refname:short)');
    assert.equal(await git(repository, 'show', `${branch}:list.txt`), lines({ 3: 'LINE 3', 37: 'LINE 37' }));
  });

  it("takes what is left after the arrow beside a hunk of the worktree's file was pressed", async () => {
    const { repository, workbench } = await twoHunks('arrowHunks');
    const { page } = workbench;
    await workbench.expand(workbench.treeItem('Needs You', /TASK-001/));
    await workbench.rowAction(workbench.treeItem('Needs You', 'list.txt'), 'Edit Candidate File');
    const modified = page.locator('.monaco-diff-editor .editor.modified');
    await modified.locator('.view-line').filter({ hasText: 'LINE 3' }).first().hover();
    await workbench.picture('hunks-3-arrow');
    await page.getByRole('button', { name: 'Revert Block' }).first().click();
    await modified.locator('.view-line').filter({ hasText: 'line 3' }).first().waitFor();
    await page.keyboard.press('Control+s');
    await workbench.notification('You have edited the candidate of TASK-001').getByRole('button', { name: 'Test My Edits' }).click();
    await land(workbench);
    assert.equal(await git(repository, 'show', 'main:list.txt'), lines({ 37: 'LINE 37' }));
    assert.match(await git(repository, 'log', '-1', '--format=%B', 'main'), /^Co-authored-by: Test <test@example\.invalid>$/m);
  });
});
