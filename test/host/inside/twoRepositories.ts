import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import * as vscode from 'vscode';
import { folder, git, repositoryId, runTask, status, until, waiting } from '../support/hostTools.ts';

describe('Two repositories in one workspace', () => {
  it('run side by side, each with its own tasks, and land where they belong', async () => {
    const repositories = [folder(0), folder(1)] as const;
    const runs: string[] = [];
    for (const repository of repositories) {
      // The file in front says which repository is meant.
      await vscode.window.showTextDocument(vscode.Uri.joinPath(vscode.Uri.file(repository), 'readme.txt'));
      runs.push(await runTask(repository, 'Write alpha'));
    }
    for (const [index, repository] of repositories.entries()) {
      const run = runs[index] ?? '';
      const { id, tree } = await waiting(repository, run);
      await vscode.commands.executeCommand('reactor.approve', { repository: repositoryId(repository), run, id, tree });
      await until('it has landed', async () => (await git(repository, 'log', '-1', '--format=%s', 'main')) !== 'Start');
      const other = repositories[1 - index] ?? '';
      assert.equal(await git(repository, 'show', 'main:alpha.txt'), 'good');
      const { id: waits } = index === 0 ? await waiting(other, runs[1] ?? '') : { id: null };
      assert.equal((await status(other)).inbox.length, waits === null ? 0 : 1);
    }
  });
});
