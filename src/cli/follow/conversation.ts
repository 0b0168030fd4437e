import type { Terminal } from '../terminal.ts';

/** One question on the terminal at a time. An interjection (Ctrl-C) suspends the present question, which is asked again after it. */
export class Conversation {
  readonly #terminal: Pick<Terminal, 'ask'>;
  #current: AbortController | null = null;
  #interjection: { readonly abort: AbortController; readonly done: Promise<void> } | null = null;

  constructor(terminal: Pick<Terminal, 'ask'>) {
    this.#terminal = terminal;
  }

  /** The line typed; null at the end of the input. Rejects when `signal` is aborted: the question no longer stands. */
  async ask(question: string, signal: AbortSignal): Promise<string | null> {
    for (;;) {
      await this.#interjection?.done;
      signal.throwIfAborted();
      const own = new AbortController();
      const withdraw = () => own.abort(signal.reason);
      signal.addEventListener('abort', withdraw, { once: true });
      this.#current = own;
      try {
        return await this.#terminal.ask(question, own.signal);
      } catch (error) {
        if (signal.aborted || this.#interjection === null) throw error;
      } finally {
        signal.removeEventListener('abort', withdraw);
        this.#current = null;
      }
    }
  }

  /**
   * Asks at once, and calls `heard` with the line (null at the end of the input) before the suspended question comes back.
   * After `withdrawInterjection` it is not called.
   */
  async interject(question: string, heard: (typed: string | null) => void): Promise<void> {
    const abort = new AbortController();
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#interjection = { abort, done: promise };
    this.#current?.abort(new Error('interrupted'));
    try {
      heard(await this.#terminal.ask(question, abort.signal));
    } catch (error) {
      if (!abort.signal.aborted) throw error;
    } finally {
      this.#interjection = null;
      resolve();
    }
  }

  withdrawInterjection(): void {
    this.#interjection?.abort.abort(new Error('withdrawn'));
  }
}
