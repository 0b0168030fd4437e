import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import * as vscode from 'vscode';
import { extension, loadedFiles } from '../support/hostTools.ts';

describe('Activation', () => {
  it('loads nothing but the entry in a workspace that Reactor was never used in', async () => {
    await extension().activate();
    assert.deepEqual(loadedFiles(), ['extension.cjs']);
  });

  it('loads the rest with the first command', async () => {
    await vscode.commands.executeCommand('reactor.refresh');
    const files = loadedFiles();
    assert.deepEqual([files.includes('extension.cjs'), files.includes('host.mjs')], [true, true], files.join(' '));
  });
});
