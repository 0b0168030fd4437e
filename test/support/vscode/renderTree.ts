import type { TreeDataProvider } from 'vscode';
import type { FakeTreeItem } from './fakeTypes.ts';

/** A view as text: one row per line, indented, with its icon, check box, label and description. Collapsed rows are opened too. */
export async function renderTree<T>(tree: TreeDataProvider<T>, node?: T, indent = ''): Promise<string> {
  const lines: string[] = [];
  for (const child of (await tree.getChildren(node)) ?? []) {
    const item = (await tree.getTreeItem(child)) as unknown as FakeTreeItem;
    const box = item.checkboxState === undefined ? '' : item.checkboxState.state === 1 ? '[x] ' : '[ ] ';
    const icon = item.iconPath?.id === undefined ? '' : `(${item.iconPath.id}) `;
    lines.push(`${indent}${box}${icon}${item.label}${item.description ? `   ${item.description}` : ''}`);
    if (item.collapsibleState === 0) continue;
    const below = await renderTree(tree, child, `${indent}  `);
    if (below !== '') lines.push(below);
  }
  return lines.join('\n');
}
