import type * as vscodeTypes from 'vscode';
import type { HostContext } from '../hostContext.ts';
import type { RepositoryModel } from '../repositoryModel.ts';

/**
 * Opens the reactor.yaml that applies to the repository's folder, changed as asked but not saved, so that the person sees what will hold, with the
 * cursor where it was changed.
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
  const changed = lastChangedLine(before, after);
  if (changed === null) {
    await vscode.window.showTextDocument(document);
    return;
  }
  const end = new vscode.Position(changed.line, changed.length);
  await vscode.window.showTextDocument(document, { selection: new vscode.Range(end, end) });
}

/** The last line, from 0, of what is other in the new text: what was set there, rather than the section made for it. Null for the same text. */
function lastChangedLine(before: string, after: string): { readonly line: number; readonly length: number } | null {
  if (before === after) return null;
  const [old, lines] = [before.split('\n'), after.split('\n')];
  let same = 0;
  while (same < Math.min(old.length, lines.length) && old.at(-1 - same) === lines.at(-1 - same)) same += 1;
  const line = Math.max(0, lines.length - 1 - same);
  return { line, length: lines[line]?.length ?? 0 };
}

async function replaceAll(vscode: HostContext['vscode'], document: vscodeTypes.TextDocument, text: string): Promise<void> {
  const edit = new vscode.WorkspaceEdit();
  edit.replace(document.uri, new vscode.Range(0, 0, document.lineCount, 0), text);
  await vscode.workspace.applyEdit(edit);
}
