import { type DomainEvent, event } from '../core/journal/events.ts';
import { endWithoutCell } from '../core/run/interrupted.ts';
import { currentAttempt } from '../core/run/state.ts';
import type { Cell } from './cell.ts';
import { isWorktreeLost } from './remakeWorktree.ts';
import type { RunContext } from './runContext.ts';

const MAX_LOSSES = 3;
/** Stopped, stuck, or gone. */
export const SILENT = 'the agent server does not answer any more';

/** What a run does when its cell is no longer there: ends what is left of it and says so in the journal, so that the next step makes it anew. Not for ever. */
export class CellLosses {
  readonly #context: RunContext;
  readonly #cell: Cell;
  #losses = 0;

  constructor(context: RunContext, cell: Cell) {
    this.#context = context;
    this.#cell = cell;
  }

  /** Looks whether a step has failed because the worktree or the server is gone. True when so; then the journal says it. */
  async explain(signal: AbortSignal): Promise<boolean> {
    const { state } = this.#context;
    // A cell that nothing more is done in is not made anew.
    if (state.concluded !== null || state.parked !== null) return false;
    if (state.cell?.hasWorktree === true && (await isWorktreeLost(this.#context))) {
      await this.#worktreeLost();
      return true;
    }
    if (!this.#cell.hasServer || (await this.#cell.server.client.answers(signal))) return false;
    await this.serverLost(SILENT);
    return true;
  }

  /** The server went away under work, or answers nothing any more: what is left of it is ended. */
  async serverLost(what: string): Promise<void> {
    if (await this.#isTooOften('the agent server went away')) return;
    await this.#cell.stopServer();
    await this.#context.record(event('run/recoveryApplied', { code: 'R3', what, retry: this.#losses, delayMs: 0 }));
  }

  /** What was in it since the last candidate is gone with it. An attempt that has none is begun again. */
  async #worktreeLost(): Promise<void> {
    if (await this.#isTooOften('the worktree was removed')) return;
    await this.#cell.stopServer();
    const what = 'the worktree was removed by somebody';
    const attempt = currentAttempt(this.#context.state);
    const again: DomainEvent[] = [];
    if (attempt?.closed === null && attempt.candidate === null && attempt.executed !== null && attempt.executed.end !== 'serverGone') {
      const { steps, durationMs } = attempt.executed;
      again.push(event('attempt/executed', { attempt: attempt.attempt, end: 'serverGone', reason: what, steps, durationMs }));
    }
    await this.#context.record(
      event('run/recoveryApplied', { code: 'R3', what, retry: this.#losses, delayMs: 0 }),
      event('cell/removed', {}),
      ...again,
    );
  }

  async #isTooOften(what: string): Promise<boolean> {
    this.#losses += 1;
    if (this.#losses <= MAX_LOSSES) return false;
    await this.#cell.stopServer();
    await this.#context.record(endWithoutCell(this.#context.state, `${what} ${this.#losses} times during commands`));
    return true;
  }
}
