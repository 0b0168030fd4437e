import type * as vscodeTypes from 'vscode';
import { type Disposable, DisposableStore } from '../../base/lifecycle.ts';
import { UserFacingError } from '../../base/userFacingError.ts';
import { shortOid } from '../../core/projections/figures.ts';
import { type AttemptState, type RunState, startOf } from '../../core/run/state.ts';
import type { HostContext } from '../hostContext.ts';
import type { RepositoryModel } from '../repositoryModel.ts';
import { plainPath } from '../text/plainText.ts';
import { lastCandidate, pendingReview, testText } from '../text/runWords.ts';
import type { NodeOf } from '../tree/treeNode.ts';
import { fileCommand } from './fileCommand.ts';
import { blobsOf, reviewResource } from './reviewResources.ts';
import { treeUri } from './treeUri.ts';

const KEY = 'reactor.reviews';
const MOST_REMEMBERED = 50;

export interface OpenReview {
  readonly repository: string;
  readonly run: string;
  readonly tree: string;
}

/** 'TASK-007 attempt 2 — green in 8.1 s' */
export const reviewTitle = (state: RunState, attempt: AttemptState): string =>
  `${state.task} attempt ${attempt.attempt} — ${testText(attempt)}`;

/** Opens candidates in the editor of many diffs, and knows which one is in front. */
export class Reviews implements Disposable {
  readonly #context: HostContext;
  readonly #store = new DisposableStore();
  /** By the title of the editor. Each title stands for one tree, for good. */
  #opened: Record<string, OpenReview>;

  constructor(context: HostContext) {
    this.#context = context;
    this.#opened = context.extension.workspaceState.get<Record<string, OpenReview>>(KEY, {});
    const { tabGroups } = context.vscode.window;
    this.#store.add(tabGroups.onDidChangeTabs(() => this.#tell()));
    this.#store.add(tabGroups.onDidChangeTabGroups(() => this.#tell()));
    this.#store.add(context.repositories.onDidChangeInbox(() => this.#tell()));
    this.#tell();
  }

  /** The review whose editor is in front of the group that has the focus, or null. */
  active(): OpenReview | null {
    return this.#ofTab(this.#context.vscode.window.tabGroups.activeTabGroup.activeTab);
  }

  /** The reviews whose editors are in front, of each group of editors; each once. */
  fronts(): readonly OpenReview[] {
    const found = this.#context.vscode.window.tabGroups.all.flatMap(({ activeTab }) => this.#ofTab(activeTab) ?? []);
    return [...new Set(found)];
  }

  #ofTab(tab: vscodeTypes.Tab | undefined): OpenReview | null {
    const label = tab?.label ?? '';
    // The editor adds the number of files in brackets.
    const titles = Object.keys(this.#opened).filter((title) => label === title || label.startsWith(`${title} (`));
    const [title] = titles.toSorted((a, b) => b.length - a.length);
    return title === undefined ? null : (this.#opened[title] ?? null);
  }

  /**
   * Shows what an attempt changed, against what it began from: the newest candidate when no tree is named.
   * @throws UserFacingError `notPossibleNow` when there is nothing to show
   */
  async open(model: RepositoryModel, state: RunState, tree: string | null): Promise<void> {
    const found = tree === null ? lastCandidate(state) : candidateOf(state, tree);
    if (found === null) throw new UserFacingError('notPossibleNow', `${state.task} has no changes to show yet.`);
    const { vscode, host } = this.#context;
    const { candidate, attempt } = found;
    const sides = { repository: model.place.id, run: state.run, base: startOf(state, attempt.attempt), tree: candidate.tree };
    const changes = await host.changes(model.place.folder, sides.base, sides.tree);
    if (changes.length === 0) throw new UserFacingError('notPossibleNow', `Attempt ${attempt.attempt} of ${state.task} changed nothing.`);
    const sizes = await host.blobSizes(model.place.folder, changes.flatMap(blobsOf));
    const resources = changes.map((change) => reviewResource(vscode, sides, change, sizes));
    const title = await this.#remember(reviewTitle(state, attempt), model, {
      repository: sides.repository,
      run: state.run,
      tree: sides.tree,
    });
    await vscode.commands.executeCommand('vscode.changes', title, resources);
    this.#tell();
  }

  /** One file of a candidate against the base. */
  async openFile(node: NodeOf<'file'>): Promise<void> {
    const { vscode } = this.#context;
    const { command, arguments: given = [] } = fileCommand(vscode, node);
    await vscode.commands.executeCommand(command, ...given);
  }

  /** The same with the worktree's own file on the right: there it can be edited, and each change be reverted by the arrow beside it. */
  async openEditable(node: NodeOf<'file'>): Promise<void> {
    const { vscode } = this.#context;
    const { model, run, base, file } = node;
    const state = model.run(run);
    const worktree = state?.cell?.hasWorktree ? state.cell.worktree : null;
    if (state === null || worktree === null || pendingReview(state) === null || file.status === 'deleted') {
      throw new UserFacingError(
        'notPossibleNow',
        `${plainPath(file.path)} can't be edited now: only a file of a change that waits for review can.`,
      );
    }
    const right: vscodeTypes.Uri = vscode.Uri.joinPath(vscode.Uri.file(worktree), file.path);
    const left = treeUri(vscode, { repository: model.place.id, run, tree: base, path: file.oldPath ?? file.path, side: 'base' });
    const title = `${plainPath(file.path)} (${state.task}, editable: saving makes a new candidate)`;
    if (file.status === 'added') await vscode.commands.executeCommand('vscode.open', right);
    else await vscode.commands.executeCommand('vscode.diff', left, right, title);
  }

  async #remember(plain: string, model: RepositoryModel, review: OpenReview): Promise<string> {
    const several = this.#context.repositories.list.length > 1 ? ` (${model.place.name})` : '';
    const isFree = (title: string): boolean => {
      const known = this.#opened[title];
      return known === undefined || (known.tree === review.tree && known.run === review.run && known.repository === review.repository);
    };
    const title =
      [`${plain}${several}`, `${plain}${several}, tree ${shortOid(review.tree)}`, `${plain}${several}, tree ${review.tree}`].find(isFree) ??
      plain;
    const { [title]: _, ...rest } = this.#opened;
    this.#opened = Object.fromEntries([...Object.entries(rest), [title, review] as const].slice(-MOST_REMEMBERED));
    await this.#context.extension.workspaceState.update(KEY, this.#opened);
    return title;
  }

  /** Buttons of the title bar stand only on the editor of a change that waits, and of its present tree. */
  #tell(): void {
    const review = this.active();
    const state = review === null ? null : (this.#context.repositories.byId(review.repository)?.run(review.run) ?? null);
    const waits = state !== null && pendingReview(state)?.tree === review?.tree;
    void this.#context.vscode.commands.executeCommand('setContext', 'reactor.reviewActive', waits);
  }

  dispose(): void {
    this.#store.dispose();
  }
}

function candidateOf(state: RunState, tree: string): ReturnType<typeof lastCandidate> {
  const attempt = state.attempts.findLast(({ candidate }) => candidate?.tree === tree);
  return attempt?.candidate ? { attempt, candidate: attempt.candidate } : null;
}
