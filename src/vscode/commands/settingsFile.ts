import type * as vscodeTypes from 'vscode';
import type { HostContext } from '../hostContext.ts';
import type { RepositoryModel } from '../repositoryModel.ts';

/**
 * Opens the reactor.yaml that applies to the repository's folder, changed as asked but not saved, so that the person sees what will hold.
 * Makes one, with every setting as a comment, when there is none.
 */
export async function openSettingsFile(
  { vscode, host }: HostContext,
  model: RepositoryModel,
  change: (text: string) => Promise<string> = (text) => Promise.resolve(text),
): Promise<void> {
  const { folder } = model.place;
  const own = vscode.Uri.joinPath(vscode.Uri.file(folder), 'reactor.yaml');
  // One that can't be parsed is opened all the same: to be mended.
  const known = await host.config(folder).then(
    ({ file }) => file,
    () => null,
  );
  const uri = known === null ? own : vscode.Uri.file(known);
  const existing = await Promise.resolve(vscode.workspace.fs.stat(uri)).then(
    () => true,
    () => false,
  );
  if (!existing) {
    const test = await host.detectTest(folder);
    await vscode.workspace.fs.writeFile(uri, new TextEncoder().encode(await host.newConfigText(test?.command ?? null)));
  }
  const document = await vscode.workspace.openTextDocument(uri);
  const before = document.getText();
  const after = await change(before);
  if (after !== before) await replaceAll(vscode, document, after);
  await vscode.window.showTextDocument(document);
}

async function replaceAll(vscode: HostContext['vscode'], document: vscodeTypes.TextDocument, text: string): Promise<void> {
  const edit = new vscode.WorkspaceEdit();
  edit.replace(document.uri, new vscode.Range(0, 0, document.lineCount, 0), text);
  await vscode.workspace.applyEdit(edit);
}
