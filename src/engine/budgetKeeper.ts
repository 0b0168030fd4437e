import { errorText } from '../base/log.ts';
import { event } from '../core/journal/events.ts';
import { defaultConfig } from '../core/model/projectConfig.ts';
import { addUsd, type Usd, zeroUsd } from '../core/model/usd.ts';
import type { LimitState } from '../core/money/admission.ts';
import type { Charge } from '../core/money/charge.ts';
import { chargeOf } from '../core/money/chargeOf.ts';
import { hasLimits, limitStates, type MoneyRules, type RunMoneyState } from '../core/money/limits.ts';
import type { WrittenPrice } from '../core/money/priceBook.ts';
import { passedThresholds } from '../core/money/thresholds.ts';
import type { SharedMoney } from '../core/ports/spending.ts';
import { isSpendingEstimated } from '../core/projections/costs/estimatedSpending.ts';
import type { RunState } from '../core/run/state.ts';
import type { EngineDeps } from './deps.ts';
import type { Ledger } from './ledger.ts';

const PAGE = 1000;
/** Charges of runs side by side are counted in any order: an engine that died had counted one and maybe not the one before. */
const LOOK_BACK = 1000;
/** Other processes may give money back without this one hearing of it. */
const LOOK_AGAIN_MS = 1000;

/** What holds for a run at this moment, read anew before each prompt so that a raised budget counts at once. */
export interface RunRules extends MoneyRules {
  readonly prices: readonly WrittenPrice[];
}

/** No budget looks further back than a month. */
const LONGEST_PERIOD_MS = 33 * 86_400_000;

/** The engine's money: knows every budget, what was spent of it and what is set aside, and tells when a share of it has been used. */
export class BudgetKeeper {
  readonly #deps: EngineDeps;
  readonly #ledger: Ledger;
  readonly #lastRules = new Map<string, RunRules>();
  readonly #told = new Set<string>();
  readonly #waiting = new Set<() => void>();
  /** Runs that wait for money of a budget they share, and how urgent each is. */
  readonly #line = new Map<string, number>();

  constructor(deps: EngineDeps, ledger: Ledger) {
    this.#deps = deps;
    this.#ledger = ledger;
  }

  /** Counts what the journal has and the shared sums lack, and gives back what engines of before had set aside. */
  async start(): Promise<void> {
    const { journal, money } = this.#deps;
    const specs = new Map<string, RunState['spec'] | null>();
    const specOf = (run: string) => {
      const known = specs.get(run) ?? journal.run(run)?.spec ?? null;
      specs.set(run, known);
      return known;
    };
    const counted = money.spending.cursor();
    const oldest = this.#deps.clock.now() - LONGEST_PERIOD_MS;
    for (let from = counted > 0 ? Math.max(1, counted - LOOK_BACK) : firstSince(journal, oldest); ; ) {
      const page = journal.read({ from, limit: PAGE });
      const last = page.at(-1);
      if (last === undefined) break;
      this.#count(
        page.flatMap((entry) => (entry.at < oldest ? [] : (chargeOf(entry, specOf) ?? []))),
        last.seq,
      );
      from = last.seq + 1;
      await this.#deps.clock.sleep(0);
    }
    for (const key of money.spending.releaseAll()) {
      const state = journal.run(key);
      if (state === null || state.phase === 'ended' || state.reserved === null) continue;
      const { attempt, usd } = state.reserved;
      await this.#ledger.append(key, 'engine', event('budget/released', { key, attempt, usd, spentUsd: zeroUsd, reason: 'recovered' }));
    }
  }

  /** @throws UserFacingError `configuration` when a settings file is wrong and none was read before. */
  async rules({ spec }: RunState): Promise<RunRules> {
    const { project, money } = this.#deps;
    const { checkout, folder } = spec;
    const at = checkout === null ? '' : folder === '' ? checkout : `${checkout}/${folder}`;
    try {
      const user = await money.userSettings();
      const config = checkout === null ? defaultConfig() : (await project.config(at, checkout)).config;
      // The list is searched for the latest day, and within it the last wins: the repository's own word.
      const rules = { repository: config.budgets, everything: user.budgets, prices: [...user.prices, ...config.prices] };
      this.#lastRules.set(at, rules);
      return rules;
    } catch (error) {
      const last = this.#lastRules.get(at);
      if (last === undefined) throw error;
      this.#deps.log.log('warn', 'the settings about money could not be read; those of before hold', { error: errorText(error) });
      return last;
    }
  }

  /** Whether any budget holds for the run. */
  isBounded(state: RunState, rules: MoneyRules): boolean {
    return hasLimits(rules, this.#ofRun(state, rules));
  }

  limits(state: RunState, rules: MoneyRules, money: SharedMoney): LimitState[] {
    return limitStates(rules, this.#ofRun(state, rules), money, this.today);
  }

  look(state: RunState, rules: MoneyRules): LimitState[] {
    return this.#deps.money.spending.look((money) => this.limits(state, rules, money));
  }

  get today(): string {
    return this.#deps.money.dayOf(this.#deps.clock.now());
  }

  /** Adds charges that have just been journaled, and tells of the shares of budgets that are used now. */
  async charged(state: RunState, rules: MoneyRules, charges: readonly Charge[], seq: number): Promise<void> {
    this.#count(charges, seq, state.run);
    if (!this.isBounded(state, rules)) return;
    for (const limit of this.look(state, rules)) await this.#tellThresholds(state, rules, limit);
  }

  /** Records that a budget stops or warns a run; tells the outside once for each limit. */
  async exceeded(state: RunState, rules: MoneyRules, limit: LimitState, neededUsd: string | null): Promise<void> {
    const { scope, period, limitUsd, spentUsd, action } = limit;
    const told = { scope, period, limitUsd, spentUsd, neededUsd, action, ...this.#basis(state, limit) };
    await this.#ledger.append(state.run, 'engine', event('budget/exceeded', told));
    if (this.#once(`${this.#nameOf(state, limit)} exceeded`)) this.#notify(state, rules, limit, { kind: 'exceeded', percent: null });
  }

  /** As `exceeded` for a budget that only warns, once. */
  async warnOnce(state: RunState, rules: MoneyRules, limits: readonly LimitState[]): Promise<void> {
    for (const limit of limits) {
      if (limit.action !== 'warn' || passedThresholds(limit, [100]).length === 0) continue;
      if (this.#once(`${this.#nameOf(state, limit)} warned`)) await this.exceeded(state, rules, limit, null);
    }
  }

  /** Resolves when money has come back, or after a moment, as other processes don't tell. Rejects with the signal's reason. */
  async untilReleased(signal: AbortSignal): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#waiting.add(resolve);
    try {
      await Promise.race([promise, this.#deps.clock.sleep(LOOK_AGAIN_MS, signal)]);
    } finally {
      this.#waiting.delete(resolve);
    }
  }

  release(key: string): void {
    this.#deps.money.spending.release(key);
    this.#wake();
  }

  /** The run waits for money that it shares with others: none less urgent gets any before. */
  standInLine({ run, spec }: RunState): void {
    this.#line.set(run, spec.queue?.priority ?? 0);
  }

  /** It has its money, or waits no longer. */
  leaveLine(run: string): void {
    if (this.#line.delete(run)) this.#wake();
  }

  /** Whether a more urgent run waits for money. */
  isOutranked({ run, spec }: RunState): boolean {
    const own = spec.queue?.priority ?? 0;
    return [...this.#line].some(([other, priority]) => other !== run && priority > own);
  }

  #wake(): void {
    for (const resolve of this.#waiting) resolve();
  }

  #count(charges: readonly Charge[], seq: number, paidBy?: string): void {
    const { dayOf, spending } = this.#deps.money;
    spending.count(
      charges.map(({ key, at, costUsd }) => ({ key, day: dayOf(at), usd: costUsd ?? zeroUsd })),
      seq,
      paidBy,
    );
  }

  #ofRun(state: RunState, { repository }: MoneyRules): RunMoneyState {
    const { budgetUsd, cost, spec, task, run } = state;
    const { perTaskUsd } = repository;
    // A person who raised the budget of the run meant it to go on.
    const isRaised = budgetUsd !== spec.limits.budgetUsd;
    const ofTask = (limitUsd: Usd): RunMoneyState['task'] => {
      const others = this.#deps.journal.runsOfTask(task).filter((other) => other.run !== run);
      return { limitUsd, spentUsd: sumOf([state, ...others]), runs: new Set([run, ...others.map((other) => other.run)]) };
    };
    return { runLimitUsd: budgetUsd, runSpentUsd: cost.usd, task: perTaskUsd === undefined || isRaised ? null : ofTask(perTaskUsd) };
  }

  async #tellThresholds(state: RunState, rules: MoneyRules, limit: LimitState): Promise<void> {
    const { scope, period, limitUsd, spentUsd } = limit;
    for (const percent of passedThresholds(limit, rules[scope.of].thresholds)) {
      if (!this.#once(`${this.#nameOf(state, limit)} ${percent}`)) continue;
      const told = { scope, period, percent, limitUsd, spentUsd, ...this.#basis(state, limit) };
      await this.#ledger.append(state.run, 'engine', event('budget/threshold', told));
      this.#notify(state, rules, limit, { kind: 'threshold', percent });
    }
  }

  /** Looked up for what is told once, from the sums that stand beside the journal. */
  #basis(state: RunState, { scope }: LimitState): { readonly estimated?: true } {
    const { journal, money } = this.#deps;
    const isEstimated = isSpendingEstimated(scope, state, (since) => journal.costs(since).runs, this.today, money.dayOf);
    return isEstimated ? { estimated: true } : {};
  }

  #notify(state: RunState, rules: MoneyRules, limit: LimitState, what: { kind: 'threshold' | 'exceeded'; percent: number | null }): void {
    const { scope, period, limitUsd, spentUsd, action } = limit;
    const { money, repository: git } = this.#deps;
    const repository = git.facts.topLevel ?? git.facts.commonDir;
    const notice = {
      ...what,
      at: this.#deps.clock.now(),
      repository: repository.replace(/^.*[\\/]/, ''),
      run: state.run,
      task: state.task,
      budget: { ...scope, period },
      limitUsd,
      spentUsd,
      action: what.kind === 'exceeded' ? action : null,
    };
    const { notificationUrl, notificationSecretEnv } = rules[scope.of];
    if (notificationUrl !== undefined) money.notifier.notify({ url: notificationUrl, secretEnv: notificationSecretEnv ?? null }, notice);
  }

  #nameOf(state: RunState, { scope, period, limitUsd }: LimitState): string {
    const whose = scope.of === 'everything' ? '' : this.#deps.repository.facts.commonDir;
    const which = scope.over === 'run' ? state.run : scope.over === 'task' ? state.task : period;
    return JSON.stringify([whose, scope.over, which, limitUsd]);
  }

  #once(what: string): boolean {
    if (this.#told.has(what)) return false;
    this.#told.add(what);
    return this.#deps.money.spending.tellOnce(what);
  }
}

const sumOf = (runs: readonly RunState[]): string => runs.reduce((sum, { cost }) => addUsd(sum, cost.usd), zeroUsd);

/** Sequence number of the first entry recorded at or after a moment, one past the last when there is none; looks at a few entries only. */
function firstSince(journal: EngineDeps['journal'], at: number): number {
  let low = 1;
  let high = journal.head() + 1;
  while (low < high) {
    const middle = Math.floor((low + high) / 2);
    const [entry] = journal.read({ from: middle, limit: 1 });
    if (entry === undefined || entry.at >= at) high = middle;
    else low = middle + 1;
  }
  return low;
}
