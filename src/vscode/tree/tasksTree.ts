import type * as vscodeTypes from 'vscode';
import type { Disposable } from '../../base/lifecycle.ts';
import type { RunState } from '../../core/run/state.ts';
import type { HostContext } from '../hostContext.ts';
import { dayStart } from '../notice/spending.ts';
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
  /** The heading each task was last drawn under. */
  readonly #drawnIn = new WeakMap<RepositoryModel, Map<string, TaskGroup>>();
  readonly #drawnRepositories = new Set<string>();
  /** Last runs of the tasks under each heading, until a run changes. */
  readonly #headings = new Map<RepositoryModel, ReadonlyMap<TaskGroup, readonly RunState[]>>();
  /** Rows of ended runs, which look the same until the state is another: under an open heading all are asked for when one moves there. */
  readonly #endedRows = { true: new WeakMap<RunState, vscodeTypes.TreeItem>(), false: new WeakMap<RunState, vscodeTypes.TreeItem>() };
  #grouped: boolean;
  #filter = '';
  #midnight: Disposable | null = null;

  constructor(context: HostContext, planned: PlannedTasks) {
    super(context);
    this.#planned = planned;
    this.#grouped = context.extension.workspaceState.get(GROUPED, true);
    this.store.add(context.repositories.onDidChangeRun(({ model, run }) => this.#changed(model, run)));
    this.store.add(context.repositories.onDidReset((model) => this.#headings.delete(model)));
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
    return taskGroups.filter((group) => this.#count(model, group) > 0).map((group) => this.#groupNode(model, group));
  }

  protected childrenOf(node: TreeNode): readonly TreeNode[] {
    if (node.kind !== 'group') return [];
    return node.group === 'notStarted' ? this.#plannedNodes(node.model, node) : this.#taskNodes(node.model, node, node.group);
  }

  #groupNode(model: RepositoryModel, group: TaskGroup): NodeOf<'group'> {
    return this.node({ kind: 'group', key: `${model.place.id}#group/${group}`, model, parent: this.above(model), group });
  }

  #taskNodes(model: RepositoryModel, parent: TreeNode | null, group: TaskGroup | null): TreeNode[] {
    const headings = this.#headingsOf(model);
    return this.#matching(group === null ? model.tasks() : (headings.get(group) ?? [])).map(({ task }) =>
      this.node({ kind: 'task', key: `${model.place.id}#task/${task}`, model, parent, task }),
    );
  }

  #matching(states: readonly RunState[]): readonly RunState[] {
    if (this.#filter === '') return states;
    return states.filter((state) => this.#matches(`${state.task} ${state.spec.title} ${groupTitles[groupOf(state)]}`));
  }

  /** Sorted once for all rows that are drawn after a change. */
  #headingsOf(model: RepositoryModel): ReadonlyMap<TaskGroup, readonly RunState[]> {
    const known = this.#headings.get(model);
    if (known !== undefined) return known;
    const headings = new Map<TaskGroup, RunState[]>();
    const drawnIn = this.#drawnIn.get(model) ?? new Map<string, TaskGroup>();
    this.#drawnIn.set(model, drawnIn);
    for (const state of model.tasks()) {
      const group = groupOf(state);
      drawnIn.set(state.task, group);
      const under = headings.get(group);
      if (under === undefined) headings.set(group, [state]);
      else under.push(state);
    }
    this.#headings.set(model, headings);
    return headings;
  }

  #plannedNodes(model: RepositoryModel, parent: TreeNode | null): TreeNode[] {
    return this.#planned
      .of(model)
      .filter(({ place }) => this.#matches(`${place.id ?? ''} ${place.title} ${groupTitles.notStarted}`))
      .map(({ file, uri, place }) =>
        this.node({
          kind: 'planned',
          key: `${model.place.id}#planned/${file}/${place.index}/${place.id ?? place.title}`,
          model,
          parent,
          place,
          file,
          uri,
        }),
      );
  }

  #count(model: RepositoryModel, group: TaskGroup): number {
    if (group === 'notStarted') return this.#plannedNodes(model, this.#groupNode(model, group)).length;
    return this.#matching(this.#headingsOf(model).get(group) ?? []).length;
  }

  /** '5 · 2 today' where what has landed is counted, else '5'. */
  #countText(model: RepositoryModel, group: TaskGroup): string {
    const count = this.#count(model, group);
    const { clock } = this.context.host;
    const now = clock.now();
    const midnight = dayStart(now);
    const landed = group === 'landed' ? this.#matching(this.#headingsOf(model).get(group) ?? []) : [];
    const today = landed.filter(({ endedAt }) => (endedAt ?? 0) >= midnight).length;
    if (today === 0) return String(count);
    this.#midnight ??= clock.schedule(dayStart(now, 1) - now, () => {
      this.#midnight = null;
      this.refresh('all');
    });
    return today === count ? `${count} today` : `${count} · ${today} today`;
  }

  #matches(text: string): boolean {
    if (this.#filter === '') return true;
    const lower = text.toLowerCase();
    return this.#filter.split(/\s+/).every((word) => lower.includes(word));
  }

  getTreeItem(node: TreeNode): vscodeTypes.TreeItem {
    const { vscode } = this.context;
    switch (node.kind) {
      case 'repository':
        return repositoryItem(this.context, node);
      case 'group': {
        const { Collapsed, Expanded } = vscode.TreeItemCollapsibleState;
        const open = node.group === 'running' || node.group === 'parked' || node.group === 'notStarted' || node.group === 'queued';
        const drawn = new vscode.TreeItem(groupTitles[node.group], open ? Expanded : Collapsed);
        drawn.id = node.key;
        drawn.description = this.#countText(node.model, node.group);
        drawn.contextValue = `group.${node.group}`;
        return drawn;
      }
      case 'task': {
        const state = node.model.lastRunOf(node.task);
        if (state === null) return new vscode.TreeItem(node.task);
        return this.#taskRow(node, state);
      }
      case 'planned': {
        const { place, file } = node;
        const drawn = new vscode.TreeItem(`${place.id === null ? '' : `${place.id}  `}${plainLine(place.title, 60)}`);
        drawn.id = node.key;
        drawn.description = this.#grouped ? '' : 'not started';
        drawn.iconPath = new vscode.ThemeIcon('circle-outline');
        drawn.contextValue = 'planned';
        drawn.tooltip = `From ${file}, line ${place.line}. Not started.`;
        // Else the tooltip alone would be read out.
        drawn.accessibilityInformation = { label: [place.id ?? '', plainLine(place.title), 'not started'].filter(Boolean).join(', ') };
        drawn.command = { command: 'reactor.openPlannedTask', title: 'Open reactor.yaml', arguments: [node] };
        return drawn;
      }
      default:
        return new vscode.TreeItem('');
    }
  }

  #taskRow(node: NodeOf<'task'>, state: RunState): vscodeTypes.TreeItem {
    const { vscode, host } = this.context;
    const rows = this.#endedRows[`${this.#grouped}`];
    const known = rows.get(state);
    if (known !== undefined) return known;
    const drawn = taskItem(vscode, node, state, this.#grouped, host.clock.now());
    if (state.phase === 'ended') rows.set(state, drawn);
    return drawn;
  }

  resolveTreeItem(item: vscodeTypes.TreeItem, node: TreeNode): vscodeTypes.TreeItem {
    const state = node.kind === 'task' ? node.model.lastRunOf(node.task) : null;
    if (state !== null) item.tooltip = hoverCard(this.context.vscode, state, node.model, this.context.host.clock.now());
    return item;
  }

  #changed(model: RepositoryModel, run: RunState): void {
    this.#headings.delete(model);
    if (!this.#drawnRepositories.has(model.place.id) || model.lastRunOf(run.task)?.run !== run.run) return;
    const key = `${model.place.id}#task/${run.task}`;
    const drawnIn = this.#drawnIn.get(model);
    const before = drawnIn?.get(run.task);
    const now = groupOf(run);
    const node = this.known(key);
    if (before === now && node !== undefined) return this.refresh(node);
    drawnIn?.set(run.task, now);
    if (!this.#grouped) return this.refresh(before === undefined || node === undefined ? this.above(model) : node);
    // A heading may appear or go, and counts change: these are few rows, the tasks below unopened headings are not asked for.
    if (before === undefined || !this.#hasOthers(model, before) || !this.#hasOthers(model, now, run.task))
      return this.refresh(this.above(model));
    this.refresh(this.#groupNode(model, before));
    this.refresh(this.#groupNode(model, now));
  }

  /** Whether tasks beside this one are shown under the heading now, so that it was there before and stays. */
  #hasOthers(model: RepositoryModel, group: TaskGroup, but?: string): boolean {
    return this.#matching(this.#headingsOf(model).get(group) ?? []).some(({ task }) => task !== but);
  }

  override dispose(): void {
    this.#midnight?.dispose();
    super.dispose();
  }
}
