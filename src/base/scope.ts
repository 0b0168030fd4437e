/**
 * Owns asynchronous work: cancel it, wait for it, then clean up in reverse order of registration.
 * Clean-up runs to its end whatever happened and does not listen to the scope's signal.
 */
export class Scope {
  readonly #controller = new AbortController();
  readonly #tasks = new Set<Promise<unknown>>();
  readonly #cleanups: { name: string; run: () => Promise<void> }[] = [];
  #closing: Promise<void> | undefined;

  constructor(parent?: AbortSignal) {
    if (parent?.aborted) this.#controller.abort(parent.reason);
    else parent?.addEventListener('abort', () => this.#controller.abort(parent.reason), { once: true });
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /** Starts work that belongs to the scope; `close` waits for it. */
  spawn<T>(work: (signal: AbortSignal) => Promise<T>): Promise<T> {
    const task = work(this.signal);
    this.#tasks.add(task);
    const forget = () => this.#tasks.delete(task);
    task.then(forget, forget);
    return task;
  }

  /** Registers what undoes the step just done. */
  defer(name: string, run: () => Promise<void>): void {
    this.#cleanups.push({ name, run });
  }

  cancel(reason: unknown): void {
    this.#controller.abort(reason);
  }

  /**
   * Cancels, waits for all work, then undoes in reverse order. Every clean-up runs even when an earlier one fails.
   * @throws AggregateError with all failures of the clean-ups.
   */
  close(reason: unknown = new Error('scope closed')): Promise<void> {
    this.#closing ??= this.#close(reason);
    return this.#closing;
  }

  async #close(reason: unknown): Promise<void> {
    this.cancel(reason);
    while (this.#tasks.size > 0) await Promise.allSettled(this.#tasks);
    const errors: unknown[] = [];
    for (const { name, run } of this.#cleanups.reverse()) {
      try {
        await run();
      } catch (error) {
        errors.push(new Error(`clean-up of ${name} failed`, { cause: error }));
      }
    }
    if (errors.length > 0) throw new AggregateError(errors, 'clean-up failed');
  }
}
