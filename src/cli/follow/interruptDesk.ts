import type { Clock } from '../../base/clock.ts';
import { type Disposable, DisposableStore } from '../../base/lifecycle.ts';
import type { Terminal } from '../terminal.ts';

export type InterruptChoice = 'cancel' | 'leave' | 'goOn';

export interface InterruptActions {
  /** Asks what to do and hands the choice to `decide`. Null: nobody is there to ask. */
  readonly ask: ((decide: (choice: InterruptChoice) => void) => Promise<void>) | null;
  /** Takes back the question that `ask` shows. */
  readonly stopAsking: () => void;
  readonly cancel: () => Promise<void>;
  readonly leave: () => void;
  readonly note: (text: string) => void;
  readonly onError: (error: unknown) => void;
}

/** Longest wait for the engine's word that the cancelled runs have ended. */
export const cancelLimitMs = 60_000;

/**
 * What Ctrl-C means while runs are followed: the first asks (cancel, or leave running), the second cancels at once; without a person
 * the first cancels. Once cancelling, one more stops waiting for the engine, which ends the cells all the same.
 */
export class InterruptDesk implements Disposable {
  readonly #store = new DisposableStore();
  readonly #clock: Clock;
  readonly #actions: InterruptActions;
  #state: 'calm' | 'asking' | 'cancelling' = 'calm';

  constructor(terminal: Pick<Terminal, 'onInterrupt' | 'clock'>, actions: InterruptActions) {
    this.#clock = terminal.clock;
    this.#actions = actions;
    this.#store.add(terminal.onInterrupt((signal) => this.#interrupt(signal)));
  }

  #interrupt(signal: 'SIGINT' | 'SIGTERM'): void {
    const { ask, leave, note, onError } = this.#actions;
    if (this.#state === 'cancelling') {
      note('Not waiting any longer; the engine goes on ending the cells.');
      return leave();
    }
    if (this.#state === 'asking' || ask === null || signal === 'SIGTERM') return this.#cancel();
    this.#state = 'asking';
    ask((choice) => {
      if (this.#state !== 'asking') return;
      this.#state = 'calm';
      if (choice === 'cancel') this.#cancel();
      else if (choice === 'leave') leave();
    }).catch(onError);
  }

  #cancel(): void {
    this.#state = 'cancelling';
    this.#actions.stopAsking();
    this.#actions.note('Cancelling: what the agents did is kept, then the cells end.');
    this.#store.add(
      this.#clock.schedule(cancelLimitMs, () => {
        this.#actions.note('The engine has not confirmed the end of every run in time; see reactor status.');
        this.#actions.leave();
      }),
    );
    this.#actions.cancel().catch(this.#actions.onError);
  }

  dispose(): void {
    this.#store.dispose();
  }
}
