import type * as vscodeTypes from 'vscode';
import { type Disposable, DisposableStore } from '../../base/lifecycle.ts';
import type { HostContext } from '../hostContext.ts';
import type { RepositoryModel } from '../repositoryModel.ts';
import type { NodeOf, TreeNode } from './treeNode.ts';

/** Changes that come together are shown together. */
const GATHER_MS = 50;

/**
 * A view of the sidebar. Rows keep their objects as long as they stand for the same thing, so that one of them can be drawn anew without the
 * others. With several repositories each is a row of its own, on top.
 */
export abstract class SidebarTree implements vscodeTypes.TreeDataProvider<TreeNode>, Disposable {
  protected readonly context: HostContext;
  protected readonly store = new DisposableStore();
  readonly #changed: vscodeTypes.EventEmitter<TreeNode[] | undefined>;
  readonly #nodes = new Map<string, TreeNode>();
  #dirty: Set<TreeNode> | 'all' | null = null;
  #flush: Disposable | null = null;

  constructor(context: HostContext) {
    this.context = context;
    this.#changed = this.store.add(new context.vscode.EventEmitter<TreeNode[] | undefined>());
    this.store.add(context.repositories.onDidChange(() => this.refresh('all')));
    this.store.add(context.repositories.onDidReset(() => this.refresh('all')));
  }

  get onDidChangeTreeData(): vscodeTypes.Event<TreeNode[] | undefined> {
    return this.#changed.event;
  }

  /** Rows of one repository. */
  protected abstract top(model: RepositoryModel, parent: TreeNode | null): readonly TreeNode[];
  protected abstract childrenOf(node: TreeNode): readonly TreeNode[] | Promise<readonly TreeNode[]>;
  abstract getTreeItem(node: TreeNode): vscodeTypes.TreeItem;

  async getChildren(node?: TreeNode): Promise<TreeNode[]> {
    const { repositories } = this.context;
    await repositories.scan();
    if (node !== undefined) return [...(node.kind === 'repository' ? this.top(node.model, node) : await this.childrenOf(node))];
    const { list } = repositories;
    if (list.length <= 1) return list.flatMap((model) => [...this.top(model, null)]);
    return list.map((model) => this.repositoryNode(model));
  }

  getParent(node: TreeNode): TreeNode | null {
    return node.parent;
  }

  protected repositoryNode(model: RepositoryModel): NodeOf<'repository'> {
    return this.node({ kind: 'repository', key: `${model.place.id}#`, model, parent: null });
  }

  /** The row above a repository's top rows: null when there is just one repository. */
  protected above(model: RepositoryModel): TreeNode | null {
    return this.context.repositories.list.length > 1 ? this.repositoryNode(model) : null;
  }

  /** The row that stands for the same thing, when there is one already. */
  protected node<N extends TreeNode>(fresh: N): N {
    const known = this.#nodes.get(fresh.key);
    if (known !== undefined && known.kind === fresh.kind && known.parent === fresh.parent && isSamePlace(known, fresh)) return known as N;
    this.#nodes.set(fresh.key, fresh);
    return fresh;
  }
  protected known(key: string): TreeNode | undefined {
    return this.#nodes.get(key);
  }
  protected forget(key: string): void {
    this.#nodes.delete(key);
  }

  /** Draws one row and what is below it anew, or everything. */
  refresh(node: TreeNode | null | 'all'): void {
    if (this.store.isDisposed) return;
    if (node === 'all' || node === null) this.#dirty = 'all';
    else if (this.#dirty !== 'all') this.#dirty = (this.#dirty ?? new Set<TreeNode>()).add(node);
    this.#flush ??= this.context.host.clock.schedule(GATHER_MS, () => {
      this.#flush = null;
      const dirty = this.#dirty;
      this.#dirty = null;
      if (dirty !== null) this.#changed.fire(dirty === 'all' ? undefined : [...dirty]);
    });
  }

  dispose(): void {
    this.#flush?.dispose();
    this.store.dispose();
  }
}

/** A task of a settings file is no longer the one that was drawn when its line or words are others: the row is for what it shows. */
const isSamePlace = (known: TreeNode, fresh: TreeNode): boolean =>
  known.kind !== 'planned' || fresh.kind !== 'planned' || JSON.stringify(known.place) === JSON.stringify(fresh.place);
