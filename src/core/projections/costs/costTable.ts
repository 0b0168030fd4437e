import { compareUsd, toScaled, type Usd, zeroUsd } from '../../model/usd.ts';
import { type DayOf, periodOf, periods, rememberedDays } from './calendar.ts';
import type { CostDimension } from './costDimensions.ts';
import { CostCounter, type CostSum } from './costSum.ts';
import type { CostCell, RunCosts } from './runCosts.ts';

/** From the first moment on, before the last one; null is without an end. To the quarter of an hour: charges are kept in such slots. */
export interface TimeRange {
  readonly from: number | null;
  readonly to: number | null;
}
export const allTime: TimeRange = { from: null, to: null };

/** What was spent, and what it brought. */
export interface CostOutcome {
  readonly sum: CostSum;
  /** The part of it spent on attempts that were reverted. */
  readonly wasted: CostSum;
  readonly runs: number;
  readonly attempts: number;
  /** Changes that landed in the range, and the lines that they added and removed. */
  readonly landed: number;
  readonly changedLines: number;
}

export interface CostRow extends CostOutcome {
  /** Task, model, day (YYYY-MM-DD), week (2026-W21), month (2026-05), category or operation. */
  readonly key: string;
  /** Title of a task; '' for the rest. */
  readonly title: string;
}

export interface CostTable {
  readonly by: CostDimension;
  readonly range: TimeRange;
  /** Days, weeks and months from the earliest on; the rest dearest first. */
  readonly rows: readonly CostRow[];
  readonly total: CostOutcome;
}

/** Collects what falls under one key. The cells of a run come one after the other. */
class OutcomeCounter {
  title = '';
  readonly #sum = new CostCounter();
  readonly #wasted = new CostCounter();
  readonly #attemptsOfRun = new Set<number>();
  #run: RunCosts | null = null;
  #runs = 0;
  #attempts = 0;
  #landed = 0;
  #changedLines = 0;

  charge(run: RunCosts, cell: CostCell, usd: bigint, isReverted: boolean): void {
    if (this.#run !== run) {
      this.#run = run;
      this.#runs += 1;
      this.#attemptsOfRun.clear();
      this.title = run.title;
    }
    if (!this.#attemptsOfRun.has(cell.attempt)) {
      this.#attemptsOfRun.add(cell.attempt);
      this.#attempts += 1;
    }
    this.#sum.addWeighed(cell, usd);
    if (isReverted) this.#wasted.addWeighed(cell, usd);
  }

  land({ title, changedLines }: RunCosts): void {
    this.title = title;
    this.#landed += 1;
    this.#changedLines += changedLines;
  }

  get outcome(): CostOutcome {
    return {
      sum: this.#sum.sum,
      wasted: this.#wasted.sum,
      runs: this.#runs,
      attempts: this.#attempts,
      landed: this.#landed,
      changedLines: this.#changedLines,
    };
  }
}

const isWithin = ({ from, to }: TimeRange, at: number): boolean => (from === null || at >= from) && (to === null || at < to);

/**
 * Sums the charges of a time by one thing, whole and exact. An attempt counts under each key it spent something under. A change counts
 * where it landed: on its task, its category, its day; models and operations land nothing by themselves.
 */
export function costTable(runs: Iterable<RunCosts>, by: CostDimension, range: TimeRange, zone: DayOf): CostTable {
  const dayOf = rememberedDays(zone);
  const rows = new Map<string, OutcomeCounter>();
  const total = new OutcomeCounter();
  const row = (key: string): OutcomeCounter => {
    const known = rows.get(key) ?? new OutcomeCounter();
    rows.set(key, known);
    return known;
  };
  for (const run of runs) {
    const reverted = revertedOf(run);
    for (const cell of run.cells) {
      if (!isWithin(range, cell.at)) continue;
      const usd = toScaled(cell.usd);
      const isReverted = reverted.has(cell.attempt);
      row(keyOf(by, run, cell, dayOf)).charge(run, cell, usd, isReverted);
      total.charge(run, cell, usd, isReverted);
    }
    if (run.landedAt === null || !isWithin(range, run.landedAt)) continue;
    total.land(run);
    if (by !== 'model' && by !== 'operation') row(landingKey(by, run, run.landedAt, dayOf)).land(run);
  }
  const made = [...rows].map(([key, counter]) => ({ key, title: by === 'task' ? counter.title : '', ...counter.outcome }));
  const isInTime = periods.some((period) => period === by);
  return { by, range, rows: made.sort(isInTime ? byKey : dearestFirst), total: total.outcome };
}

/** The attempts of a run whose work was thrown away. */
export const revertedOf = ({ attempts }: RunCosts): ReadonlySet<number> =>
  new Set(attempts.filter(({ outcome }) => outcome === 'reverted').map(({ attempt }) => attempt));

function keyOf(by: CostDimension, run: RunCosts, cell: CostCell, dayOf: DayOf): string {
  if (by === 'model') return cell.model;
  if (by === 'operation') return cell.operation;
  return landingKey(by, run, cell.at, dayOf);
}

function landingKey(by: Exclude<CostDimension, 'model' | 'operation'>, run: RunCosts, at: number, dayOf: DayOf): string {
  if (by === 'task') return run.task;
  if (by === 'category') return run.category;
  return periodOf(by, dayOf(at));
}

const byKey = (a: CostRow, b: CostRow): number => (a.key < b.key ? -1 : 1);
const dearestFirst = (a: CostRow, b: CostRow): number =>
  compareUsd(b.sum.usd, a.sum.usd) || b.sum.unpricedTokens - a.sum.unpricedTokens || byKey(a, b);

/** The share of `part` in `whole` from 0 to 1; null when nothing with a price was spent. */
export const shareOf = (part: Usd, whole: Usd): number | null => (compareUsd(whole, zeroUsd) > 0 ? Number(part) / Number(whole) : null);
