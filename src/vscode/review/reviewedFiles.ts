import { z } from 'zod';
import { Emitter, type Event } from '../../base/event.ts';
import type { Disposable } from '../../base/lifecycle.ts';
import { errorText } from '../../base/log.ts';
import { startOf } from '../../core/run/state.ts';
import type { HostContext } from '../hostContext.ts';
import type { RepositoryModel } from '../repositoryModel.ts';
import { takeLater } from './laterWins.ts';

const KEY = 'reactor.reviewed';
/** Runs remembered at most; the oldest are forgotten first. */
const MOST_RUNS = 100;

/** A file that was ticked off, or no longer is: the blob that was seen, and the tree it was seen in. */
const Tick = z.object({ tree: z.string(), blob: z.string(), at: z.number(), reviewed: z.boolean() });
type Tick = z.infer<typeof Tick>;
/** By run, then by path. */
const Stored = z.record(z.string(), z.record(z.string(), Tick));

/**
 * Which files of a candidate the person has ticked off. A tick is for a file's content: in a newer candidate it stays on what did not change
 * and is gone from what did. Shared by the windows of one person.
 */
export class ReviewedFiles implements Disposable {
  readonly #context: HostContext;
  readonly #changed: Emitter<{ readonly model: RepositoryModel; readonly run: string }>;
  readonly #runs = new Map<string, Map<string, Tick>>();

  constructor(context: HostContext) {
    this.#context = context;
    this.#changed = new Emitter((error) => context.host.log.log('error', 'a view failed', { error: errorText(error) }));
    this.catchUp();
  }

  get onDidChange(): Event<{ readonly model: RepositoryModel; readonly run: string }> {
    return this.#changed.event;
  }

  has(model: RepositoryModel, run: string, path: string, tree: string): boolean {
    const tick = this.#runs.get(keyOf(model, run))?.get(path);
    return tick?.reviewed === true && tick.tree === tree;
  }

  /** Ticks files of a tree off, or takes the tick away. */
  async set(
    model: RepositoryModel,
    run: string,
    tree: string,
    files: readonly { readonly path: string; readonly reviewed: boolean }[],
  ): Promise<void> {
    const blobs = await this.#blobs(model, run, tree);
    const ticks = this.#ticksOf(model, run);
    for (const { path, reviewed } of files) {
      const at = Math.max(this.#context.host.clock.now(), (ticks.get(path)?.at ?? 0) + 1);
      ticks.set(path, { tree, blob: blobs.get(path) ?? '', at, reviewed });
    }
    await this.#keep(model, run);
  }

  /** Brings the ticks over to a newer candidate: those of files that are the same there. */
  async carryOver(model: RepositoryModel, run: string, tree: string): Promise<void> {
    const isOld = (tick: Tick): boolean => tick.reviewed && tick.tree !== tree;
    if (![...(this.#runs.get(keyOf(model, run))?.values() ?? [])].some(isOld)) return;
    const blobs = await this.#blobs(model, run, tree);
    const ticks = this.#ticksOf(model, run);
    // Nobody's change: another window comes to the same by itself, and what a person says there counts.
    for (const [path, tick] of ticks) {
      if (isOld(tick)) ticks.set(path, { ...tick, tree, reviewed: tick.blob !== '' && blobs.get(path) === tick.blob });
    }
    await this.#keep(model, run);
  }

  /** Takes over what other windows have kept. */
  catchUp(): void {
    const { extension, repositories } = this.#context;
    const stored = Stored.safeParse(extension.globalState.get(KEY, {}));
    for (const [key, others] of Object.entries(stored.success ? stored.data : {})) {
      const ticks = this.#runs.get(key) ?? new Map<string, Tick>();
      this.#runs.set(key, ticks);
      if (takeLater(ticks, Object.entries(others)).size === 0) continue;
      const [, repository = '', run = ''] = /^(.*)#([^#]*)$/.exec(key) ?? [];
      const model = repositories.byId(repository);
      if (model !== null) this.#changed.fire({ model, run });
    }
  }

  #ticksOf(model: RepositoryModel, run: string): Map<string, Tick> {
    const key = keyOf(model, run);
    const ticks = this.#runs.get(key) ?? new Map<string, Tick>();
    // The last one changed stands last, and is forgotten last.
    this.#runs.delete(key);
    this.#runs.set(key, ticks);
    return ticks;
  }

  async #blobs(model: RepositoryModel, run: string, tree: string): Promise<Map<string, string>> {
    const state = model.run(run);
    if (state === null) return new Map();
    const attempt = state.attempts.findLast(({ candidate }) => candidate?.tree === tree);
    const changes = await this.#context.host.changes(model.place.folder, startOf(state, attempt?.attempt), tree);
    // A mode is content too: making a file executable has to be seen.
    return new Map(changes.map(({ path, newOid, newMode, status }) => [path, `${status} ${newMode} ${newOid}`]));
  }

  async #keep(model: RepositoryModel, run: string): Promise<void> {
    this.catchUp();
    for (const key of [...this.#runs.keys()].slice(0, Math.max(0, this.#runs.size - MOST_RUNS))) this.#runs.delete(key);
    this.#changed.fire({ model, run });
    const stored = Object.fromEntries([...this.#runs].map(([key, ticks]) => [key, Object.fromEntries(ticks)]));
    await this.#context.extension.globalState.update(KEY, stored);
  }

  dispose(): void {
    this.#changed.dispose();
  }
}

const keyOf = (model: RepositoryModel, run: string): string => `${model.place.id}#${run}`;
