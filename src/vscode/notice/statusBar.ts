import type * as vscodeTypes from 'vscode';
import { type Disposable, DisposableStore } from '../../base/lifecycle.ts';
import { errorText } from '../../base/log.ts';
import { addUsd, type Usd } from '../../core/model/usd.ts';
import { type Currency, usDollars } from '../../core/projections/costs/currency.ts';
import { sumText } from '../../core/projections/costs/sumText.ts';
import { plural } from '../../core/projections/figures.ts';
import type { HostContext } from '../hostContext.ts';
import type { RepositoryModel } from '../repositoryModel.ts';
import { isActive } from '../text/taskGroups.ts';
import { dayStart, type Spending, shareOf, spendingText, spendingToday } from './spending.ts';
import { TodaysCosts } from './todaysCosts.ts';

/** Changes that come together are shown together. */
const GATHER_MS = 200;
const WARN_FROM = 0.75;
const MOST_LISTED = 8;

/** What the day has cost against its limit, what runs, what waits. Colour only beside words; a click opens the costs. */
export class StatusBar implements Disposable {
  readonly #context: HostContext;
  readonly #store = new DisposableStore();
  readonly #item: vscodeTypes.StatusBarItem;
  #limit: Usd | null = null;
  #currency: Currency = usDollars;
  readonly #spent = new Map<RepositoryModel, TodaysCosts>();
  #waiting: Disposable | null = null;
  #midnight: Disposable | null = null;

  constructor(context: HostContext) {
    this.#context = context;
    const { vscode, repositories } = context;
    this.#item = this.#store.add(vscode.window.createStatusBarItem('reactor.status', vscode.StatusBarAlignment.Left, 5));
    this.#item.name = 'Reactor';
    this.#item.command = 'reactor.showCosts';
    this.#store.add(repositories.onDidChangeRun(() => this.#soon()));
    this.#store.add(repositories.onDidReset(() => this.#soon()));
    this.#store.add(repositories.onDidChange(() => this.#follow()));
    this.#store.add(
      vscode.workspace.onDidChangeConfiguration((change) => (change.affectsConfiguration('reactor') ? this.#soon() : undefined)),
    );
    this.#follow();
  }

  #follow(): void {
    const { repositories, host } = this.#context;
    for (const [model, spent] of this.#spent) {
      if (repositories.list.includes(model)) continue;
      this.#spent.delete(model);
      spent.dispose();
    }
    for (const model of repositories.list) {
      if (this.#spent.has(model)) continue;
      const spent = new TodaysCosts(model, host);
      this.#spent.set(model, spent);
      spent.onDidChange(() => this.#soon());
    }
    this.readLimit();
  }

  /** Looks up the day's limit in reactor.yaml: when the repositories or the file have changed. */
  readLimit(): void {
    const { repositories, host } = this.#context;
    const read = async (): Promise<void> => {
      let sum: Usd | null = null;
      let currency: Currency | undefined;
      for (const { place } of repositories.list) {
        // A file with errors says nothing about money; its own diagnostics tell.
        const found = await host.config(place.folder).catch(() => null);
        const day = found?.config.budgets.perDayUsd;
        currency ??= found?.config.currency;
        if (day !== undefined) sum = sum === null ? day : addUsd(sum, day);
      }
      this.#limit = sum;
      this.#currency = currency ?? usDollars;
      this.#soon();
    };
    read().catch((error: unknown) => host.log.log('warn', 'the budget could not be read', { error: errorText(error) }));
  }

  #soon(): void {
    if (this.#store.isDisposed) return;
    this.#waiting ??= this.#context.host.clock.schedule(GATHER_MS, () => {
      this.#waiting = null;
      this.draw();
    });
  }

  draw(): void {
    const { vscode, repositories, host } = this.#context;
    const runs = repositories.list.flatMap((model) => [...model.runs.values()]);
    const isWanted = vscode.workspace.getConfiguration('reactor').get('statusBar', true);
    if (!isWanted || runs.length === 0) return this.#item.hide();
    const costs = [...this.#spent.values()].flatMap(({ runs: charged }) => charged);
    const spending = spendingToday(costs, host.clock.now(), this.#limit);
    this.#waitForMidnight();
    const running = runs.filter((run) => isActive(run) && run.pending.length === 0).length;
    const waiting = repositories.list.reduce((sum, { inbox }) => sum + inbox.length, 0);
    const counts = [
      ...(running > 0 ? [`${running} running`] : []),
      ...(waiting > 0 ? [`${waiting} need${waiting === 1 ? 's' : ''} you`] : []),
    ];
    this.#item.text = [`$(flame) ${spendingText(spending, this.#limit, this.#currency)}`, ...counts].join(' · ');
    const share = shareOf(spending, this.#limit);
    const color = share === null || share < WARN_FROM ? null : share < 1 ? 'warning' : 'error';
    this.#item.backgroundColor = color === null ? undefined : new vscode.ThemeColor(`statusBarItem.${color}Background`);
    this.#item.tooltip = this.#tooltip(spending, share);
    this.#item.accessibilityInformation = {
      label: `Reactor: ${spendingText(spending, this.#limit, this.#currency)}, ${counts.join(', ') || 'nothing runs'}`,
    };
    this.#item.show();
  }

  /** The figure is of a day: it begins anew with the next one, also when nothing runs. */
  #waitForMidnight(): void {
    const { clock } = this.#context.host;
    const now = clock.now();
    this.#midnight ??= clock.schedule(dayStart(now, 1) - now, () => {
      this.#midnight = null;
      this.draw();
    });
  }

  #tooltip({ today, byTask, projection }: Spending, share: number | null): vscodeTypes.MarkdownString {
    const card = new this.#context.vscode.MarkdownString(undefined, true);
    card.appendMarkdown('**Reactor today**\n\n');
    const used = share === null ? 'no limit for a day is set' : `${Math.round(share * 100)} % of the day's limit`;
    card.appendText(`${sumText(today, this.#currency)}, ${used}`).appendMarkdown('\n\n');
    if (projection !== null) card.appendText(projection).appendMarkdown('\n\n');
    for (const { task, cost } of byTask.slice(0, MOST_LISTED))
      card.appendText(`${task}  ${sumText(cost, this.#currency)}`).appendMarkdown('\n\n');
    if (byTask.length > MOST_LISTED) card.appendText(`… and ${plural(byTask.length - MOST_LISTED, 'more task')}`).appendMarkdown('\n\n');
    card.appendMarkdown('Click for costs');
    return card;
  }

  dispose(): void {
    this.#waiting?.dispose();
    this.#midnight?.dispose();
    for (const spent of this.#spent.values()) spent.dispose();
    this.#store.dispose();
  }
}
