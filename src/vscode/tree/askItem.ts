import type * as vscodeTypes from 'vscode';
import type { InboxItem } from '../../protocol/messages.ts';
import { plainLine } from '../text/plainText.ts';
import type { Vscode } from '../vscodeValue.ts';
import type { NodeOf } from './treeNode.ts';

/** A codicon for each kind of thing that waits. */
export const askIcons: Record<InboxItem['kind'], string> = {
  review: 'diff-multiple',
  permission: 'shield',
  question: 'question',
  parked: 'debug-pause',
};

/** What is asked, in words: 'review: 4 files +62 −9, tests green', 'asks: bash npm publish --dry-run'. @param most characters of what was asked */
export function askText(item: InboxItem, most?: number): string {
  const title = plainLine(item.title, most);
  switch (item.kind) {
    case 'review':
      return title;
    case 'permission':
      return `asks to: ${title}`;
    case 'question':
      return `asks: ${title}`;
    case 'parked':
      return `parked: ${title}`;
  }
}

/** `ask.review`, `ask.permission`, `ask.question`, `ask.parked.budget`, …: what menus go by. */
export const askContext = (item: InboxItem): string => (item.kind === 'parked' ? `ask.parked.${item.detail}` : `ask.${item.kind}`);

export function askItem(
  vscode: Vscode,
  node: NodeOf<'ask'>,
  item: InboxItem | undefined,
  severalRepositories: boolean,
): vscodeTypes.TreeItem {
  if (item === undefined) return new vscode.TreeItem('answered');
  const { TreeItemCollapsibleState } = vscode;
  const isReview = item.kind === 'review';
  const drawn = new vscode.TreeItem(item.task, isReview ? TreeItemCollapsibleState.Collapsed : TreeItemCollapsibleState.None);
  drawn.id = node.key;
  drawn.description = `${askText(item)}${severalRepositories ? ` (${node.model.place.name})` : ''}`;
  drawn.iconPath = new vscode.ThemeIcon(askIcons[item.kind], new vscode.ThemeColor('charts.yellow'));
  drawn.contextValue = askContext(item);
  drawn.accessibilityInformation = { label: `${item.task} ${askText(item)}` };
  // A click looks; it never answers.
  drawn.command = isReview
    ? { command: 'reactor.reviewChanges', title: 'Review Changes', arguments: [node] }
    : { command: 'reactor.answer', title: 'Answer', arguments: [node] };
  return drawn;
}
