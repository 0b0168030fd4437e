import { basename } from 'node:path';
import type * as vscodeTypes from 'vscode';
import { z } from 'zod';
import { runElapsedText } from '../../core/projections/runWords.ts';
import type { RunState } from '../../core/run/state.ts';
import type { InboxItem } from '../../protocol/messages.ts';
import { type ViewId, viewIds } from '../commandIds.ts';
import type { HostContext } from '../hostContext.ts';
import { folderAround } from '../repositories.ts';
import type { RepositoryModel } from '../repositoryModel.ts';
import { plainLine, withoutIcons } from '../text/plainText.ts';
import { joined, markOf } from '../text/runWords.ts';
import type { NodeOf, TreeNode } from '../tree/treeNode.ts';
import { askRows } from './askRows.ts';

/** A run that a command is for. */
export interface Target {
  readonly model: RepositoryModel;
  readonly state: RunState;
  /** What the row or the review that was pressed showed; null when the person named the run by other means. */
  readonly shown: { readonly id: string | null; readonly tree: string | null } | null;
}

/** Where a task is to work: a folder of the workspace in a repository. */
export interface WorkPlace {
  readonly model: RepositoryModel;
  readonly folder: string;
}

/** What a link in a hover card or a notification hands over. */
const Reference = z.object({ repository: z.string(), run: z.string(), id: z.string().nullish(), tree: z.string().nullish() });

/** What a key hands over: the view it was pressed in. Which row has the keyboard there is not known, only which is selected. */
const PressedIn = z.object({ view: z.enum(viewIds) });

export const isNode = (value: unknown): value is TreeNode =>
  typeof value === 'object' && value !== null && 'kind' in value && 'model' in value;

export const isFileNode = (value: unknown): value is NodeOf<'file'> => isNode(value) && value.kind === 'file';

export interface PickOptions {
  /** Which runs the command can be for. */
  readonly fits: (state: RunState) => boolean;
  /** Title of the list to choose from. */
  readonly title: string;
  /** Said when none fits. */
  readonly none: string;
  /** Shows the list even when there is just one: what is decided has to be seen. */
  readonly always?: boolean;
}

export interface AskOptions {
  readonly kinds: readonly InboxItem['kind'][];
  /** Title of the list to choose from. */
  readonly title: string;
  /** Said when nothing of these kinds waits. */
  readonly none: string;
  /** Shows the list even when just one thing waits: what is decided has to be seen. */
  readonly always: boolean;
}

interface FrontReview {
  readonly repository: string;
  readonly run: string;
  readonly tree: string;
}

/** Finds the run a command is for: the row it was called on, else the one chosen from a list. */
export class Targets {
  readonly #context: HostContext;
  readonly #selected: (view: ViewId) => readonly TreeNode[];
  readonly #frontReviews: () => readonly FrontReview[];

  /**
   * @param selected the rows selected in a view, for keys
   * @param frontReviews the reviews whose editors are in front, of every group of editors, for their title bars
   */
  constructor(context: HostContext, selected: (view: ViewId) => readonly TreeNode[], frontReviews: () => readonly FrontReview[]) {
    this.#context = context;
    this.#selected = selected;
    this.#frontReviews = frontReviews;
  }

  /** Null when the person chose none, or there is none, which they are told. */
  async pick(argument: unknown, options: PickOptions): Promise<Target | null> {
    const direct = this.direct(argument);
    if (direct !== null) return direct;
    await this.#context.repositories.scan();
    return this.#choose(options);
  }

  /**
   * What a decision is about, named by its id or its tree: what the row or the review showed, else what the person chose from the list of all
   * that waits. Null when they chose none, or nothing waits, which they are told.
   */
  async ask(argument: unknown, options: AskOptions): Promise<Target | null> {
    const from = this.direct(argument);
    const isShown = from?.shown != null && (from.shown.id !== null || options.kinds.includes('review'));
    if (isShown && !PressedIn.safeParse(argument).success) return from;
    const { vscode, repositories } = this.#context;
    await repositories.scan();
    const rows = askRows(this.#context, options.kinds, from);
    const [first, second] = rows;
    if (first === undefined) {
      await vscode.window.showInformationMessage(options.none);
      return null;
    }
    // What the person came from may not wait any more: then the only other thing is not taken in its place.
    const isMeant = from === null || (from.model === first.target.model && from.state.run === first.target.state.run);
    if (second === undefined && isMeant && !options.always) return first.target;
    const { title } = options;
    const chosen = await vscode.window.showQuickPick(rows, {
      title,
      placeHolder: `${title}: which task?`,
      matchOnDescription: true,
      matchOnDetail: true,
    });
    return chosen?.target ?? null;
  }

  /** The rows that a command is for: all that are selected where it was called on one of them or by a key, else the one. */
  rows(argument: unknown, selected: unknown): readonly unknown[] {
    const pressed = PressedIn.safeParse(argument);
    const nodes: readonly unknown[] = pressed.success ? this.#selected(pressed.data.view) : Array.isArray(selected) ? selected : [];
    return pressed.success || nodes.includes(argument) ? nodes : [argument];
  }

  /** The runs of these rows, each once. */
  all(argument: unknown, selected: unknown): readonly Target[] {
    const found = this.rows(argument, selected).flatMap((row) => this.direct(row) ?? []);
    return found.filter(({ model, state }, index) => found.findIndex((t) => t.model === model && t.state.run === state.run) === index);
  }

  /** The run that an argument of a command stands for, without asking. */
  direct(argument: unknown): Target | null {
    const pressed = PressedIn.safeParse(argument);
    if (pressed.success) {
      const [first] = this.#selected(pressed.data.view);
      return first === undefined ? null : this.direct(first);
    }
    if (isNode(argument)) return this.#ofNode(argument);
    const reference = Reference.safeParse(argument);
    if (reference.success) return this.#ofReference(reference.data);
    // The title bar of an editor hands over its address, not its group: with several reviews in front nobody knows which was meant.
    const [review, another] = isReviewUri(argument) ? this.#frontReviews() : [];
    return review === undefined || another !== undefined ? null : this.#ofReference({ ...review, id: null });
  }

  #ofNode(node: TreeNode): Target | null {
    const { model } = node;
    const state = 'run' in node ? model.run(node.run) : node.kind === 'task' ? model.lastRunOf(node.task) : null;
    if (state === null) return null;
    const shown = node.kind === 'ask' ? { id: node.id, tree: node.tree } : node.kind === 'file' ? { id: null, tree: node.tree } : null;
    return { model, state, shown };
  }

  #ofReference({ repository, run, id, tree }: z.infer<typeof Reference>): Target | null {
    const model = this.#context.repositories.byId(repository);
    const state = model?.run(run) ?? null;
    if (model === null || state === null) return null;
    return { model, state, shown: id == null && tree == null ? null : { id: id ?? null, tree: tree ?? null } };
  }

  async #choose({ fits, title, none, always = false }: PickOptions): Promise<Target | null> {
    const { vscode, repositories, host } = this.#context;
    const all = repositories.list.flatMap((model) => [...model.runs.values()].filter(fits).map((state) => ({ model, state, shown: null })));
    if (all.length === 0) {
      await vscode.window.showInformationMessage(none);
      return null;
    }
    const [only] = all;
    if (all.length === 1 && only !== undefined && !always) return only;
    const several = repositories.list.length > 1;
    const rows = all.reverse().map((target) => {
      const { state, model } = target;
      const { icon, word } = markOf(state);
      return {
        label: `$(${icon}) ${state.task} ${withoutIcons(plainLine(state.spec.title, 60))}`,
        description: joined(word, runElapsedText(state, host.clock.now()), several ? model.place.name : ''),
        detail: withoutIcons(plainLine(state.pending[0]?.title ?? state.parked?.reason ?? state.concluded?.reason ?? '')),
        target,
      };
    });
    const chosen = await vscode.window.showQuickPick(rows, {
      title,
      placeHolder: `${title}: which task?`,
      matchOnDescription: true,
      matchOnDetail: true,
    });
    return chosen?.target ?? null;
  }

  /** The repository a command without a run is for. Null when there is none, which the person is told, or none was chosen. */
  async repository(uri?: vscodeTypes.Uri): Promise<RepositoryModel | null> {
    const { vscode, repositories } = this.#context;
    await repositories.scan();
    const at = repositories.of(uri ?? vscode.window.activeTextEditor?.document.uri);
    if (at !== null) return at;
    if (repositories.list.length === 0) {
      await this.#tellMissing();
      return null;
    }
    const rows = repositories.list.map((model) => ({ label: model.place.name, description: model.place.folder, model }));
    return (await vscode.window.showQuickPick(rows, { title: 'Repository' }))?.model ?? null;
  }

  /**
   * The workspace's folder that a request is for: the one around the file or the one being edited, the only one, else the one that the person
   * chose. Null when they chose none.
   */
  async folder({ folders }: RepositoryModel, uri?: vscodeTypes.Uri): Promise<string | null> {
    const { vscode } = this.#context;
    const at = uri ?? vscode.window.activeTextEditor?.document.uri;
    const [only, another] = folders;
    if (only === undefined || another === undefined) return only ?? null;
    const around = at?.scheme === 'file' ? folderAround(folders, at) : null;
    if (around !== null) return around;
    const rows = folders.map((folder) => ({ label: basename(folder), description: folder }));
    return (await vscode.window.showQuickPick(rows, { title: 'Folder to work in' }))?.description ?? null;
  }

  async #tellMissing(): Promise<void> {
    const { vscode, repositories } = this.#context;
    switch (repositories.missing) {
      case 'noFolder': {
        const pressed = await vscode.window.showWarningMessage('Open the folder of a git repository first.', 'Open Folder');
        if (pressed !== undefined) await vscode.commands.executeCommand('vscode.openFolder');
        return;
      }
      default: {
        if (repositories.problem !== null) {
          await vscode.window.showErrorMessage(repositories.problem);
          return;
        }
        const pressed = await vscode.window.showWarningMessage('This folder is not in a git repository.', 'Initialize Repository');
        if (pressed !== undefined) await vscode.commands.executeCommand('git.init');
      }
    }
  }
}

/** The address of an editor of many diffs, which reviews are shown in. */
const isReviewUri = (value: unknown): boolean =>
  typeof value === 'object' && value !== null && 'scheme' in value && 'path' in value && value.scheme === 'multi-diff-editor';
