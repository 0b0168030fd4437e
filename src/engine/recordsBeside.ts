/** What is recorded while something else goes on, and heard of when that has ended. A record that fails is to end it: what goes on would be known to nobody. */
export class RecordsBeside {
  readonly #records: Promise<unknown>[] = [];
  readonly #onFailed: () => void;

  constructor(onFailed: () => void) {
    this.#onFailed = onFailed;
  }

  add(record: Promise<unknown>): void {
    this.#records.push(record);
    record.catch(this.#onFailed);
  }

  /** Rejects with what the first of them failed with. */
  async settled(): Promise<void> {
    await Promise.all(this.#records);
  }
}
