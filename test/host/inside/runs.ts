import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import * as vscode from 'vscode';
import { folder, git, reactor, repositoryId, runTask, status, until, waiting } from '../support/hostTools.ts';

const subject = (repository: string): Promise<string> => git(repository, 'log', '-1', '--format=%s', 'main');

describe('Runs', () => {
  let rejecting: Promise<string> | undefined;

  it('lands what a task makes, once it is approved, and not before', async () => {
    const repository = folder();
    const run = await runTask(repository, 'Write alpha');
    const { id, tree, kind } = await waiting(repository, run);
    assert.deepEqual([kind, await subject(repository)], ['review', 'Start']);
    await vscode.commands.executeCommand('reactor.approve', { repository: repositoryId(repository), run, id, tree });
    await until('it has landed', async () => (await subject(repository)) === 'Task TASK-001: Write alpha');
    assert.deepEqual([await git(repository, 'show', 'main:alpha.txt'), await git(repository, 'rev-parse', 'main^{tree}')], ['good', tree]);
  });

  it('opens a review with one editor for all of its files, and closes nothing by it', async () => {
    const repository = folder();
    const run = await runTask(repository, 'Write beta');
    const item = await waiting(repository, run);
    await vscode.commands.executeCommand('reactor.reviewChanges', {
      repository: repositoryId(repository),
      run,
      id: item.id,
      tree: item.tree,
    });
    const tab = await until('the review is open', () => vscode.window.tabGroups.activeTabGroup.activeTab);
    assert.match(tab.label, /^TASK-002 attempt 1 — green in /);
    assert.deepEqual((await status(repository)).inbox, [item]);
  });

  it('refuses an approval of a tree that is not the candidate', async () => {
    const repository = folder();
    const [item] = (await status(repository)).inbox;
    assert.ok(item);
    const stale = { repository: repositoryId(repository), run: item.run, id: item.id, tree: '0'.repeat(40) };
    // Not awaited: what the person is told stays on the screen until they have read it.
    void vscode.commands.executeCommand('reactor.approve', stale);
    // The command follows the run until it has ended, which is in the next test.
    rejecting = reactor(repository, 'reject', item.run, '--comment', 'say it louder');
    const next = await until('there is another candidate', async () =>
      (await status(repository)).inbox.find((now) => now.run === item.run && now.tree !== item.tree),
    );
    assert.equal(await git(repository, 'show', `${next.tree}:beta.txt`), 'GOOD');
  });

  it('follows an answer that was given in a terminal', async () => {
    const repository = folder();
    const [item] = (await status(repository)).inbox;
    assert.ok(item);
    await reactor(repository, 'approve', item.run);
    await until('it has landed', async () => (await subject(repository)) === 'Task TASK-002: Write beta');
    assert.deepEqual((await status(repository)).inbox, []);
    await rejecting;
  });

  it('brings the work of a task that was stopped back as a branch', async () => {
    const repository = folder();
    const run = await runTask(repository, 'Write gamma');
    await waiting(repository, run);
    await reactor(repository, 'kill', run);
    await until('it has ended', async () => (await status(repository)).runs.every((state) => state.run !== run));
    const before = new Set((await git(repository, 'branch', '--format=%(refname)')).split('\n'));
    void vscode.commands.executeCommand('reactor.restoreAttempt', { repository: repositoryId(repository), run });
    const branch = await until('there is a branch', async () =>
      (await git(repository, 'branch', '--format=%(refname)')).split('\n').find((name) => !before.has(name)),
    );
    assert.deepEqual(
      [await git(repository, 'show', `${branch}:gamma.txt`), await subject(repository)],
      ['good', 'Task TASK-002: Write beta'],
    );
  });
});
