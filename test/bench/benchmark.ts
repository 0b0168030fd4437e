/** What a benchmark promises: a bound on the ratio to its baseline, or on its own median. */
export type Target =
  | { readonly of: 'ratio' | 'median'; readonly atMost: number }
  | { readonly of: 'ratio' | 'median'; readonly atLeast: number };

/** A benchmark that is ready to be measured. Each call is one measurement and returns a number in the benchmark's unit. */
export interface Prepared {
  readonly subject: () => Promise<number>;
  readonly baseline?: () => Promise<number>;
  /** Ends and removes all that was prepared, also after a failed round. */
  readonly dispose: () => Promise<void>;
}

/** A file `*.bench.ts` exports a list of these as `benchmarks`. */
export interface Benchmark {
  /** `area/what`, such as `git/revParse`. */
  readonly name: string;
  /** Unit of every number, at most four characters for the table: `ms`, `MB`, `/s`. */
  readonly unit: string;
  readonly target?: Target;
  /** Measured rounds after one discarded warm-up; at least 7, which is also the default. */
  readonly rounds?: number;
  /** A round takes minutes: 3 are enough. */
  readonly long?: boolean;
  readonly prepare: () => Promise<Prepared>;
}

/** One entry of the JSON list. `baseline`, `ratio`, `target` and `holds` are null where there is none. */
export interface Measured {
  readonly name: string;
  readonly unit: string;
  readonly median: number;
  readonly min: number;
  readonly max: number;
  /** Measurements of the subject. */
  readonly n: number;
  /** Median of the baseline in the same rounds. */
  readonly baseline: number | null;
  /** `median / baseline`. */
  readonly ratio: number | null;
  /** In words: `ratio <= 0.9`, `median <= 120`. */
  readonly target: string | null;
  readonly holds: boolean | null;
}

/** Wall time of `work` in milliseconds. */
export async function timeMs(work: () => Promise<unknown>): Promise<number> {
  const started = performance.now();
  await work();
  return performance.now() - started;
}
