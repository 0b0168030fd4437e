import { errorText } from '../base/log.ts';
import { event } from '../core/journal/events.ts';
import type { AgentServer, BootFailure } from '../core/ports/agent.ts';
import type { CandidateSnapshot, GitResult } from '../core/ports/git.ts';
import type { PortLease } from '../core/ports/processes.ts';
import { isUnsandboxed } from '../core/projections/unsandboxed.ts';
import { standsOnNothing } from '../core/run/unborn.ts';
import { cleanUpAfterSetUp, fillWorktree, makeWorktree, undoHalfMade } from './halfMade.ts';
import { includeFiles } from './includeFiles.ts';
import { keepRest } from './keep.ts';
import { RecordsBeside } from './recordsBeside.ts';
import { isWorktreeLost, remakeWorktree } from './remakeWorktree.ts';
import { withRetries } from './retry.ts';
import type { RunContext } from './runContext.ts';
import { runInCell } from './runInCell.ts';
import { portsOf, releaseAll, type StartedServer, startServer } from './startServer.ts';
import { type WarmCell, wishOf } from './warmCells.ts';

export type BootResult = { readonly ok: true } | { readonly ok: false; readonly reason: string };

/** The live side of a run's cell: worktree, port, server, client. What it is told to do is decided from the journal. */
export class Cell {
  readonly #context: RunContext;
  #server: AgentServer | null = null;
  #leases: readonly PortLease[] = [];
  #stopping: Promise<void> | null = null;
  /** All processes of the cell were ended by this object, and none was started since. */
  #isQuiet = false;
  /** What the worktree held once the cell was quiet. */
  #rest: Promise<GitResult<CandidateSnapshot>> | null = null;
  #deletion: Promise<void> = Promise.resolve();
  /** Of the next cell's folders. */
  #preparing: Promise<void> = Promise.resolve();
  /** The tree of a moved target that the setup command was last run for; null when it was run for what the worktree was made from. */
  setUpFor: string | null = null;

  /** @param adopted the server that lives already, of an engine before this one. */
  constructor(context: RunContext, adopted: StartedServer | null = null) {
    this.#context = context;
    this.#server = adopted?.server ?? null;
    this.#leases = adopted === null ? [] : [adopted.lease, ...adopted.appLeases];
  }

  /** The live server with its client. @throws Error when the cell is not booted: a bug of the caller. */
  get server(): AgentServer {
    if (this.#server === null) throw new Error(`the cell of ${this.#context.run} has no server`);
    return this.#server;
  }

  get hasServer(): boolean {
    return this.#server !== null;
  }

  /**
   * Makes the cell ready: worktree, files, setup, server, conversation. Files are checked out while the server starts.
   * Repeatable: what exists already is used. A failed start of the server is retried (BOOT_RETRY).
   */
  async boot(signal: AbortSignal): Promise<BootResult> {
    const { deps, engine } = this.#context;
    const started = deps.clock.monotonic();
    if (this.#context.state.startedAt === null) await this.#context.record(event('run/started', {}));
    const { cell } = this.#context.state;
    const isNew = cell === null;
    if (!isNew) await undoHalfMade(this.#context);
    if (!isNew && (await isWorktreeLost(this.#context))) {
      const reason = await remakeWorktree(this.#context, cell, signal);
      if (reason !== null) return { ok: false, reason };
    }
    if (isNew && (await this.#adoptWarm(signal))) return this.#ready(this.server, started, signal);
    if (isNew) await this.#plan();
    const filled = this.#ensureWorktree(signal);
    // All is prepared for the server while git makes the folder, in which it starts while git still writes the files.
    await filled.begun;
    const notMade = new AbortController();
    const made = filled.made.then((reason) => {
      if (reason !== null) notMade.abort(new Error(reason));
    });
    made.catch(() => {});
    // Without a checkout the project's own settings are among these files.
    if (this.#context.state.spec.checkout === null) await filled.done;
    const whileMade = AbortSignal.any([signal, notMade.signal]);
    const starting = withRetries<AgentServer, BootFailure>(this.#context, 'BOOT_RETRY', 'server start', whileMade, (retry) =>
      engine.boots.run(() => this.#startServer(retry + 1, made, whileMade), whileMade),
    );
    starting.catch(() => {});
    const notMadeWhy = await filled.made.catch(async (error: unknown) => {
      await starting.catch(() => {});
      throw error;
    });
    if (notMadeWhy !== null) {
      await Promise.allSettled([starting, filled.done]);
      return { ok: false, reason: notMadeWhy };
    }
    const result = await starting;
    if (result.ok) this.#server = result.value;
    const files = await filled.done.catch(async (error: unknown) => {
      await this.stopServer();
      throw error;
    });
    if (!result.ok) return { ok: false, reason: `the agent server did not start: ${result.error.message}` };
    if (files !== null) return { ok: false, reason: files };
    return this.#ready(result.value, started, signal);
  }

  /** The last steps of a boot: conversation, then setup. */
  async #ready(server: AgentServer, started: number, signal: AbortSignal): Promise<BootResult> {
    const { deps, run } = this.#context;
    const session = await this.#conversation(server, signal);
    await this.#context.record(
      event('cell/ready', {
        url: server.url,
        version: server.version,
        session,
        bootMs: Math.round(deps.clock.monotonic() - started),
        ...(isUnsandboxed(this.#context.state) ? { unsandboxed: true } : {}),
      }),
    );
    this.#preparing = deps.files.prepareCell().catch((error: unknown) => {
      deps.log.log('debug', 'the folders of the next cell could not be made', { error: errorText(error) });
    });
    const setup = await this.#setUp(signal);
    if (setup !== null) return { ok: false, reason: setup };
    deps.log.log('info', 'cell ready', { run, ports: portsOf(this.#leases) });
    return { ok: true };
  }

  /** Makes a warm cell this run's. False when there is none that fits; then nothing has been recorded. */
  async #adoptWarm(signal: AbortSignal): Promise<boolean> {
    const { engine, state } = this.#context;
    const warm = await engine.warm.take(state.spec);
    if (warm === null) return false;
    const isOurs = await this.#claim(warm, signal).catch(async (error: unknown) => {
      await engine.warm.discard(warm);
      throw error;
    });
    if (!isOurs) {
      await engine.warm.discard(warm);
      return false;
    }
    const { worktree, server, lease, appLeases } = warm;
    this.#server = server;
    this.#leases = [lease, ...appLeases];
    engine.warm.handOver(warm);
    await this.#context.record(
      event('cell/worktreeCreated', {}),
      event('cell/serverSpawned', {
        process: server.process,
        port: lease.port,
        start: 0,
        appPorts: portsOf(appLeases),
        boundary: warm.boundary,
      }),
    );
    await includeFiles(this.#context, worktree, signal);
    return true;
  }

  /** From here on the journal has it as the cell of this run. False when git could not make it so. */
  async #claim({ id, worktree, home, branch: from, base: fromBase }: WarmCell, signal: AbortSignal): Promise<boolean> {
    const { deps, engine, run, state } = this.#context;
    const { base } = state.spec;
    const branch = await this.#freeBranch();
    const adopted = await deps.repository.adoptWorktree({ path: worktree, branch, base, from, fromBase }, signal);
    if (!adopted.ok) return false;
    await engine.ledger.appendForCell(run, id, 'engine', event('cell/planned', { worktree, home, branch, base }));
    return true;
  }

  async #plan(): Promise<void> {
    const { deps, engine, run, state } = this.#context;
    const id = `${run}-${deps.ids.short()}`;
    const folders = await deps.files.cellFolders(id);
    const branch = await this.#freeBranch();
    await engine.ledger.appendForCell(
      run,
      id,
      'engine',
      event('cell/planned', { worktree: folders.worktree, home: folders.home, branch, base: state.spec.base }),
    );
  }

  /** `reactor/<task>`, or with the number of the run when a branch of that name is there. */
  async #freeBranch(): Promise<string> {
    const { deps, run, state } = this.#context;
    for (const name of [`reactor/${state.task}`, `reactor/${run}`]) {
      if ((await deps.repository.readRef(`refs/heads/${name}`)) === null) return name;
    }
    return `reactor/${run}-${deps.ids.short()}`;
  }

  /** `begun` is settled when git has begun to make the folder, `made` when it exists, `done` when it is filled; both with a reason when it failed. */
  #ensureWorktree(signal: AbortSignal): { begun: Promise<unknown>; made: Promise<string | null>; done: Promise<string | null> } {
    const { deps, state } = this.#context;
    const { cell, spec } = state;
    if (cell === null) throw new Error('no cell planned');
    const begun = Promise.withResolvers<void>();
    const create = async (): Promise<{ fresh: boolean; reason: string | null }> => {
      if (await deps.files.exists(cell.worktree)) return { fresh: false, reason: null };
      const created = await makeWorktree(
        deps.repository,
        { path: cell.worktree, branch: cell.branch, base: spec.base, checkout: spec.checkout, onBegun: begun.resolve },
        signal,
      );
      if (!created.ok) return { fresh: true, reason: `the worktree could not be made: ${created.error.message}` };
      await this.#context.record(event('cell/worktreeCreated', {}));
      return { fresh: true, reason: null };
    };
    const creating = create();
    const fill = async (): Promise<string | null> => {
      const { fresh, reason } = await creating;
      if (reason !== null || !fresh) return reason;
      const filled = await fillWorktree(deps.repository, cell.worktree, signal);
      if (!filled.ok) return `the files could not be checked out: ${filled.error.message}`;
      await includeFiles(this.#context, cell.worktree, signal);
      return null;
    };
    const filling = fill();
    // A failure is handled where `done` is awaited; this only marks it as seen meanwhile.
    filling.catch(() => {});
    const made = creating.then((c) => c.reason);
    return { begun: Promise.race([begun.promise, made.catch(() => {})]), made, done: filling };
  }

  async #startServer(
    start: number,
    made: Promise<unknown>,
    signal: AbortSignal,
  ): Promise<{ ok: true; value: AgentServer } | { ok: false; error: BootFailure; retryable: boolean }> {
    const { deps, state } = this.#context;
    const { cell, spec } = state;
    if (cell === null) throw new Error('no cell planned');
    this.#isQuiet = false;
    this.#rest = null;
    await releaseAll(this.#leases);
    const stop = new AbortController();
    const records = new RecordsBeside(() => stop.abort(new Error('the start of the agent server can not be recorded')));
    const wish = await wishOf(deps, spec, state.grantedPermissions, cell.worktree);
    const { boundary } = wish;
    const starting = startServer(
      deps,
      { cell: cell.id, worktree: cell.worktree, home: cell.home },
      wish,
      (process, port, appPorts) =>
        records.add(this.#context.record(event('cell/serverSpawned', { process, port, start, appPorts, boundary }))),
      AbortSignal.any([signal, stop.signal]),
      made,
    );
    // What could not be recorded says why the start was ended.
    await starting.catch(() => records.settled());
    await records.settled();
    const result = await starting;
    if (result.ok) {
      this.#leases = [result.value.lease, ...result.value.appLeases];
      return { ok: true, value: result.value.server };
    }
    await this.#context.record(event('cell/serverFailed', { ...result.error, start }));
    return result;
  }

  /** The conversation of before, when the server still knows it; else a new one. */
  async #conversation(server: AgentServer, signal: AbortSignal): Promise<string> {
    const { state, run } = this.#context;
    const before = state.cell?.session ?? null;
    if (before !== null && (await server.client.hasSession(before, signal))) return before;
    return server.client.createSession({ title: `${run} ${state.spec.title}` }, signal);
  }

  async #setUp(signal: AbortSignal): Promise<string | null> {
    const { state } = this.#context;
    const { setup, limits } = state.spec;
    if (setup === null || state.cell?.setupDone === true || standsOnNothing(state)) return null;
    const evidence = await runInCell(
      this.#context,
      this.server.client,
      { command: setup, name: 'setup', timeoutMs: limits.setupTimeoutMs },
      signal,
    );
    if (evidence.end === 'serverGone') throw new Error('the agent server went away during the set-up');
    await this.#context.record(event('cell/setupFinished', { evidence }));
    this.setUpFor = null;
    if (evidence.end === 'exited' && evidence.exitCode === 0) {
      await cleanUpAfterSetUp(this.#context);
      return null;
    }
    return `the setup command \`${setup}\` failed (${evidence.exitCode === null ? (evidence.reason ?? evidence.end) : `exit code ${evidence.exitCode}`}): ${evidence.tail.trim().slice(-500)}`;
  }

  /** Ends the server and everything it started (INV-005) and gives the port back. Not abortable; twice is once. */
  stopServer(): Promise<void> {
    this.#stopping ??= this.#stop().finally(() => {
      this.#stopping = null;
    });
    return this.#stopping;
  }

  async #stop(): Promise<void> {
    const { deps, state } = this.#context;
    const { cell } = state;
    this.#server?.disconnect();
    this.#server = null;
    if (cell !== null && !this.#isQuiet) {
      const report = await deps.processes.endCell(cell.id, cell.server, deps.options.killGraceMs);
      if (report.left.length === 0) {
        deps.warden.forget(cell.id);
        await deps.network.close(cell.id);
        this.#isQuiet = true;
      }
      if (this.#context.state.cell?.server) {
        await this.#context.record(event('cell/serverStopped', { killed: [...report.killed], left: [...report.left] }));
      }
    }
    await releaseAll(this.#leases);
    this.#leases = [];
    await this.#preparing;
  }

  /**
   * Ends the server and then reads what is in the worktree, so that `tearDown` need not, when it follows. For a run whose work is committed
   * and that has nothing left but git's part.
   */
  async stopForGood(): Promise<void> {
    await this.stopServer();
    const { deps, state } = this.#context;
    if (!this.#isQuiet || state.cell === null) return;
    this.#rest = deps.repository.snapshot(state.cell.worktree);
    this.#rest.catch(() => {});
  }

  /** Resolves when what `tearDown` set aside is deleted. */
  settled(): Promise<void> {
    return this.#deletion;
  }

  /** Server gone, content kept, worktree and folder removed. Each part may already be done. */
  async tearDown(): Promise<void> {
    await this.stopServer();
    const { deps, state } = this.#context;
    const { cell } = state;
    if (cell === null) return;
    if (await deps.files.exists(cell.worktree)) {
      const unkept = await this.#keepRest();
      if (unkept !== null) {
        // Better a folder too many than work lost: it stays where it is, and `clean` names it.
        await this.#context.record(
          event('run/recoveryApplied', { code: 'IG', what: `worktree left in place: ${unkept}`, retry: 0, delayMs: 0 }),
        );
        await this.#context.record(event('cell/removed', {}));
        return;
      }
    }
    // Deleting thousands of files takes a while that nobody has to wait for.
    const removed = await deps.repository.moveWorktreeAway(cell.worktree, `${cell.worktree}.removed`);
    if (!removed.ok) {
      // It stays with all that is in it, and `clean` offers it.
      await this.#context.record(
        event('run/recoveryApplied', { code: 'IG', what: `worktree not removed: ${removed.error.message}`, retry: 0, delayMs: 0 }),
      );
      await this.#context.record(event('cell/removed', {}));
      return;
    }
    await this.#context.record(event('cell/removed', {}));
    this.#deletion = deps.files.removeCell(cell.id).catch((error: unknown) => {
      // `clean` finds it.
      deps.log.log('warn', 'the folder of a cell is left', { cell: cell.id, error: errorText(error) });
    });
  }

  /** Keeps what no candidate holds, such as edits made after the last one (INV-008). Returns why it could not. */
  async #keepRest(): Promise<string | null> {
    const { deps, state } = this.#context;
    if (state.cell === null) return null;
    const early = this.#rest;
    // Looked at once: when the look failed, the next try looks anew.
    this.#rest = null;
    let snapshot = await (early ?? deps.repository.snapshot(state.cell.worktree));
    // A git that was killed says nothing of the worktree.
    if (!snapshot.ok) snapshot = await deps.repository.snapshot(state.cell.worktree);
    if (!snapshot.ok) return snapshot.error.message;
    await keepRest(this.#context, 'end', snapshot);
    return null;
  }
}
