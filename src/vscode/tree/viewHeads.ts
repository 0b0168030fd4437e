import { type Disposable, DisposableStore } from '../../base/lifecycle.ts';
import { errorText } from '../../base/log.ts';
import { defaultConfig } from '../../core/model/projectConfig.ts';
import { Gathered } from '../gathered.ts';
import type { Views } from '../hostApi.ts';
import type { HostContext } from '../hostContext.ts';
import type { RepositoryModel } from '../repositoryModel.ts';
import { isActive } from '../text/taskGroups.ts';
import type { NeedsYouTree } from './needsYouTree.ts';

/** Changes that come together are shown together. */
const GATHER_MS = 100;

/** What stands beside the titles of the views, folded or not: how many things wait, and how many cells there are of how many. */
export class ViewHeads implements Disposable {
  readonly #context: HostContext;
  readonly #views: Views;
  readonly #needsYou: NeedsYouTree;
  readonly #store = new DisposableStore();
  readonly #limits = new Map<RepositoryModel, number>();
  readonly #redraw: Gathered;

  constructor(context: HostContext, views: Views, needsYou: NeedsYouTree) {
    this.#context = context;
    this.#views = views;
    this.#needsYou = needsYou;
    const { repositories } = context;
    this.#store.add(repositories.onDidChangeInbox(() => this.#drawWaiting()));
    this.#redraw = this.#store.add(new Gathered(context.host.clock, GATHER_MS, () => this.#draw()));
    this.#store.add(this.#redraw.withRuns(repositories));
    this.#store.add(repositories.onDidChange(() => this.readLimits()));
    this.readLimits();
  }

  /** Looks up how many cells may work side by side: when the repositories or a settings file have changed. */
  readLimits(): void {
    const { repositories, host } = this.#context;
    const read = async (): Promise<void> => {
      for (const model of repositories.list) {
        // A file with errors says nothing about cells; its own diagnostics tell.
        const found = await host.config(model.place.folder).catch(() => null);
        this.#limits.set(model, (found?.config ?? defaultConfig()).cells.limit);
      }
      this.#redraw.soon();
    };
    read().catch((error: unknown) => host.log.log('warn', 'the limit of cells could not be read', { error: errorText(error) }));
  }

  #draw(): void {
    this.#drawWaiting();
    this.#drawCells();
  }

  /** At once: whoever answers looks whether it is gone. */
  #drawWaiting(): void {
    const view = this.#views['reactor.needsYou'];
    const count = this.#needsYou.count();
    view.badge = this.#needsYou.badge();
    view.description = count === 0 ? '' : String(count);
  }

  #drawCells(): void {
    const { list } = this.#context.repositories;
    const working = list.reduce((sum, { runs }) => sum + [...runs.values()].filter(isActive).length, 0);
    const limit = list.reduce((sum, model) => sum + (this.#limits.get(model) ?? 0), 0);
    this.#views['reactor.cells'].description = working === 0 ? '' : `${working} of ${limit}`;
  }

  dispose(): void {
    this.#store.dispose();
  }
}
