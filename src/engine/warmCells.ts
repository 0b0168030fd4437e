import { errorText } from '../base/log.ts';
import type { PermissionRule } from '../core/model/permissionRule.ts';
import type { RunSpec } from '../core/model/runSpec.ts';
import { effectivePermissions } from '../core/policy/permissionPolicy.ts';
import { type Boundary, boundaryFor } from './boundary.ts';
import type { EngineDeps } from './deps.ts';
import { type ServerWish, type StartedServer, startServer } from './startServer.ts';

export const warmPrefix = 'warm-';

/** A worktree with a healthy server that no run has yet. Nothing but git has ever written in it. */
export interface WarmCell extends StartedServer {
  readonly id: string;
  readonly worktree: string;
  readonly home: string;
  readonly branch: string;
  readonly boundary: Boundary;
  readonly base: string;
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
  sandbox: spec.sandbox,
  boundary: await boundaryFor(deps, spec.sandbox),
});

/** Runs with the same key can take each other's warm cells; another base is brought in when the cell is taken. */
const keyOf = (spec: RunSpec): string => JSON.stringify([spec.checkout, spec.model, spec.permissions, spec.sandbox]);

/**
 * Cells made ahead, while nothing else is to do, so that the next task starts at once. They hold no work: what is not taken is thrown
 * away, and a new engine sweeps up those of an engine that died.
 */
export class WarmCells {
  readonly #deps: EngineDeps;
  readonly #ready = new Map<string, WarmCell[]>();
  readonly #known = new Set<string>();
  readonly #closing = new AbortController();
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

  /** A warm cell that fits, which is the caller's from now on; null when there is none. */
  take(spec: RunSpec): WarmCell | null {
    const fitting = this.#ready.get(keyOf(spec)) ?? [];
    for (let warm = fitting.shift(); warm !== undefined; warm = fitting.shift()) {
      if (this.#deps.processes.isAlive(warm.server.process)) {
        this.#known.delete(warm.id);
        return warm;
      }
      void this.discard(warm);
    }
    return null;
  }

  /** Makes one more for runs like this one, in the background, unless there are enough or memory is short. */
  prepare(spec: RunSpec): void {
    const { options, log } = this.#deps;
    if (this.#closing.signal.aborted || this.#known.size >= options.warmCells() || !options.hasMemoryToSpare()) return;
    const id = `${warmPrefix}${this.#deps.ids.short()}`;
    this.#known.add(id);
    this.#making = this.#make(id, spec).catch(async (error: unknown) => {
      log.log('debug', 'no warm cell could be made', { cell: id, error: errorText(error) });
      await this.#remove(id, null);
    });
  }

  async #make(id: string, spec: RunSpec): Promise<void> {
    const { signal } = this.#closing;
    const { worktree, home } = await this.#deps.files.cellFolders(id);
    const branch = `reactor/${id}`;
    const made = await this.#deps.repository.createWorktree({ path: worktree, branch, base: spec.base }, signal);
    if (!made.ok) throw new Error(made.error.message);
    const filling = this.#deps.repository.populateWorktree(worktree, signal);
    filling.catch(() => {});
    const wish = await wishOf(this.#deps, spec, [], worktree);
    const started = await startServer(this.#deps, { cell: id, worktree, home }, wish, () => {}, signal);
    const filled = await filling;
    if (!started.ok) throw new Error(started.error.message);
    const { boundary } = wish;
    const warm: WarmCell = { id, worktree, home, branch, base: spec.base, boundary, ...started.value };
    if (!filled.ok || signal.aborted) return this.discard(warm);
    const key = keyOf(spec);
    this.#ready.set(key, [...(this.#ready.get(key) ?? []), warm]);
  }

  /** Ends a warm cell and removes what there is of it. */
  async discard(warm: WarmCell): Promise<void> {
    warm.server.disconnect();
    await this.#remove(warm.id, warm);
    await warm.lease.release();
  }

  async #remove(id: string, warm: WarmCell | null): Promise<void> {
    const { processes, repository, files, warden, options, log } = this.#deps;
    const report = await processes.endCell(id, warm?.server.process ?? null, options.killGraceMs);
    if (report.left.length === 0) warden.forget(id);
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
        return;
      }
    }
    if (tip !== null) await repository.deleteRef({ ref: branch, expected: tip });
    await files.removeCell(id);
    this.#known.delete(id);
  }

  /** Removes the warm cells of an engine that died. */
  async sweep(): Promise<void> {
    for (const id of await this.#deps.files.listCells()) {
      if (id.startsWith(warmPrefix) && !this.#known.has(id)) await this.#remove(id, null);
    }
  }

  /** Throws all of them away and makes no more. */
  async close(): Promise<void> {
    this.#closing.abort(new Error('the engine ends'));
    await this.#making;
    const all = this.list();
    this.#ready.clear();
    await Promise.all(all.map((warm) => this.discard(warm)));
  }
}
