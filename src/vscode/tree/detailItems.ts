import { posix } from 'node:path';
import type * as vscodeTypes from 'vscode';
import type { ChangedFile } from '../../core/journal/events.ts';
import { linesText, shortOid } from '../../core/projections/figures.ts';
import { attemptText } from '../../core/projections/runWords.ts';
import { isUnsandboxed } from '../../core/projections/unsandboxed.ts';
import type { RunState } from '../../core/run/state.ts';
import { baseText } from '../../core/run/unborn.ts';
import { fileCommand } from '../review/fileCommand.ts';
import { treeUri } from '../review/treeUri.ts';
import { plainPath } from '../text/plainText.ts';
import { currentText, joined } from '../text/runWords.ts';
import type { Vscode } from '../vscodeValue.ts';
import type { NodeOf } from './treeNode.ts';

const letters: Record<ChangedFile['status'], string> = { added: 'A', modified: 'M', deleted: 'D', renamed: 'R', typeChanged: 'T' };
const words: Record<ChangedFile['status'], string> = {
  added: 'added',
  modified: 'modified',
  deleted: 'deleted',
  renamed: 'renamed',
  typeChanged: 'changed in kind',
};

/** A changed file: `M  jwt.ts   src/auth · +48 −3`. A click opens its diff. */
export function fileItem(vscode: Vscode, node: NodeOf<'file'>, isReviewed: boolean): vscodeTypes.TreeItem {
  const { file, tree } = node;
  const drawn = new vscode.TreeItem(plainPath(posix.basename(file.path), 80));
  const folder = posix.dirname(file.path);
  const path = plainPath(file.path, 1000);
  const from = file.oldPath === undefined ? '' : `from ${plainPath(file.oldPath)}`;
  drawn.id = node.key;
  drawn.description = joined(letters[file.status], folder === '.' ? '' : plainPath(folder), from, linesText(file.added, file.removed));
  drawn.tooltip = joined(path, words[file.status], from, linesText(file.added, file.removed));
  drawn.resourceUri = treeUri(vscode, { repository: node.model.place.id, tree, path: file.path, run: node.run, side: 'candidate' });
  drawn.iconPath = vscode.ThemeIcon.File;
  drawn.contextValue = node.reviewable ? 'file.reviewable' : 'file';
  drawn.command = fileCommand(vscode, node);
  const reviewed = isReviewed ? ', reviewed' : '';
  drawn.accessibilityInformation = { label: `${path}, ${words[file.status]}, ${linesText(file.added, file.removed)}${reviewed}` };
  if (node.reviewable) {
    const { Checked, Unchecked } = vscode.TreeItemCheckboxState;
    drawn.checkboxState = {
      state: isReviewed ? Checked : Unchecked,
      tooltip: isReviewed ? 'Reviewed' : 'Mark as reviewed',
    };
  }
  return drawn;
}

type DetailKind = 'attempt' | 'branch' | 'port' | 'worktree' | 'serverLog';

/** The other rows below a cell. */
export function detailItem(vscode: Vscode, node: NodeOf<DetailKind>, state: RunState): vscodeTypes.TreeItem {
  const { cell } = state;
  const [label, icon, description] = ((): [string, string, string] => {
    switch (node.kind) {
      case 'attempt':
        return [attemptText(state), 'history', currentText(state, shortOid)];
      case 'branch':
        return [cell?.branch ?? '', 'git-branch', `from ${baseText(state.spec, shortOid)}`];
      case 'port':
        return [`:${cell?.port ?? ''}`, 'radio-tower', joined('agent server', isUnsandboxed(state) ? 'unsandboxed' : '')];
      case 'worktree':
        return ['worktree', 'folder', cell?.worktree ?? ''];
      case 'serverLog':
        return ['server log', 'output', ''];
    }
  })();
  const drawn = new vscode.TreeItem(label);
  drawn.id = node.key;
  drawn.description = description;
  drawn.iconPath = new vscode.ThemeIcon(icon);
  drawn.contextValue = node.kind;
  const spoken = node.kind === 'port' ? `port ${cell?.port ?? ''}` : label;
  drawn.accessibilityInformation = { label: [spoken, description].filter((part) => part !== '').join(', ') };
  if (node.kind === 'serverLog') drawn.command = { command: 'reactor.openServerLog', title: 'Open Server Log', arguments: [node] };
  if (node.kind === 'worktree') drawn.tooltip = `${description}\nOpen it in a new window or a terminal by the buttons of this row.`;
  return drawn;
}
