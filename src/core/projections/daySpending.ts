import { addCost, addUsd, type CostTotal, noCost, type Usd, usdToNumber } from '../model/usd.ts';

/** A day as YYYY-MM-DD, in the time zone in which it is shown. */
export type DayOf = (at: number) => string;

export interface TaskSpending {
  readonly task: string;
  readonly cost: CostTotal;
}

/** What one day cost. */
export interface Spending {
  readonly total: CostTotal;
  /** Tasks that cost something. */
  readonly tasks: number;
  /** The dearest of them, highest first, at most eight. */
  readonly dearest: readonly TaskSpending[];
}

const mostListed = 8;

/** Sums finished model calls by day and task. A call counts on the day on which it ended, whenever its attempt began. */
export class DaySpending {
  readonly #dayOf: DayOf;
  readonly #days = new Map<string, { total: CostTotal; readonly tasks: Map<string, TaskSpending> }>();

  constructor(dayOf: DayOf) {
    this.#dayOf = dayOf;
  }

  add(task: string, call: { readonly endedAt: number; readonly costUsd: Usd | null }): void {
    // A call that failed before it was charged.
    if (call.costUsd !== null && usdToNumber(call.costUsd) === 0) return;
    const name = this.#dayOf(call.endedAt);
    const day = this.#days.get(name) ?? { total: noCost, tasks: new Map<string, TaskSpending>() };
    this.#days.set(name, day);
    day.total = addCost(day.total, call.costUsd);
    day.tasks.set(task, { task, cost: addCost(day.tasks.get(task)?.cost ?? noCost, call.costUsd) });
  }

  on(name: string): Spending {
    const day = this.#days.get(name);
    if (day === undefined) return { total: noCost, tasks: 0, dearest: [] };
    return { total: day.total, tasks: day.tasks.size, dearest: dearestOf(day.tasks.values()) };
  }
}

/** Of several repositories together. */
export const allSpending = (parts: readonly Spending[]): Spending => ({
  total: parts.reduce((sum, { total }) => sumOf(sum, total), noCost),
  tasks: parts.reduce((sum, { tasks }) => sum + tasks, 0),
  dearest: dearestOf(parts.flatMap(({ dearest }) => dearest)),
});

const sumOf = (a: CostTotal, b: CostTotal): CostTotal => ({ usd: addUsd(a.usd, b.usd), unpricedCalls: a.unpricedCalls + b.unpricedCalls });

/** Without sorting them all: a status bar asks at each change of any of thousands. */
function dearestOf(all: Iterable<TaskSpending>): TaskSpending[] {
  const chosen: { readonly usd: number; readonly spending: TaskSpending }[] = [];
  for (const spending of all) {
    const usd = usdToNumber(spending.cost.usd);
    if (chosen.length === mostListed && usd <= (chosen.at(-1)?.usd ?? 0)) continue;
    const place = chosen.findIndex((other) => other.usd < usd);
    chosen.splice(place === -1 ? chosen.length : place, 0, { usd, spending });
    chosen.length = Math.min(chosen.length, mostListed);
  }
  return chosen.map(({ spending }) => spending);
}
