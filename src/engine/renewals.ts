import { type Disposable, DisposableStore } from '../base/lifecycle.ts';
import { errorText } from '../base/log.ts';
import { isRenewed } from '../core/money/renewal.ts';
import { daysLater, startOfDay } from '../core/projections/costs/calendar.ts';
import type { RunState } from '../core/run/state.ts';
import type { BudgetKeeper } from './budgetKeeper.ts';
import type { EngineDeps } from './deps.ts';
import type { Ledger } from './ledger.ts';

/** The time of day may go on faster than a timer: the machine sleeps, or its clock is set. */
const LOOK_EVERY_MS = 60_000;

/**
 * Lets runs go on that the budget of a day, week or month has parked, once a new one has begun, where `onRenew: resume` says so. Looks when the
 * engine starts and, while such a run waits, at the beginning of each day; elsewhere it is for a person.
 */
export class Renewals implements Disposable {
  readonly #deps: Pick<EngineDeps, 'clock' | 'log' | 'money'>;
  readonly #ledger: Ledger;
  readonly #budgets: BudgetKeeper;
  readonly #resume: (run: string) => Promise<unknown>;
  readonly #store = new DisposableStore();
  #timer: Disposable | null = null;

  constructor(
    deps: Pick<EngineDeps, 'clock' | 'log' | 'money'>,
    ledger: Ledger,
    budgets: BudgetKeeper,
    resume: (run: string) => Promise<unknown>,
  ) {
    this.#deps = deps;
    this.#ledger = ledger;
    this.#budgets = budgets;
    this.#resume = resume;
    this.#store.add(ledger.onAppended(({ type }) => type === 'run/parked' && this.#lookTomorrow()));
    this.#store.add({ dispose: () => this.#timer?.dispose() });
  }

  /** Never rejects. */
  async look(): Promise<void> {
    const waiting = this.#ledger.openRuns().filter(({ parked, pending }) => parked?.budget !== undefined && pending.length === 0);
    for (const state of waiting) {
      await this.#renew(state).catch((error: unknown) => {
        this.#deps.log.log('warn', 'a run could not go on under its new budget', { run: state.run, error: errorText(error) });
      });
    }
    this.#lookTomorrow();
  }

  async #renew(state: RunState): Promise<void> {
    const { parked, run } = state;
    if (parked?.budget === undefined || !isRenewed(parked, this.#budgets.today)) return;
    const rules = await this.#budgets.rules(state);
    const isStillParked = this.#ledger.state(run)?.parked?.budget !== undefined;
    if (rules[parked.budget.scope.of].onRenew === 'resume' && isStillParked && !this.#store.isDisposed) await this.#resume(run);
  }

  #lookTomorrow(): void {
    if (this.#store.isDisposed || this.#timer !== null || !this.#ledger.openRuns().some(({ parked }) => parked?.budget !== undefined))
      return;
    const { clock, money } = this.#deps;
    const midnight = startOfDay(daysLater(this.#budgets.today, 1), money.dayOf);
    this.#timer = clock.schedule(Math.min(Math.max(1000, midnight - clock.now()), LOOK_EVERY_MS), () => {
      this.#timer = null;
      if (clock.now() < midnight) this.#lookTomorrow();
      else void this.look();
    });
  }

  dispose(): void {
    this.#store.dispose();
  }
}
