/** Measurements that several benchmarks share: of one run each of them takes its own figure, and runs again only when none is left for it. */
export class SharedRuns<T extends { readonly [K in keyof T]: number }> {
  readonly #left: T[] = [];
  readonly #taken = new Map<keyof T, number>();

  async take(what: keyof T, run: () => Promise<T>): Promise<number> {
    const index = this.#taken.get(what) ?? 0;
    this.#taken.set(what, index + 1);
    for (;;) {
      const found = this.#left[index];
      if (found !== undefined) return found[what];
      this.#left.push(await run());
    }
  }
}
