import type * as vscodeTypes from 'vscode';
import type { RunState } from '../../core/run/state.ts';
import type { HostContext } from '../hostContext.ts';
import type { PlannedTasks } from '../plannedTasks.ts';
import type { RepositoryModel } from '../repositoryModel.ts';
import { plainLine } from '../text/plainText.ts';
import { groupOf, groupTitles, type TaskGroup, taskGroups } from '../text/taskGroups.ts';
import { repositoryItem } from './cellsTree.ts';
import { hoverCard } from './hoverCard.ts';
import { taskItem } from './runItem.ts';
import { SidebarTree } from './sidebarTree.ts';
import type { NodeOf, TreeNode } from './treeNode.ts';

const GROUPED = 'reactor.tasks.grouped';

/** Each task with its last run, under headings or as one list, newest first; with those of reactor.yaml that were never run. */
export class TasksTree extends SidebarTree {
  readonly #planned: PlannedTasks;
  /** The heading each task was last drawn under, by its key. */
  readonly #drawnIn = new Map<string, TaskGroup>();
  readonly #drawnRepositories = new Set<string>();
  #grouped: boolean;
  #filter = '';

  constructor(context: HostContext, planned: PlannedTasks) {
    super(context);
    this.#planned = planned;
    this.#grouped = context.extension.workspaceState.get(GROUPED, true);
    this.store.add(context.repositories.onDidChangeRun(({ model, run }) => this.#changed(model, run)));
    this.store.add(planned.onDidChange(() => this.refresh('all')));
  }

  get grouped(): boolean {
    return this.#grouped;
  }
  async setGrouped(grouped: boolean): Promise<void> {
    this.#grouped = grouped;
    this.refresh('all');
    await this.context.extension.workspaceState.update(GROUPED, grouped);
  }

  get filter(): string {
    return this.#filter;
  }
  /** Shows only tasks whose id, title or state has these words; all for ''. */
  setFilter(filter: string): void {
    this.#filter = filter.trim().toLowerCase();
    this.refresh('all');
  }

  protected top(model: RepositoryModel, parent: TreeNode | null): readonly TreeNode[] {
    this.#drawnRepositories.add(model.place.id);
    if (!this.#grouped) return [...this.#plannedNodes(model, parent), ...this.#taskNodes(model, parent, null)];
    const counts = this.#counts(model);
    return taskGroups.filter((group) => (counts.get(group) ?? 0) > 0).map((group) => this.#groupNode(model, group));
  }

  protected childrenOf(node: TreeNode): readonly TreeNode[] {
    if (node.kind !== 'group') return [];
    return node.group === 'notStarted' ? this.#plannedNodes(node.model, node) : this.#taskNodes(node.model, node, node.group);
  }

  #groupNode(model: RepositoryModel, group: TaskGroup): NodeOf<'group'> {
    return this.node({ kind: 'group', key: `${model.place.id}#group/${group}`, model, parent: this.above(model), group });
  }

  #taskNodes(model: RepositoryModel, parent: TreeNode | null, group: TaskGroup | null): TreeNode[] {
    const nodes: TreeNode[] = [];
    for (const state of model.tasks()) {
      const own = groupOf(state);
      const key = `${model.place.id}#task/${state.task}`;
      this.#drawnIn.set(key, own);
      if ((group !== null && own !== group) || !this.#matches(`${state.task} ${state.spec.title} ${groupTitles[own]}`)) continue;
      nodes.push(this.node({ kind: 'task', key, model, parent, task: state.task }));
    }
    return nodes;
  }

  #plannedNodes(model: RepositoryModel, parent: TreeNode | null): TreeNode[] {
    return this.#planned
      .of(model)
      .filter(({ place }) => this.#matches(`${place.id ?? ''} ${place.title} ${groupTitles.notStarted}`))
      .map(({ file, place }) =>
        this.node({
          kind: 'planned',
          key: `${model.place.id}#planned/${file}/${place.index}/${place.id ?? place.title}`,
          model,
          parent,
          place,
          file,
        }),
      );
  }

  #counts(model: RepositoryModel): Map<TaskGroup, number> {
    const counts = new Map<TaskGroup, number>([['notStarted', this.#plannedNodes(model, this.#groupNode(model, 'notStarted')).length]]);
    for (const state of model.tasks()) {
      const group = groupOf(state);
      this.#drawnIn.set(`${model.place.id}#task/${state.task}`, group);
      if (this.#matches(`${state.task} ${state.spec.title} ${groupTitles[group]}`)) counts.set(group, (counts.get(group) ?? 0) + 1);
    }
    return counts;
  }

  #matches(text: string): boolean {
    if (this.#filter === '') return true;
    const lower = text.toLowerCase();
    return this.#filter.split(/\s+/).every((word) => lower.includes(word));
  }

  getTreeItem(node: TreeNode): vscodeTypes.TreeItem {
    const { vscode, host } = this.context;
    switch (node.kind) {
      case 'repository':
        return repositoryItem(this.context, node);
      case 'group': {
        const { Collapsed, Expanded } = vscode.TreeItemCollapsibleState;
        const open = node.group === 'running' || node.group === 'parked' || node.group === 'notStarted' || node.group === 'queued';
        const drawn = new vscode.TreeItem(groupTitles[node.group], open ? Expanded : Collapsed);
        drawn.id = node.key;
        drawn.description = String(this.#counts(node.model).get(node.group) ?? 0);
        drawn.contextValue = `group.${node.group}`;
        return drawn;
      }
      case 'task': {
        const state = node.model.lastRunOf(node.task);
        if (state === null) return new vscode.TreeItem(node.task);
        return taskItem(vscode, node, state, this.#grouped, host.clock.now());
      }
      case 'planned': {
        const { place, file } = node;
        const drawn = new vscode.TreeItem(`${place.id === null ? '' : `${place.id}  `}${plainLine(place.title, 60)}`);
        drawn.id = node.key;
        drawn.description = this.#grouped ? '' : 'not started';
        drawn.iconPath = new vscode.ThemeIcon('circle-outline');
        drawn.contextValue = 'planned';
        drawn.tooltip = `From ${file}, line ${place.line}. Not started.`;
        drawn.command = { command: 'reactor.openPlannedTask', title: 'Open reactor.yaml', arguments: [node] };
        return drawn;
      }
      default:
        return new vscode.TreeItem('');
    }
  }

  resolveTreeItem(item: vscodeTypes.TreeItem, node: TreeNode): vscodeTypes.TreeItem {
    const state = node.kind === 'task' ? node.model.lastRunOf(node.task) : null;
    if (state !== null) item.tooltip = hoverCard(this.context.vscode, state, node.model.place.id, this.context.host.clock.now());
    return item;
  }

  #changed(model: RepositoryModel, run: RunState): void {
    if (!this.#drawnRepositories.has(model.place.id) || model.lastRunOf(run.task)?.run !== run.run) return;
    const key = `${model.place.id}#task/${run.task}`;
    const before = this.#drawnIn.get(key);
    const now = groupOf(run);
    const node = this.known(key);
    if (before === now && node !== undefined) return this.refresh(node);
    this.#drawnIn.set(key, now);
    if (!this.#grouped) return this.refresh(before === undefined || node === undefined ? this.above(model) : node);
    // A heading may appear or go, and counts change: these are few rows, the tasks below unopened headings are not asked for.
    if (before === undefined || !this.#hasOthers(model, before) || !this.#hasOthers(model, now, run.task))
      return this.refresh(this.above(model));
    this.refresh(this.#groupNode(model, before));
    this.refresh(this.#groupNode(model, now));
  }

  /** Whether tasks beside this one stand under the heading now, so that it was there before and stays. */
  #hasOthers(model: RepositoryModel, group: TaskGroup, but?: string): boolean {
    for (const run of model.runs.values())
      if (run.task !== but && groupOf(run) === group && model.lastRunOf(run.task)?.run === run.run) return true;
    return false;
  }
}
