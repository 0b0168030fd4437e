import type * as vscodeTypes from 'vscode';
import { plainPath } from '../text/plainText.ts';
import type { NodeOf } from '../tree/treeNode.ts';
import type { Vscode } from '../vscodeValue.ts';
import { treeUri } from './treeUri.ts';

/**
 * The editor's own command that shows one file of a candidate against the base. On a row it is this one, since then a click or Space leaves the
 * keyboard in the list and Enter takes it along, as everywhere in the editor.
 */
export function fileCommand(vscode: Vscode, { model, run, base, tree, file, attempt }: NodeOf<'file'>): vscodeTypes.Command {
  const common = { repository: model.place.id, run };
  const left = treeUri(vscode, { ...common, tree: base, path: file.oldPath ?? file.path, side: 'base' });
  const right = treeUri(vscode, { ...common, tree, path: file.path, side: 'candidate' });
  const name = `${plainPath(file.path)} (${model.run(run)?.task ?? run} attempt ${attempt})`;
  const title = 'Open Changes';
  if (file.status === 'added') return { command: 'vscode.open', title, arguments: [right, {}, `${name}, added`] };
  if (file.status === 'deleted') return { command: 'vscode.open', title, arguments: [left, {}, `${name}, deleted`] };
  return { command: 'vscode.diff', title, arguments: [left, right, name] };
}
