import type { Entry } from '../../journal/entry.ts';
import { foldRunCosts, type RunCosts } from './runCosts.ts';

/** The costs of the runs of a repository: what the journal had at some entry, and every entry after it folded in. */
export class CostLedger {
  readonly #runs = new Map<string, RunCosts>();
  #seq = 0;

  /** Sequence number of the last entry it knows of; earlier ones are ignored when they come again. */
  get seq(): number {
    return this.#seq;
  }
  /** In the order in which they were asked for. */
  get runs(): readonly RunCosts[] {
    return [...this.#runs.values()];
  }

  has(run: string): boolean {
    return this.#runs.has(run);
  }

  reset({ seq, runs }: { readonly seq: number; readonly runs: readonly RunCosts[] }): void {
    this.#runs.clear();
    for (const run of runs) this.#runs.set(run.run, run);
    this.#seq = seq;
  }

  /** @returns whether it tells something of money. An entry of a run that is not known, and does not begin it, tells nothing. */
  add(entry: Entry): boolean {
    if (entry.seq <= this.#seq) return false;
    this.#seq = entry.seq;
    if (entry.run === null) return false;
    const before = this.#runs.get(entry.run) ?? null;
    const after = foldRunCosts(before, entry);
    if (after === null || after === before) return false;
    this.#runs.set(after.run, after);
    return true;
  }
}
