import { type Disposable, DisposableStore } from '../../base/lifecycle.ts';
import { errorText } from '../../base/log.ts';
import type { Entry } from '../../core/journal/entry.ts';
import type { EventData } from '../../core/journal/events.ts';
import { readEvent } from '../../core/journal/readEvent.ts';
import { budgetName } from '../../core/money/limitText.ts';
import { limitText, moneyText, usDollars } from '../../core/projections/costs/currency.ts';
import { Gathered } from '../gathered.ts';
import type { HostContext } from '../hostContext.ts';
import type { RepositoryModel } from '../repositoryModel.ts';

/** From here on it is a warning. */
const SERIOUS_PERCENT = 90;
/** One call may use several shares up at once: only the last is told. */
const GATHER_MS = 500;

interface Alert {
  readonly model: RepositoryModel;
  readonly run: string | null;
  readonly data: EventData<'budget/threshold'>;
}

/** Tells when a share of a budget has been used, as it happens. What was used up stands in the inbox by itself. */
export class BudgetAlerts implements Disposable {
  readonly #context: HostContext;
  readonly #store = new DisposableStore();
  readonly #followed = new Set<RepositoryModel>();
  /** Up to which entry each repository's journal was there before this looked on: that is no news. */
  readonly #heads = new Map<RepositoryModel, number>();
  readonly #gathered = new Map<string, Alert>();
  readonly #telling: Gathered;

  constructor(context: HostContext) {
    this.#context = context;
    this.#telling = this.#store.add(new Gathered(context.host.clock, GATHER_MS, () => this.#tellAll()));
    this.#store.add(context.repositories.onDidReset((model) => this.#heads.set(model, model.head)));
    this.#store.add(context.repositories.onDidChange(() => this.#follow()));
    this.#follow();
  }

  #follow(): void {
    for (const model of this.#context.repositories.list) {
      if (this.#followed.has(model)) continue;
      this.#followed.add(model);
      this.#heads.set(model, model.head);
      this.#store.add(model.onEntry((entry) => this.#onEntry(model, entry)));
    }
  }

  #onEntry(model: RepositoryModel, entry: Entry): void {
    if (entry.type !== 'budget/threshold' || entry.seq <= (this.#heads.get(model) ?? 0)) return;
    const event = readEvent(entry);
    if (event?.type !== 'budget/threshold') return;
    const { data } = event;
    this.#gathered.set(JSON.stringify([model.place.id, data.scope, data.scope.over === 'run' ? entry.run : data.period]), {
      model,
      run: entry.run,
      data,
    });
    this.#telling.soon();
  }

  #tellAll(): void {
    const alerts = [...this.#gathered.values()];
    this.#gathered.clear();
    for (const alert of alerts) {
      const { model, run, data } = alert;
      // The inbox tells of a run that is stopped by it.
      if (run !== null && data.percent >= 100 && model.run(run)?.parked?.code === 'budget') continue;
      this.#tell(alert).catch((error: unknown) =>
        this.#context.host.log.log('error', 'a notification failed', { error: errorText(error) }),
      );
    }
  }

  async #tell({ model, run, data }: Alert): Promise<void> {
    const { percent, scope, spentUsd, limitUsd } = data;
    const { window, commands, workspace } = this.#context.vscode;
    const wanted = workspace.getConfiguration('reactor').get<string>('notifications', 'all');
    // A share that is used waits for nobody until it is the whole.
    if (wanted === 'none' || (wanted === 'needsMe' && percent < 100)) return;
    const figures = `${data.estimated === true ? '~' : ''}${moneyText(spentUsd, usDollars)} of ${limitText(limitUsd, usDollars)}`;
    // Of many that work side by side, “this run” is none before it is named.
    const isOfOne = run !== null && (scope.over === 'run' || scope.over === 'task');
    const whose = isOfOne ? `${model.run(run)?.task ?? run}: ` : '';
    const text = `${whose}${percent} % of ${budgetName(scope)} is used: ${figures}`;
    const buttons: Record<string, string> = { 'Show Costs': 'reactor.showCosts', 'Set Budget…': 'reactor.setBudget' };
    const pressed =
      percent >= SERIOUS_PERCENT
        ? await window.showWarningMessage(text, ...Object.keys(buttons))
        : await window.showInformationMessage(text, ...Object.keys(buttons));
    const command = pressed === undefined ? undefined : buttons[pressed];
    const reference = isOfOne && command === 'reactor.setBudget' ? [{ repository: model.place.id, run }] : [];
    if (command !== undefined) await commands.executeCommand(command, ...reference);
  }

  dispose(): void {
    this.#store.dispose();
  }
}
