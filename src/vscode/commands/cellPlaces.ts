import { UserFacingError } from '../../base/userFacingError.ts';
import type { CellState, RunState } from '../../core/run/state.ts';
import type { HostContext } from '../hostContext.ts';
import type { Targets } from './target.ts';

const hasWorktree = (state: RunState): boolean => state.cell?.hasWorktree === true;

/** Where a cell is: its folder, its branch, what its server says. */
export class CellPlaces {
  readonly #context: HostContext;
  readonly #targets: Targets;

  constructor(context: HostContext, targets: Targets) {
    this.#context = context;
    this.#targets = targets;
  }

  async openWorktree(argument: unknown): Promise<void> {
    const { vscode } = this.#context;
    const found = await this.#cell(argument, 'Open Worktree in New Window');
    if (found === null) return;
    await vscode.commands.executeCommand('vscode.openFolder', vscode.Uri.file(found.cell.worktree), { forceNewWindow: true });
  }

  async openTerminal(argument: unknown): Promise<void> {
    const found = await this.#cell(argument, 'Open Worktree in Terminal');
    if (found === null) return;
    this.#context.vscode.window.createTerminal({ name: found.state.task, cwd: found.cell.worktree }).show();
  }

  async openServerLog(argument: unknown): Promise<void> {
    const { vscode, host } = this.#context;
    const found = await this.#cell(argument, 'Open Server Log');
    if (found === null) return;
    const uri = vscode.Uri.file(host.serverLog(found.cell.home));
    const document = await Promise.resolve(vscode.workspace.openTextDocument(uri)).catch((cause: unknown) => {
      throw new UserFacingError('notPossibleNow', `The agent server of ${found.state.task} has not written a log.`, { cause });
    });
    await vscode.window.showTextDocument(document);
  }

  async copyBranch(argument: unknown): Promise<void> {
    const { vscode } = this.#context;
    const target = await this.#targets.pick(argument, {
      fits: ({ cell }) => cell !== null,
      title: 'Copy Branch Name',
      none: 'There is no cell.',
    });
    if (target?.state.cell) await vscode.env.clipboard.writeText(target.state.cell.branch);
  }

  async #cell(argument: unknown, title: string): Promise<{ readonly state: RunState; readonly cell: CellState } | null> {
    const target = await this.#targets.pick(argument, { fits: hasWorktree, title, none: 'There is no cell with a worktree.' });
    if (target === null) return null;
    const { state } = target;
    if (state.cell === null) {
      const when = state.phase === 'ended' ? 'has ended before it had a worktree' : 'has no worktree yet';
      throw new UserFacingError('notPossibleNow', `${state.task} ${when}.`);
    }
    if (!state.cell.hasWorktree) {
      throw new UserFacingError(
        'notPossibleNow',
        `The worktree of ${state.task} has been removed. Its content is kept: Restore Reverted Attempt brings it back.`,
      );
    }
    return { state, cell: state.cell };
  }
}
