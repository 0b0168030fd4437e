import type { ReviewThreads } from '../review/reviewThreads.ts';
import { parseTreeUri } from '../review/treeUri.ts';
import { plainPath } from '../text/plainText.ts';
import type { Vscode } from '../vscodeValue.ts';

/** Comments on the lines of a candidate that the cursor is on. The editor's own key for that does not work where it shows many diffs. */
export async function commentOnLine({ window }: Vscode, threads: Pick<ReviewThreads, 'add'>): Promise<void> {
  const editor = window.activeTextEditor;
  const file = editor === undefined ? null : parseTreeUri(editor.document.uri);
  if (editor === undefined || file === null || file.side !== 'candidate' || file.notice !== undefined) {
    await window.showInformationMessage('Put the cursor on a line of the change first, on its right side.');
    return;
  }
  const { start, end } = editor.selection;
  // A selection that ends before the first character of a line does not mean that one.
  const last = end.line > start.line && end.character === 0 ? end.line - 1 : end.line;
  const lines = last === start.line ? `line ${start.line + 1}` : `lines ${start.line + 1} to ${last + 1}`;
  const body = await window.showInputBox({
    title: `Comment on ${lines} of ${plainPath(file.path, 100)}`,
    prompt: 'Sent to the agent by Request Changes',
    ignoreFocusOut: true,
  });
  if (body === undefined) return;
  const { repository, run, tree, path } = file;
  await threads.add({ repository, run, tree, path, line: start.line, endLine: last }, body);
}
