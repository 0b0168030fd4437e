import { type Reactor, until } from './reactor.ts';
import type { ModelScript } from './scriptedModel.ts';

/** Answers of the scripted model that wait until a test lets them go, so that it can act in the middle of a turn. */
export class HeldAnswers {
  readonly #open = new Map<string, () => void>();

  /** The script, with the second call of its first turn held. @param word what tells its prompts from others */
  hold(word: string, script: ModelScript): ModelScript {
    const opened = new Promise<void>((resolve) => this.#open.set(word, resolve));
    return async (call) => {
      if (call.turn === 1) await opened;
      return script(call);
    };
  }

  /** Resolves when the model has been asked for the answer that is held. */
  async isHeld(reactor: Pick<Reactor, 'calls'>, word: string): Promise<void> {
    await until(`the model holds ${word}`, () => reactor.calls(word).some(({ turn }) => turn === 1));
  }

  letGo(word: string): void {
    this.#open.get(word)?.();
  }

  letAllGo(): void {
    for (const open of this.#open.values()) open();
  }
}
