import { sep } from 'node:path';
import type * as vscodeTypes from 'vscode';
import { type Disposable, DisposableStore } from '../../base/lifecycle.ts';
import { errorText } from '../../base/log.ts';
import { UserFacingError } from '../../base/userFacingError.ts';
import { plural } from '../../core/projections/figures.ts';
import type { RunState } from '../../core/run/state.ts';
import type { HostContext } from '../hostContext.ts';
import type { RepositoryModel } from '../repositoryModel.ts';
import { pendingReview } from '../text/runWords.ts';
import type { NodeOf } from '../tree/treeNode.ts';

/** Candidates a person changes: files they reject, files they edit. Each makes a new candidate, which is tested again before it can land. */
export class CandidateEdits implements Disposable {
  readonly #context: HostContext;
  readonly #store = new DisposableStore();
  readonly #asking = new Set<string>();

  constructor(context: HostContext) {
    this.#context = context;
    this.#store.add(
      context.vscode.workspace.onDidSaveTextDocument((document) => {
        this.#saved(document).catch((error: unknown) =>
          context.host.log.log('error', 'an edit could not be handed over', { error: errorText(error) }),
        );
      }),
    );
  }

  /** Takes files out of the candidate. They stay restorable. */
  async rejectFiles(nodes: readonly NodeOf<'file'>[]): Promise<void> {
    const [first] = nodes;
    if (first === undefined) return;
    const { model, run, tree } = first;
    const state = model.run(run);
    if (state === null || pendingReview(state)?.tree !== tree) {
      throw new UserFacingError(
        'notPossibleNow',
        `There is a newer candidate of ${state?.task ?? run}. Nothing was rejected: look at the present changes first.`,
      );
    }
    const rejected = nodes.filter((node) => node.tree === tree && node.run === run).map(({ file }) => ({ path: file.path, hunks: null }));
    await model.request('revise', { run, tree, rejected, edited: false });
    this.#context.vscode.window.setStatusBarMessage(
      `${state.task}: ${plural(rejected.length, 'file')} rejected. This makes a new candidate: tests run again`,
      8000,
    );
  }

  /** Takes the worktree as the person left it in place of the candidate. */
  async takeEdits(model: RepositoryModel, state: RunState): Promise<void> {
    const tree = pendingReview(state)?.tree ?? null;
    if (tree === null)
      throw new UserFacingError('notPossibleNow', `No change of ${state.task} waits for review, so that there is nothing to edit.`);
    await model.request('revise', { run: state.run, tree, rejected: [], edited: true });
    this.#context.vscode.window.setStatusBarMessage(`${state.task}: your edits make a new candidate; tests run again`, 8000);
  }

  async #saved({ uri }: vscodeTypes.TextDocument): Promise<void> {
    if (uri.scheme !== 'file') return;
    for (const model of this.#context.repositories.list) {
      for (const { run, pending, cell } of model.runs.values()) {
        if (pending.length === 0 || !cell?.hasWorktree || !uri.fsPath.startsWith(cell.worktree + sep)) continue;
        await this.#offer(model, run);
      }
    }
  }

  /** Once per change that waits: the person may save many times before they are done. */
  async #offer(model: RepositoryModel, run: string): Promise<void> {
    const key = `${model.place.id}#${run}`;
    if (this.#asking.has(key)) return;
    this.#asking.add(key);
    try {
      const task = model.run(run)?.task ?? run;
      const pressed = await this.#context.vscode.window.showInformationMessage(
        `You have edited the candidate of ${task}. It is tested again before it can land.`,
        'Test My Edits',
      );
      const state = model.run(run);
      if (pressed === undefined || state === null) return;
      const tree = pendingReview(state)?.tree ?? null;
      await this.#context.vscode.commands.executeCommand('reactor.testEdits', { repository: model.place.id, run, tree });
    } finally {
      this.#asking.delete(key);
    }
  }

  dispose(): void {
    this.#store.dispose();
  }
}
