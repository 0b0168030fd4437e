import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import * as vscode from 'vscode';
import { folder, until } from '../support/hostTools.ts';

const settingsFile = (): vscode.Uri => vscode.Uri.joinPath(vscode.Uri.file(folder()), 'reactor.yaml');

/** Shows a text as that of reactor.yaml without saving it. */
async function edited(text: string): Promise<vscode.TextDocument> {
  const document = await vscode.workspace.openTextDocument(settingsFile());
  const editor = await vscode.window.showTextDocument(document);
  await editor.edit((change) => change.replace(new vscode.Range(0, 0, document.lineCount, 0), text));
  return document;
}

describe('Settings', () => {
  it('marks what is wrong in reactor.yaml where it stands, and takes the mark away', async () => {
    const document = await edited('test: npm test\nattemps: 3\n');
    const [problem] = await until('it is marked', () => {
      const found = vscode.languages.getDiagnostics(document.uri);
      return found.length > 0 && found;
    });
    assert.equal(problem?.range.start.line, 1);
    assert.match(problem?.message ?? '', /attemps[\s\S]*attempts/);
    await edited('test: npm test\nattempts: 3\n');
    await until('the mark has gone', () => vscode.languages.getDiagnostics(document.uri).length === 0);
  });

  it('offers the settings there are', async () => {
    const document = await edited('test: npm test\nat');
    const list = await vscode.commands.executeCommand<vscode.CompletionList>(
      'vscode.executeCompletionItemProvider',
      document.uri,
      new vscode.Position(1, 2),
    );
    const labels = list.items.map(({ label }) => (typeof label === 'string' ? label : label.label));
    assert.ok(labels.includes('attempts'), labels.join(' '));
  });

  it('puts a link above each task', async () => {
    const document = await edited('test: npm test\ntasks:\n  - title: One\n    prompt: Write one\n  - title: Two\n    prompt: Write two\n');
    const lenses = await until('the links are there', async () => {
      const found = await vscode.commands.executeCommand<vscode.CodeLens[]>('vscode.executeCodeLensProvider', document.uri, 10);
      return found.length >= 2 && found;
    });
    const lines = new Set(lenses.map(({ range }) => range.start.line));
    assert.ok(lines.has(2) && lines.has(4), JSON.stringify([...lines]));
    await vscode.commands.executeCommand('workbench.action.files.revert');
  });
});
