import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import * as vscode from 'vscode';
import { folder, git, reactor, repositoryId, status, until, waiting } from '../support/hostTools.ts';

describe('Two repositories in one workspace', () => {
  it('run side by side, each with its own tasks, and land where they belong', async () => {
    const repositories = [folder(0), folder(1)] as const;
    const runs: string[] = [];
    for (const repository of repositories) {
      // The engine is shared with the command line, so that either can begin what the other goes on with.
      await vscode.commands.executeCommand('reactor.refresh');
      const started = reactor(repository, 'run', '--prompt', 'Write alpha', '--approve', 'ask', '--json').catch((error: unknown) => error);
      const run = await until('it is known', async () => (await status(repository)).runs[0]?.run);
      runs.push(run);
      await waiting(repository, run);
      await started;
    }
    for (const [index, repository] of repositories.entries()) {
      const run = runs[index] ?? '';
      const { id, tree } = await waiting(repository, run);
      await vscode.commands.executeCommand('reactor.approve', { repository: repositoryId(repository), run, id, tree });
      await until('it has landed', async () => (await git(repository, 'log', '-1', '--format=%s', 'main')) !== 'Start');
      const other = repositories[1 - index] ?? '';
      assert.equal(await git(repository, 'show', 'main:alpha.txt'), 'good');
      assert.equal((await status(other)).inbox.length, index === 0 ? 1 : 0);
    }
  });
});
