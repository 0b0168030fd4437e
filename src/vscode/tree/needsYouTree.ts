import type * as vscodeTypes from 'vscode';
import { plural } from '../../core/projections/figures.ts';
import type { InboxItem } from '../../protocol/messages.ts';
import type { HostContext } from '../hostContext.ts';
import type { RepositoryModel } from '../repositoryModel.ts';
import type { ReviewedFiles } from '../review/reviewedFiles.ts';
import { lastCandidate } from '../text/runWords.ts';
import { askItem } from './askItem.ts';
import { fileItem } from './detailItems.ts';
import { fileNodes, moreFilesItem } from './fileNodes.ts';
import { hoverCard } from './hoverCard.ts';
import { SidebarTree } from './sidebarTree.ts';
import type { NodeOf, TreeNode } from './treeNode.ts';

/** What waits for a person, oldest first, of all repositories together; below a review its files with check boxes. */
export class NeedsYouTree extends SidebarTree {
  readonly #reviewed: ReviewedFiles;

  constructor(context: HostContext, reviewed: ReviewedFiles) {
    super(context);
    this.#reviewed = reviewed;
    this.store.add(context.repositories.onDidChangeInbox(() => this.refresh('all')));
    this.store.add(reviewed.onDidChange(({ model, run }) => this.#redrawFiles(model, run)));
  }

  /** One list, whatever repository it is of: whoever waits longest stands first. */
  override async getChildren(node?: TreeNode): Promise<TreeNode[]> {
    if (node !== undefined) return super.getChildren(node);
    await this.context.repositories.scan();
    const all = this.context.repositories.list.flatMap((model) => model.inbox.map((item) => ({ model, item })));
    return all.sort((a, b) => a.item.at - b.item.at).map(({ model, item }) => this.nodeOf(model, item));
  }

  protected top(): readonly TreeNode[] {
    return [];
  }

  nodeOf(model: RepositoryModel, item: InboxItem): NodeOf<'ask'> {
    const { run, id, tree } = item;
    return this.node({ kind: 'ask', key: `${model.place.id}#ask/${run}/${id}/${tree ?? ''}`, model, parent: null, run, id, tree });
  }

  protected childrenOf(node: TreeNode): readonly TreeNode[] {
    if (node.kind !== 'ask' || node.tree === null) return [];
    const state = node.model.run(node.run);
    const last = state === null ? null : lastCandidate(state);
    if (state === null || last === null || last.candidate.tree !== node.tree) return [];
    return fileNodes(node, state, last, true).map((child) => this.node(child));
  }

  getTreeItem(node: TreeNode): vscodeTypes.TreeItem {
    const { vscode, repositories } = this.context;
    if (node.kind === 'file') return fileItem(vscode, node, this.#reviewed.has(node.model, node.run, node.file.path, node.tree));
    if (node.kind === 'moreFiles') return moreFilesItem(vscode, node);
    if (node.kind !== 'ask') return new vscode.TreeItem('');
    const item = node.model.inbox.find(({ run, id }) => run === node.run && id === node.id);
    return askItem(vscode, node, item, repositories.list.length > 1);
  }

  resolveTreeItem(item: vscodeTypes.TreeItem, node: TreeNode): vscodeTypes.TreeItem {
    const state = node.kind === 'ask' ? node.model.run(node.run) : null;
    if (state !== null) item.tooltip = hoverCard(this.context.vscode, state, node.model, this.context.host.clock.now());
    return item;
  }

  /** How many things wait, for the badge. */
  count(): number {
    return this.context.repositories.list.reduce((sum, { inbox }) => sum + inbox.length, 0);
  }

  badge(): vscodeTypes.ViewBadge | undefined {
    const value = this.count();
    return value === 0 ? undefined : { value, tooltip: `${plural(value, 'thing needs', 'things need')} you` };
  }

  #redrawFiles(model: RepositoryModel, run: string): void {
    for (const item of model.inbox) if (item.run === run && item.kind === 'review') this.refresh(this.nodeOf(model, item));
  }
}
