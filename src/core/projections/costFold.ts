import type { Entry } from '../journal/entry.ts';
import { readEvent } from '../journal/readEvent.ts';
import { totalTokens } from '../model/tokens.ts';
import { type CostReport, type CostSum, type DayCosts, emptySum, reportCosts, type TaskCosts } from './costReport.ts';
import { type DayOf, DaySpending } from './daySpending.ts';

interface RunCosts {
  readonly task: string;
  /** Spent per attempt. */
  readonly attempts: Map<number, CostSum>;
}

/** Folds entries of any runs, those of one run in order, into what was spent when, on what, and what came of it. */
export class CostFold {
  readonly #dayOf: DayOf;
  readonly #days = new Map<string, DayCosts>();
  readonly #tasks = new Map<string, TaskCosts>();
  readonly #runs = new Map<string, RunCosts>();
  readonly #spending: DaySpending;
  #charges: { at: number; usd: number }[] = [];
  #chargesDay = '';

  constructor(dayOf: DayOf) {
    this.#dayOf = dayOf;
    this.#spending = new DaySpending(dayOf);
  }

  add(entry: Entry): void {
    const event = readEvent(entry);
    if (event === null || entry.run === null) return;
    if (event.type === 'run/requested') {
      const { task, title } = event.data.spec;
      this.#runs.set(entry.run, { task, attempts: new Map() });
      const known = this.#tasks.get(task);
      if (known === undefined)
        this.#tasks.set(task, { task, title, runs: 1, attempts: 0, spent: emptySum(), wastedUsd: 0, landed: 0, lastAt: entry.at });
      else Object.assign(known, { title, runs: known.runs + 1 });
      return;
    }
    const run = this.#runs.get(entry.run);
    const task = run === undefined ? undefined : this.#tasks.get(run.task);
    if (run === undefined || task === undefined) return;
    task.lastAt = Math.max(task.lastAt, entry.at);
    switch (event.type) {
      case 'message/finished': {
        const { message, attempt } = event.data;
        const usd = message.costUsd === null ? null : Number(message.costUsd);
        const tokens = totalTokens(message.tokens);
        const model = `${message.provider}/${message.model}`;
        const day = this.#day(message.endedAt);
        const ofModel = day.models.get(model) ?? emptySum();
        day.models.set(model, ofModel);
        const ofAttempt = run.attempts.get(attempt) ?? emptySum();
        run.attempts.set(attempt, ofAttempt);
        for (const sum of [day.spent, ofModel, ofAttempt, task.spent]) charge(sum, usd, tokens);
        this.#spending.add(run.task, message);
        this.#chargeToday(message.endedAt, usd ?? 0);
        return;
      }
      case 'attempt/started':
        task.attempts += 1;
        return;
      case 'attempt/reverted': {
        const wasted = run.attempts.get(event.data.attempt)?.usd ?? 0;
        task.wastedUsd += wasted;
        this.#day(entry.at).wastedUsd += wasted;
        return;
      }
      case 'landing/landed':
        task.landed += 1;
        this.#day(entry.at).landed += 1;
        return;
      default:
        return;
    }
  }

  /** @param budgetPerDayUsd decimal text; null when no limit is set */
  report(now: number, budgetPerDayUsd: string | null): CostReport {
    const today = this.#dayOf(now);
    const charges = this.#charges.filter(({ at }) => this.#dayOf(at) === today);
    const spentToday = this.#spending.on(today).total;
    return reportCosts({
      now,
      today,
      spentToday,
      dayOf: this.#dayOf,
      days: this.#days,
      tasks: this.#tasks.values(),
      charges,
      budgetPerDayUsd,
    });
  }

  #day(at: number): DayCosts {
    const day = this.#dayOf(at);
    const known = this.#days.get(day);
    if (known !== undefined) return known;
    const fresh: DayCosts = { day, spent: emptySum(), models: new Map(), wastedUsd: 0, landed: 0 };
    this.#days.set(day, fresh);
    return fresh;
  }

  /** Single charges are kept of the latest day only; earlier ones live on as sums. */
  #chargeToday(at: number, usd: number): void {
    const day = this.#dayOf(at);
    if (day < this.#chargesDay) return;
    if (day > this.#chargesDay) {
      this.#chargesDay = day;
      this.#charges = [];
    }
    this.#charges.push({ at, usd });
  }
}

function charge(sum: CostSum, usd: number | null, tokens: number): void {
  sum.tokens += tokens;
  if (usd === null) sum.unpricedCalls += 1;
  else sum.usd += usd;
}
