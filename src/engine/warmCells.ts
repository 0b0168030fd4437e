import { errorText } from '../base/log.ts';
import type { PermissionRule } from '../core/model/permissionRule.ts';
import type { RunSpec } from '../core/model/runSpec.ts';
import { effectivePermissions } from '../core/policy/permissionPolicy.ts';
import type { Oid } from '../core/ports/git.ts';
import { type Boundary, boundaryFor } from './boundary.ts';
import type { EngineDeps } from './deps.ts';
import { releaseAll, type ServerWish, type StartedServer, startServer } from './startServer.ts';

export const warmPrefix = 'warm-';

/** A worktree with a healthy server that no run has yet. Nothing but git has ever written in it. */
export interface WarmCell extends StartedServer {
  readonly id: string;
  readonly worktree: string;
  readonly home: string;
  readonly branch: string;
  readonly boundary: Boundary;
  readonly base: string;
  /** Fingerprint of the settings and keys its server was started with. */
  readonly settings: string;
}

export const wishOf = async (
  deps: EngineDeps,
  spec: RunSpec,
  granted: readonly PermissionRule[],
  worktree: string,
): Promise<ServerWish> => ({
  projectFolder: spec.checkout ?? worktree,
  model: spec.model,
  permissions: effectivePermissions(spec.permissions, granted),
  appPorts: spec.ports ?? 0,
  sandbox: spec.sandbox,
  boundary: await boundaryFor(deps, spec.sandbox),
});

/** Runs with the same key can take each other's warm cells; another base is brought in when the cell is taken. */
const keyOf = (spec: RunSpec): string => JSON.stringify([spec.checkout, spec.model, spec.permissions, spec.ports ?? 0, spec.sandbox]);

/**
 * Cells made ahead, while nothing else is to do, so that the next task starts at once. They hold no work: what is not taken is thrown
 * away, and a new engine sweeps up those of an engine that died.
 */
export class WarmCells {
  readonly #deps: EngineDeps;
  readonly #ready = new Map<string, WarmCell[]>();
  readonly #known = new Set<string>();
  readonly #closing = new AbortController();
  readonly #leaving = new Set<Promise<void>>();
  #making: Promise<void> = Promise.resolve();

  constructor(deps: EngineDeps) {
    this.#deps = deps;
  }

  /** Ids of all warm cells there are, those being made included. */
  get ids(): ReadonlySet<string> {
    return this.#known;
  }

  /** Those that are ready to be taken. */
  list(): readonly WarmCell[] {
    return [...this.#ready.values()].flat();
  }

  /** How many fit a run, and the name of their kind: runs of one kind compete for them. */
  countFor(spec: RunSpec): { readonly key: string; readonly count: number } {
    const key = keyOf(spec);
    return { key, count: this.#ready.get(key)?.length ?? 0 };
  }

  /** A warm cell that fits, which is the caller's: to discard, or to hand over once the journal says whose it is. Null when there is none. */
  async take(spec: RunSpec): Promise<WarmCell | null> {
    for (;;) {
      const warm = this.#ready.get(keyOf(spec))?.shift();
      if (warm === undefined) return null;
      try {
        if (await this.#fits(warm, spec)) return warm;
      } catch (error) {
        this.#throwAway([warm]);
        throw error;
      }
      this.#throwAway([warm]);
    }
  }

  /** It lives, and its server knows what one that is started now would know: a new login or setting makes it another one. */
  async #fits(warm: WarmCell, spec: RunSpec): Promise<boolean> {
    if (!this.#deps.processes.isAlive(warm.server.process)) return false;
    // Without a checkout the project's own settings come from the worktree.
    if (spec.checkout === null && warm.base !== spec.base) return false;
    return warm.settings === (await this.#settingsNow(spec, warm.worktree));
  }

  /** Null when they can't be read; whoever starts a server next is told why. */
  async #settingsNow(spec: RunSpec, worktree: string): Promise<string | null> {
    const wish = await wishOf(this.#deps, spec, [], worktree);
    const server = await this.#deps.agents.fingerprint({ ...wish, worktree }).catch(() => null);
    // Its boundary shows the hooks where they were when it was made.
    return server === null || !spec.hooks ? server : `${server} ${(await this.#deps.repository.hooks()).folder}`;
  }

  /** A cell that was taken is a run's now. Until then it counts as one of these, so that no clean-up takes it for nobody's. */
  handOver(warm: WarmCell): void {
    this.#known.delete(warm.id);
  }

  /**
   * Brings those that fit runs like this one to where such a run would start now, and makes one more unless there are enough, in the
   * background. When memory is short, all are thrown away instead.
   */
  prepare(spec: RunSpec): void {
    const { options, log } = this.#deps;
    if (this.#closing.signal.aborted) return;
    if (!options.hasMemoryToSpare()) return this.discardAll();
    const more = this.#known.size < options.warmCells();
    const id = `${warmPrefix}${this.#deps.ids.short()}`;
    if (more) this.#known.add(id);
    const work = async (): Promise<void> => {
      const base = await this.#nextBase(spec);
      await this.#moveTo(spec, base);
      if (more) await this.#make(id, spec, base);
    };
    this.#making = this.#making.then(work).catch(async (error: unknown) => {
      log.log('debug', 'no warm cell could be made', { cell: id, error: errorText(error) });
      if (more) await this.#removeQuietly(id);
    });
  }

  /** Where the next run like this one would start: what has landed meanwhile included. */
  async #nextBase(spec: RunSpec): Promise<Oid> {
    const tip = spec.target === null ? null : await this.#deps.repository.readRef(`refs/heads/${spec.target}`);
    return tip ?? spec.base;
  }

  /** Those of a kind that are made for another base get its files; what can't be moved is thrown away. */
  async #moveTo(spec: RunSpec, base: Oid): Promise<void> {
    const key = keyOf(spec);
    const all = this.#ready.get(key) ?? [];
    const outdated = all.filter((warm) => warm.base !== base);
    this.#ready.set(
      key,
      all.filter((warm) => warm.base === base),
    );
    for (const warm of outdated) {
      const isMoved = await this.#canMove(warm, spec, base).catch(() => false);
      if (isMoved && !this.#closing.signal.aborted) this.#ready.get(key)?.push({ ...warm, base });
      else await this.#discardQuietly(warm);
    }
  }

  async #canMove(warm: WarmCell, spec: RunSpec, base: Oid): Promise<boolean> {
    const moved = await this.#deps.repository.resetWorktree(warm.worktree, base, this.#closing.signal);
    return moved.ok && warm.settings === (await this.#settingsNow(spec, warm.worktree));
  }

  async #make(id: string, spec: RunSpec, base: Oid): Promise<void> {
    const { signal } = this.#closing;
    const { worktree, home } = await this.#deps.files.cellFolders(id);
    const branch = `reactor/${id}`;
    const made = await this.#deps.repository.createWorktree({ path: worktree, branch, base, checkout: spec.checkout }, signal);
    if (!made.ok) throw new Error(made.error.message);
    const filling = this.#deps.repository.populateWorktree(worktree, signal);
    filling.catch(() => {});
    const wish = await wishOf(this.#deps, spec, [], worktree);
    // Without a checkout the project's own settings are among these files.
    if (spec.checkout === null) await filling;
    // Before the start: what changes meanwhile makes it unfit rather than wrong.
    const settings = await this.#settingsNow(spec, worktree);
    if (settings === null) throw new Error('the settings of the agent server could not be read');
    const [starting, filled] = await Promise.allSettled([
      startServer(this.#deps, { cell: id, worktree, home }, wish, () => {}, signal),
      filling,
    ]);
    if (starting.status === 'rejected') throw starting.reason;
    if (!starting.value.ok) throw new Error(starting.value.error.message);
    const { boundary } = wish;
    const warm: WarmCell = { id, worktree, home, branch, base, boundary, settings, ...starting.value.value };
    const isFilled = filled.status === 'fulfilled' && filled.value.ok;
    if (isFilled) await warm.server.client.warmUp(signal);
    if (!isFilled || signal.aborted) return this.discard(warm);
    const key = keyOf(spec);
    this.#ready.set(key, [...(this.#ready.get(key) ?? []), warm]);
  }

  /** Ends a warm cell and removes what there is of it. */
  async discard(warm: WarmCell): Promise<void> {
    warm.server.disconnect();
    try {
      await this.#remove(warm.id, warm);
    } finally {
      await releaseAll([warm.lease, ...warm.appLeases]);
    }
  }

  /** Throws away all that are ready, in the background: what they hold is needed elsewhere. */
  discardAll(): void {
    const all = this.list();
    this.#ready.clear();
    this.#throwAway(all);
  }

  #throwAway(some: readonly WarmCell[]): void {
    for (const warm of some) {
      const leaving = this.#discardQuietly(warm).finally(() => this.#leaving.delete(leaving));
      this.#leaving.add(leaving);
    }
  }

  async #discardQuietly(warm: WarmCell): Promise<void> {
    try {
      await this.discard(warm);
    } catch (error) {
      this.#known.delete(warm.id);
      this.#deps.log.log('warn', 'a warm cell was not thrown away', { cell: warm.id, error: errorText(error) });
    }
  }

  async #remove(id: string, warm: WarmCell | null): Promise<void> {
    const { processes, repository, files, network, warden, options, log } = this.#deps;
    const report = await processes.endCell(id, warm?.server.process ?? null, options.killGraceMs);
    if (report.left.length === 0) {
      warden.forget(id);
      await network.close(id);
    }
    const { worktree } = await files.cellFolders(id);
    const branch = `refs/heads/reactor/${id}`;
    const tip = await repository.readRef(branch);
    if (await files.exists(worktree)) {
      // It was made to hold nothing. If somebody put something there all the same, it stays, and `clean` keeps it first.
      const snapshot = await repository.snapshot(worktree);
      const isUntouched = tip !== null && snapshot.ok && snapshot.value.tree === (await repository.treeOf(tip));
      const removed = isUntouched ? await repository.removeWorktree(worktree) : null;
      if (removed?.ok !== true) {
        log.log('warn', 'a warm cell is left in place', { cell: id });
        this.#known.delete(id);
        return;
      }
    }
    if (tip !== null) await repository.deleteRef({ ref: branch, expected: tip });
    await files.removeCell(id);
    this.#known.delete(id);
  }

  /** What is left then is swept up by the next engine, or by `clean`. */
  async #removeQuietly(id: string): Promise<void> {
    try {
      await this.#remove(id, null);
    } catch (error) {
      this.#known.delete(id);
      this.#deps.log.log('warn', 'a warm cell could not be removed', { cell: id, error: errorText(error) });
    }
  }

  /** Removes the warm cells of an engine that died. */
  async sweep(): Promise<void> {
    for (const id of await this.#deps.files.listCells()) {
      if (id.startsWith(warmPrefix) && !this.#known.has(id)) await this.#removeQuietly(id);
    }
  }

  /** Throws all of them away and makes no more. Resolves when nothing of any is under way, those thrown away before included. */
  async close(): Promise<void> {
    this.#closing.abort(new Error('the engine ends'));
    await this.#making;
    this.discardAll();
    await Promise.all(this.#leaving);
  }
}
