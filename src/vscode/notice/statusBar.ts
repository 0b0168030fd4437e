import type * as vscodeTypes from 'vscode';
import { type Disposable, DisposableStore } from '../../base/lifecycle.ts';
import { errorText } from '../../base/log.ts';
import { addUsd, type Usd } from '../../core/model/usd.ts';
import { type Currency, usDollars } from '../../core/projections/costs/currency.ts';
import { sumText } from '../../core/projections/costs/sumText.ts';
import { plural } from '../../core/projections/figures.ts';
import { Gathered } from '../gathered.ts';
import type { HostContext } from '../hostContext.ts';
import type { RepositoryModel } from '../repositoryModel.ts';
import { isActive } from '../text/taskGroups.ts';
import { dayStart, levelOf, type Spending, shareOf, spendingText, spendingToday } from './spending.ts';
import { TodaysCosts } from './todaysCosts.ts';

/** Changes that come together are shown together. */
const GATHER_MS = 200;
const MOST_LISTED = 8;

interface DayBudget {
  readonly limit: Usd | null;
  /** Percent of it at which is told. */
  readonly thresholds: readonly number[];
}

/** What the repositories with a limit have used of theirs. */
interface Limited {
  readonly limit: Usd;
  readonly spending: Spending;
  readonly used: readonly { readonly name: string; readonly share: number; readonly level: ReturnType<typeof levelOf> }[];
}

/** What the day has cost against its limit, what runs, what waits. Colour only beside words; a click opens the costs. */
export class StatusBar implements Disposable {
  readonly #context: HostContext;
  readonly #store = new DisposableStore();
  readonly #item: vscodeTypes.StatusBarItem;
  readonly #budgets = new Map<RepositoryModel, DayBudget>();
  #currency: Currency = usDollars;
  readonly #spent = new Map<RepositoryModel, TodaysCosts>();
  readonly #redraw: Gathered;
  #midnight: Disposable | null = null;

  constructor(context: HostContext) {
    this.#context = context;
    const { vscode, repositories } = context;
    this.#item = this.#store.add(vscode.window.createStatusBarItem('reactor.status', vscode.StatusBarAlignment.Left, 5));
    this.#item.name = 'Reactor';
    this.#item.command = 'reactor.showCosts';
    this.#redraw = this.#store.add(new Gathered(context.host.clock, GATHER_MS, () => this.draw()));
    this.#store.add(this.#redraw.withRuns(repositories));
    this.#store.add(repositories.onDidChange(() => this.#follow()));
    this.#store.add(
      vscode.workspace.onDidChangeConfiguration((change) => (change.affectsConfiguration('reactor') ? this.#redraw.soon() : undefined)),
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
      spent.onDidChange(() => this.#redraw.soon());
    }
    this.readLimit();
  }

  /** Looks up the day's limit in reactor.yaml: when the repositories or the file have changed. */
  readLimit(): void {
    const { repositories, host } = this.#context;
    const read = async (): Promise<void> => {
      const budgets: [RepositoryModel, DayBudget][] = [];
      let currency: Currency | undefined;
      for (const model of repositories.list) {
        // A file with errors says nothing about money; its own diagnostics tell.
        const found = await host.config(model.place.folder).catch(() => null);
        currency ??= found?.config.currency;
        const { perDayUsd: limit = null, thresholds = [] } = found?.config.budgets ?? {};
        budgets.push([model, { limit, thresholds }]);
      }
      this.#budgets.clear();
      for (const [model, budget] of budgets) this.#budgets.set(model, budget);
      this.#currency = currency ?? usDollars;
      this.#redraw.soon();
    };
    read().catch((error: unknown) => host.log.log('warn', 'the budget could not be read', { error: errorText(error) }));
  }

  draw(): void {
    const { vscode, repositories, host } = this.#context;
    const runs = repositories.list.flatMap((model) => [...model.runs.values()]);
    const isWanted = vscode.workspace.getConfiguration('reactor').get('statusBar', true);
    if (!isWanted || runs.length === 0) return this.#item.hide();
    const costs = [...this.#spent.values()].flatMap(({ runs: charged }) => charged);
    const spending = spendingToday(costs, host.clock.now(), null);
    const limited = this.#limited();
    const money = this.#moneyText(spending, limited);
    this.#waitForMidnight();
    const running = runs.filter((run) => isActive(run) && run.pending.length === 0).length;
    const waiting = repositories.list.reduce((sum, { inbox }) => sum + inbox.length, 0);
    const counts = [
      ...(running > 0 ? [`${running} running`] : []),
      ...(waiting > 0 ? [`${waiting} need${waiting === 1 ? 's' : ''} you`] : []),
    ];
    this.#item.text = [`$(flame) ${money}`, ...counts].join(' · ');
    const levels = new Set(limited?.used.map(({ level }) => level));
    const color = levels.has('error') ? 'error' : levels.has('warning') ? 'warning' : null;
    this.#item.backgroundColor = color === null ? undefined : new vscode.ThemeColor(`statusBarItem.${color}Background`);
    this.#item.tooltip = this.#tooltip(spending, limited);
    this.#item.accessibilityInformation = { label: `Reactor: ${money}, ${counts.join(', ') || 'nothing runs'}` };
    this.#item.show();
  }

  /** Null when no repository has a limit. Spending without one counts against none. */
  #limited(): Limited | null {
    const now = this.#context.host.clock.now();
    const limited = [...this.#spent].flatMap(([model, { runs }]) => {
      const { limit, thresholds } = this.#budgets.get(model) ?? { limit: null, thresholds: [] };
      return limit === null ? [] : [{ name: model.place.name, runs, limit, thresholds }];
    });
    const [first, ...others] = limited;
    if (first === undefined) return null;
    const limit = others.reduce((sum, one) => addUsd(sum, one.limit), first.limit);
    const all = limited.flatMap(({ runs }) => runs);
    const used = limited.map((one) => {
      const share = shareOf(spendingToday(one.runs, now, one.limit), one.limit) ?? 0;
      return { name: one.name, share, level: levelOf(share, one.thresholds) };
    });
    return { limit, spending: spendingToday(all, now, limit), used };
  }

  /** '$3.12 / $10.00 today'; '$4.00 today, $3.12 / $10.00 where limited' when not every repository has a limit. */
  #moneyText(spending: Spending, limited: Limited | null): string {
    if (limited === null) return spendingText(spending, null, this.#currency);
    const within = spendingText(limited.spending, limited.limit, this.#currency);
    if (limited.used.length === this.#spent.size) return within;
    return `${spendingText(spending, null, this.#currency)}, ${within.replace(/ today$/, '')} where limited`;
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

  #tooltip({ today, byTask }: Spending, limited: Limited | null): vscodeTypes.MarkdownString {
    const card = new this.#context.vscode.MarkdownString(undefined, true);
    card.appendMarkdown('**Reactor today**\n\n');
    const used = limited?.used.map(({ name, share }) => {
      const text = `${Math.round(share * 100)} % of the day's limit`;
      return this.#spent.size > 1 ? `${name}: ${text}` : text;
    });
    card.appendText(`${sumText(today, this.#currency)}, ${used?.join(', ') ?? 'no limit for a day is set'}`).appendMarkdown('\n\n');
    if (limited?.spending.projection != null) card.appendText(limited.spending.projection).appendMarkdown('\n\n');
    for (const { task, cost } of byTask.slice(0, MOST_LISTED))
      card.appendText(`${task}  ${sumText(cost, this.#currency)}`).appendMarkdown('\n\n');
    if (byTask.length > MOST_LISTED) card.appendText(`… and ${plural(byTask.length - MOST_LISTED, 'more task')}`).appendMarkdown('\n\n');
    card.appendMarkdown('Click for costs');
    return card;
  }

  dispose(): void {
    this.#midnight?.dispose();
    for (const spent of this.#spent.values()) spent.dispose();
    this.#store.dispose();
  }
}
