import { UserFacingError } from '../../base/userFacingError.ts';
import { type PendingApproval, type RunState, startOf } from '../../core/run/state.ts';
import type { CliHost } from '../cliHost.ts';
import { patchLines } from '../render/diffStat.ts';
import { safeLine } from '../render/safeText.ts';
import { styleOf } from '../render/style.ts';
import type { Terminal } from '../terminal.ts';
import { approvalPrompt } from './approvalPrompt.ts';
import type { Conversation } from './conversation.ts';
import type { RunFollower } from './runFollower.ts';
import type { RunView } from './runView.ts';

export interface PromptQueueDeps {
  readonly terminal: Terminal;
  readonly host: CliHost;
  readonly folder: string;
  readonly view: RunView;
  readonly conversation: Conversation;
  readonly onError: (error: unknown) => void;
}

interface OpenPrompt {
  readonly state: RunState;
  readonly pending: PendingApproval;
  readonly withdrawn: AbortController;
}

const maxPatchBytes = 64_000;
const maxPatchLines = 400;

/** Asks the person about what waits, one thing at a time, and withdraws a question that was answered elsewhere. */
export class PromptQueue {
  readonly #deps: PromptQueueDeps;
  readonly #signal: AbortSignal;
  readonly #open = new Map<string, OpenPrompt>();
  readonly #left = new Set<string>();
  #asking = false;

  /** @param signal aborted when nothing is asked any more. */
  constructor(deps: PromptQueueDeps, signal: AbortSignal) {
    this.#deps = deps;
    this.#signal = signal;
  }

  /** Takes note of a run's new state. */
  look(follower: RunFollower, state: RunState): void {
    for (const [id, open] of this.#open) {
      if (open.state.run !== state.run || state.pending.some((p) => p.id === id)) continue;
      open.withdrawn.abort(new Error('answered elsewhere'));
      this.#open.delete(id);
    }
    for (const pending of state.parked === null ? state.pending : []) {
      if (!this.#open.has(pending.id) && !this.#left.has(pending.id))
        this.#open.set(pending.id, { state, pending, withdrawn: new AbortController() });
    }
    this.#letPark(follower);
    this.#next(follower);
  }

  #next(follower: RunFollower): void {
    const [next] = this.#open.values();
    if (this.#asking || next === undefined || this.#signal.aborted || follower.isCancelled) return;
    this.#asking = true;
    const signal = AbortSignal.any([next.withdrawn.signal, this.#signal]);
    this.#ask(follower, next, signal)
      .catch((error: unknown) => this.#deps.onError(error))
      .finally(() => {
        this.#asking = false;
        this.#next(follower);
      });
  }

  async #ask(follower: RunFollower, { state, pending }: OpenPrompt, signal: AbortSignal): Promise<void> {
    const { terminal, conversation, view } = this.#deps;
    const print = (line: string) => terminal.stderr.write(`${line}\n`);
    view.pause();
    try {
      const outcome = await approvalPrompt(state, pending, {
        ask: (question) => conversation.ask(question, signal),
        print,
        style: styleOf(terminal.stderr, terminal.environment),
        diff: () => this.#diff(state, pending, signal),
      });
      if (outcome === 'leave') this.#left.add(pending.id);
      else await follower.client.request('answer', outcome);
    } catch (error) {
      if (this.#signal.aborted) return;
      if (signal.aborted) print('  (no longer asked)');
      else if (error instanceof UserFacingError) this.#refused(pending, error, print);
      else throw error;
    } finally {
      this.#open.delete(pending.id);
      view.resume();
      this.#letPark(follower);
    }
  }

  /** A refused answer is not asked for again by itself; when the engine went away, the next one asks anew. */
  #refused(pending: PendingApproval, error: UserFacingError, print: (line: string) => void): void {
    print(`  ${safeLine(error.message)}`);
    if (error.code !== 'engineUnavailable') this.#left.add(pending.id);
  }

  /** When all that is still going on waits for answers the person won't give now, the engine is told that nobody sits here. */
  #letPark(follower: RunFollower): void {
    const states = follower.unsettled.map(({ run }) => follower.states.find((state) => state.run === run));
    const onlyLeft = (state: RunState | undefined) =>
      state !== undefined && state.pending.length > 0 && state.pending.every((p) => this.#left.has(p.id));
    if (this.#left.size > 0 && states.length > 0 && states.every(onlyLeft)) follower.stopAttending();
  }

  async #diff(state: RunState, pending: PendingApproval, signal: AbortSignal): Promise<readonly string[]> {
    const { host, terminal, folder } = this.#deps;
    const style = styleOf(terminal.stderr, terminal.environment);
    const repository = await host.repository(folder);
    const { text, truncated } = await repository.patch(
      { from: startOf(state), to: pending.tree ?? startOf(state), maxBytes: maxPatchBytes },
      signal,
    );
    const lines = patchLines(text, style, maxPatchLines);
    return truncated ? [...lines, `… the whole of it: reactor show ${state.task} --diff`] : lines;
  }
}
