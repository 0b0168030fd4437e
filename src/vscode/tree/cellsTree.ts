import type * as vscodeTypes from 'vscode';
import type { Disposable } from '../../base/lifecycle.ts';
import { placeOf, placeText } from '../../core/landing/line.ts';
import { attemptText } from '../../core/projections/runWords.ts';
import type { RunState } from '../../core/run/state.ts';
import type { LiveMessage } from '../../protocol/messages.ts';
import type { HostContext } from '../hostContext.ts';
import type { RepositoryModel } from '../repositoryModel.ts';
import { lastCandidate } from '../text/runWords.ts';
import { isActive } from '../text/taskGroups.ts';
import { detailItem, fileItem } from './detailItems.ts';
import { fileNodes, moreFilesItem } from './fileNodes.ts';
import { hoverCard } from './hoverCard.ts';
import { cellItem } from './runItem.ts';
import { SidebarTree } from './sidebarTree.ts';
import type { NodeOf, TreeNode } from './treeNode.ts';

/** Elapsed time is brought up to date this often, while somebody can see it. */
const TICK_MS = 1000;

/** Cells at work, in the order in which they were asked for. */
export class CellsTree extends SidebarTree {
  readonly #shown = new Map<string, Set<string>>();
  readonly #activity = new Map<string, string>();
  readonly #live = new Map<RepositoryModel, Disposable>();
  #visible = false;
  #tick: Disposable | null = null;

  constructor(context: HostContext) {
    super(context);
    this.store.add(context.repositories.onDidChangeRun(({ model, run }) => this.#changed(model, run)));
    this.store.add(context.repositories.onDidChange(() => this.#listen()));
    this.#listen();
  }

  protected top(model: RepositoryModel): readonly TreeNode[] {
    const active = [...model.runs.values()].filter(isActive);
    this.#shown.set(model.place.id, new Set(active.map(({ run }) => run)));
    this.#schedule();
    return active.map(({ run }) => this.cellNode(model, run));
  }

  cellNode(model: RepositoryModel, run: string): NodeOf<'cell'> {
    return this.node({ kind: 'cell', key: `${model.place.id}#cell/${run}`, model, parent: this.above(model), run });
  }

  protected childrenOf(parent: TreeNode): readonly TreeNode[] {
    const state = parent.kind === 'cell' ? parent.model.run(parent.run) : null;
    if (state === null) return [];
    const detail = (kind: 'attempt' | 'branch' | 'port' | 'worktree' | 'serverLog'): TreeNode =>
      this.node({ kind, key: `${parent.key}/${kind}`, model: parent.model, parent, run: state.run });
    const rows: TreeNode[] = attemptText(state) === '' ? [] : [detail('attempt')];
    const last = lastCandidate(state);
    if (last !== null) rows.push(...fileNodes(parent, state, last, false).map((child) => this.node(child)));
    const { cell } = state;
    if (cell === null) return rows;
    rows.push(detail('branch'));
    if (cell.port !== null) rows.push(detail('port'));
    if (cell.hasWorktree) rows.push(detail('worktree'), detail('serverLog'));
    return rows;
  }

  getTreeItem(node: TreeNode): vscodeTypes.TreeItem {
    const { vscode, host } = this.context;
    switch (node.kind) {
      case 'repository':
        return repositoryItem(this.context, node);
      case 'file':
        return fileItem(vscode, node, false);
      case 'moreFiles':
        return moreFilesItem(vscode, node);
      case 'cell': {
        const state = node.model.run(node.run);
        if (state === null) return new vscode.TreeItem(node.run);
        const place = placeText(placeOf(state, node.model.runs.values()));
        return cellItem(vscode, node.key, state, this.#activity.get(node.key) ?? '', host.clock.now(), place);
      }
      case 'attempt':
      case 'branch':
      case 'port':
      case 'worktree':
      case 'serverLog': {
        const state = node.model.run(node.run);
        return state === null ? new vscode.TreeItem(node.kind) : detailItem(vscode, node, state);
      }
      default:
        return new vscode.TreeItem('');
    }
  }

  resolveTreeItem(item: vscodeTypes.TreeItem, node: TreeNode): vscodeTypes.TreeItem {
    const state = node.kind === 'cell' ? node.model.run(node.run) : null;
    if (state !== null) item.tooltip = hoverCard(this.context.vscode, state, node.model, this.context.host.clock.now());
    return item;
  }

  /** Whether somebody can see the view: nothing ticks while nobody does. */
  setVisible(visible: boolean): void {
    this.#visible = visible;
    this.#schedule();
  }

  #changed(model: RepositoryModel, run: RunState): void {
    const shown = this.#shown.get(model.place.id);
    if (shown === undefined) return;
    const node = this.cellNode(model, run.run);
    if (run.phase !== 'executing') this.#activity.delete(node.key);
    if (shown.has(run.run) !== isActive(run)) this.refresh(this.above(model));
    else if (isActive(run)) this.refresh(node);
  }

  #listen(): void {
    const { list } = this.context.repositories;
    for (const [model, subscription] of this.#live) {
      if (list.includes(model)) continue;
      subscription.dispose();
      this.#live.delete(model);
      this.#shown.delete(model.place.id);
    }
    for (const model of list) {
      if (!this.#live.has(model))
        this.#live.set(
          model,
          model.onLive((live) => this.#doing(model, live)),
        );
    }
  }

  #doing(model: RepositoryModel, live: LiveMessage): void {
    if (live.kind === 'text') return;
    const node = this.cellNode(model, live.run);
    this.#activity.set(node.key, live.text);
    if (this.#shown.get(model.place.id)?.has(live.run)) this.refresh(node);
  }

  #schedule(): void {
    const counts = [...this.#shown].some(([, runs]) => runs.size > 0);
    if (!this.#visible || !counts || this.store.isDisposed) {
      this.#tick?.dispose();
      this.#tick = null;
      return;
    }
    this.#tick ??= this.context.host.clock.schedule(TICK_MS, () => {
      this.#tick = null;
      for (const model of this.context.repositories.list) {
        for (const run of this.#shown.get(model.place.id) ?? []) this.refresh(this.cellNode(model, run));
      }
      this.#schedule();
    });
  }

  override dispose(): void {
    this.#tick?.dispose();
    for (const subscription of this.#live.values()) subscription.dispose();
    super.dispose();
  }
}

/** A repository on top of its rows, in a workspace of several. */
export function repositoryItem({ vscode }: HostContext, { key, model }: NodeOf<'repository'>): vscodeTypes.TreeItem {
  const drawn = new vscode.TreeItem(model.place.name, vscode.TreeItemCollapsibleState.Expanded);
  drawn.id = key;
  drawn.iconPath = new vscode.ThemeIcon('repo');
  drawn.tooltip = model.place.folder;
  drawn.accessibilityInformation = { label: model.place.name };
  drawn.contextValue = 'repository';
  return drawn;
}
