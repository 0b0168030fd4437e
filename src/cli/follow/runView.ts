import type { Entry } from '../../core/journal/entry.ts';
import type { RunState } from '../../core/run/state.ts';
import type { LiveMessage } from '../../protocol/messages.ts';

/** Shows runs while they go. */
export interface RunView {
  entry(entry: Entry, state: RunState): void;
  live(message: LiveMessage): void;
  /** A line that stays. */
  note(line: string): void;
  /** Leaves the terminal to a question until `resume`. Calls nest. */
  pause(): void;
  resume(): void;
  /** Takes away what only makes sense while runs go. */
  end(): void;
}
