import { Emitter, type Event } from '../../base/event.ts';
import type { Disposable } from '../../base/lifecycle.ts';
import { errorText } from '../../base/log.ts';
import { startOf } from '../../core/run/state.ts';
import type { HostContext } from '../hostContext.ts';
import type { RepositoryModel } from '../repositoryModel.ts';

const KEY = 'reactor.reviewed';
/** Runs remembered at most; the oldest are forgotten first. */
const MOST_RUNS = 100;

/** Path to the blob that was seen, and the tree it was seen in. */
type Seen = Record<string, { readonly tree: string; readonly blob: string }>;

/**
 * Which files of a candidate the person has ticked off. A tick is for a file's content: in a newer candidate it stays on what did not change
 * and is gone from what did. Kept with the workspace.
 */
export class ReviewedFiles implements Disposable {
  readonly #context: HostContext;
  readonly #changed: Emitter<{ readonly model: RepositoryModel; readonly run: string }>;
  #runs: Record<string, Seen>;

  constructor(context: HostContext) {
    this.#context = context;
    this.#changed = new Emitter((error) => context.host.log.log('error', 'a view failed', { error: errorText(error) }));
    this.#runs = context.extension.workspaceState.get<Record<string, Seen>>(KEY, {});
  }

  get onDidChange(): Event<{ readonly model: RepositoryModel; readonly run: string }> {
    return this.#changed.event;
  }

  has(model: RepositoryModel, run: string, path: string, tree: string): boolean {
    return this.#runs[keyOf(model, run)]?.[path]?.tree === tree;
  }

  /** Ticks files of a tree off, or takes the tick away. */
  async set(
    model: RepositoryModel,
    run: string,
    tree: string,
    files: readonly { readonly path: string; readonly reviewed: boolean }[],
  ): Promise<void> {
    const blobs = await this.#blobs(model, run, tree);
    const seen: Seen = { ...this.#runs[keyOf(model, run)] };
    for (const { path, reviewed } of files) {
      if (reviewed) seen[path] = { tree, blob: blobs.get(path) ?? '' };
      else delete seen[path];
    }
    await this.#keep(model, run, seen);
  }

  /** Brings the ticks over to a newer candidate: those of files that are the same there. */
  async carryOver(model: RepositoryModel, run: string, tree: string): Promise<void> {
    const seen = this.#runs[keyOf(model, run)];
    if (seen === undefined || Object.values(seen).every((one) => one.tree === tree)) return;
    const blobs = await this.#blobs(model, run, tree);
    const same = Object.entries(seen).filter(([path, { blob }]) => blob !== '' && blobs.get(path) === blob);
    await this.#keep(model, run, Object.fromEntries(same.map(([path, { blob }]) => [path, { tree, blob }])));
  }

  async #blobs(model: RepositoryModel, run: string, tree: string): Promise<Map<string, string>> {
    const state = model.run(run);
    if (state === null) return new Map();
    const changes = await this.#context.host.changes(model.place.folder, startOf(state), tree);
    // A mode is content too: making a file executable has to be seen.
    return new Map(changes.map(({ path, newOid, newMode, status }) => [path, `${status} ${newMode} ${newOid}`]));
  }

  async #keep(model: RepositoryModel, run: string, seen: Seen): Promise<void> {
    const key = keyOf(model, run);
    const { [key]: _, ...rest } = this.#runs;
    const all = Object.keys(seen).length === 0 ? Object.entries(rest) : [...Object.entries(rest), [key, seen] as const];
    this.#runs = Object.fromEntries(all.slice(-MOST_RUNS));
    this.#changed.fire({ model, run });
    await this.#context.extension.workspaceState.update(KEY, this.#runs);
  }

  dispose(): void {
    this.#changed.dispose();
  }
}

const keyOf = (model: RepositoryModel, run: string): string => `${model.place.id}#${run}`;
