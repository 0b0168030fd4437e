/** Something that must be ended exactly once. Disposing twice does nothing. */
export interface Disposable {
  dispose(): void;
}

export const toDisposable = (end: () => void): Disposable => {
  let done = false;
  return {
    dispose() {
      if (done) return;
      done = true;
      end();
    },
  };
};

/** Owns disposables and ends them in reverse order; whoever creates a thing adds it here on the next line. */
export class DisposableStore implements Disposable {
  #items: Disposable[] = [];
  #disposed = false;

  add<T extends Disposable>(item: T): T {
    if (this.#disposed) item.dispose();
    else this.#items.push(item);
    return item;
  }

  get isDisposed(): boolean {
    return this.#disposed;
  }

  dispose(): void {
    if (this.#disposed) return;
    this.#disposed = true;
    const errors: unknown[] = [];
    for (const item of this.#items.reverse()) {
      try {
        item.dispose();
      } catch (error) {
        errors.push(error);
      }
    }
    this.#items = [];
    if (errors.length > 0) throw new AggregateError(errors, 'disposal failed');
  }
}
