import { Emitter, type Event } from '../base/event.ts';
import { type Disposable, DisposableStore } from '../base/lifecycle.ts';
import { Limiter } from '../base/limiter.ts';
import { errorText } from '../base/log.ts';
import { UserFacingError } from '../base/userFacingError.ts';
import type { Entry } from '../core/journal/entry.ts';
import { event } from '../core/journal/events.ts';
import { JournalRefused } from '../core/ports/journal.ts';
import { briefRun } from '../core/run/brief.ts';
import { nextStep } from '../core/run/nextStep.ts';
import type { RunState } from '../core/run/state.ts';
import type { CleanRequest, LiveMessage, Orphan, Params, Reply, Status } from '../protocol/messages.ts';
import { type AnswerRequest, ApprovalDesk } from './approvalDesk.ts';
import { Attendance } from './attendance.ts';
import { BudgetKeeper } from './budgetKeeper.ts';
import { CellWatch } from './cellWatch.ts';
import { cleanOrphans } from './cleaner.ts';
import type { EngineDeps } from './deps.ts';
import { ConflictWatch } from './landing/conflictWatch.ts';
import { LandingLines } from './landing/landingLines.ts';
import { takeMoveBack } from './landing/moveTarget.ts';
import { Ledger } from './ledger.ts';
import { LiveText } from './liveText.ts';
import { NetworkDesk } from './networkDesk.ts';
import { cellsOf, findRun, inboxOf, warmCellsOf } from './queries.ts';
import { recoverRun } from './recovery.ts';
import { Renewals } from './renewals.ts';
import { restoreAttempt } from './restore.ts';
import { type ReviseRequest, reviseCandidate } from './revise.ts';
import { type EngineContext, RunContext } from './runContext.ts';
import { RunSupervisor } from './runSupervisor.ts';
import { Scheduler } from './scheduler.ts';
import type { StartedServer } from './startServer.ts';
import { Submissions } from './submission.ts';
import { WarmCells } from './warmCells.ts';

const WARM_UP_AFTER_MS = 1000;
/** Who has just come has other things to see first. */
const WARM_UP_FOR_PERSON_MS = 4000;

/** The one process that acts for a repository: accepts runs, drives them, answers clients. Knows nothing of sockets. */
export class Engine implements Disposable {
  readonly #deps: EngineDeps;
  readonly #store = new DisposableStore();
  readonly #context: EngineContext;
  readonly #ledger: Ledger;
  readonly #desk: ApprovalDesk;
  readonly #conflicts: ConflictWatch;
  readonly #renewals: Renewals;
  readonly #submissions: Submissions;
  readonly #scheduler: Scheduler;
  readonly #live: Emitter<LiveMessage>;
  readonly #lost: Emitter<string>;
  readonly #shutdown = new AbortController();
  readonly #driven = new Map<string, { supervisor: RunSupervisor; done: Promise<void> }>();
  readonly attendance: Attendance;
  /** Runs that a bug stopped; driving them again at once would repeat it. The next engine tries. */
  readonly #failedRuns = new Set<string>();
  /** Runs of an engine before that `recover` has not brought to where they can be driven on. What is asked of them meanwhile waits. */
  readonly #unrecovered: Set<string>;
  #draining = false;

  constructor(deps: EngineDeps) {
    this.#deps = deps;
    const onError = (error: unknown): void => deps.log.log('error', 'a listener failed', { error: errorText(error) });
    this.#ledger = this.#store.add(new Ledger(deps));
    this.attendance = this.#store.add(new Attendance(deps.log));
    this.#live = this.#store.add(new Emitter<LiveMessage>(onError));
    this.#lost = this.#store.add(new Emitter<string>(onError));
    this.#desk = this.#store.add(new ApprovalDesk(this.#ledger, this.attendance, deps));
    const liveText = new LiveText(deps.secrets, (live) => this.#live.fire(live));
    const announce = (live: LiveMessage): void => liveText.take(live);
    this.#store.add(this.#ledger.onAppended(({ run }) => liveText.end(run)));
    const warm = new WarmCells(deps);
    this.#scheduler = this.#store.add(new Scheduler(deps, this.#ledger, warm, announce));
    this.#context = {
      deps,
      ledger: this.#ledger,
      attendance: this.attendance,
      budgets: new BudgetKeeper(deps, this.#ledger),
      warm,
      lines: new LandingLines(),
      scheduler: this.#scheduler,
      boots: new Limiter(deps.options.parallelBoots),
      limits: this.#store.add(new CellWatch(deps)),
      announce,
    };
    const network = new NetworkDesk(this.#ledger, this.#desk, this.attendance, deps.hosts);
    deps.network.decideBy((request, signal) => network.decide(request, signal));
    this.#conflicts = this.#store.add(new ConflictWatch(deps, this.#ledger));
    const { budgets } = this.#context;
    const goOn = (run: string): Promise<unknown> => this.#unpark(run, 'there is a new budget', 'policy');
    this.#renewals = this.#store.add(new Renewals(deps, this.#ledger, budgets, goOn));
    this.#submissions = new Submissions(this.#context);
    this.#unrecovered = new Set(this.#ledger.openRuns().map(({ run }) => run));
    this.#store.add(this.attendance.onDidChange((isAttended) => isAttended && this.#warmUpForPerson()));
  }

  get onAppended(): Event<Entry> {
    return this.#ledger.onAppended;
  }
  get onLive(): Event<LiveMessage> {
    return this.#live.event;
  }
  /** The journal takes nothing more from this engine, because another one has taken over or it can't be written: this one must end without a word more. */
  get onLost(): Event<string> {
    return this.#lost.event;
  }
  /** Something goes on, or will by itself. */
  get isBusy(): boolean {
    return this.#moving().length > 0;
  }

  #moving(): Promise<void>[] {
    return [...this.#driven].flatMap(([run, { done }]) => (this.#scheduler.restsOnPerson(run) ? [] : [done]));
  }

  /**
   * Takes up every run that an engine before left open. From its first moment on this engine's warden watches all cells there are; then
   * `standDown` is called, which ends the warden before.
   */
  async recover({ isSameBoot, standDown }: { readonly isSameBoot: boolean; readonly standDown: () => Promise<void> }): Promise<void> {
    const { files, warden } = this.#deps;
    const open = this.#ledger.openRuns();
    const leaders = new Map(open.map(({ cell }) => [cell?.id, isSameBoot ? (cell?.server ?? null) : null]));
    const cells = await files.listCells();
    for (const cell of cells) warden.watch(cell, leaders.get(cell) ?? null);
    await standDown();
    await this.#context.budgets.start();
    // Before the first of them is driven: in the line they may come in another order than before.
    for (const { run } of open) await this.#takeMoveBack(run);
    await Promise.all([this.#sweep(), ...open.map((state) => this.#takeUp(state, isSameBoot))]);
    for (const cell of cells) if (!leaders.has(cell) && this.#deps.processes.markedWith(cell).length === 0) warden.forget(cell);
    if (open.length > 0) this.#conflicts.look();
    await this.#renewals.look();
  }

  /** Never rejects: what can't be brought on is told, and holds up no other run. */
  async #takeUp(state: RunState, isSameBoot: boolean): Promise<void> {
    const { run } = state;
    try {
      const adopted = await recoverRun(this.#context, state, isSameBoot, this.#shutdown.signal);
      this.#unrecovered.delete(run);
      if (this.#ledger.expect(run).parked === null) this.#drive(run, adopted);
    } catch (error) {
      this.#unrecovered.delete(run);
      this.#failed(run, error);
      await this.#endLeft(state);
    }
  }

  /** Never rejects: what is left is met, and told of, by the landing. */
  async #takeMoveBack(run: string): Promise<void> {
    try {
      await takeMoveBack(new RunContext(run, this.#context));
    } catch (error) {
      this.#deps.log.log('warn', 'what a move has left could not be looked at', { run, error: errorText(error) });
    }
  }

  /** INV-005 for a run that nobody drives. */
  async #endLeft({ run, cell }: RunState): Promise<void> {
    const { processes, options, log } = this.#deps;
    try {
      if (cell !== null) await processes.endCell(cell.id, null, options.killGraceMs);
    } catch (error) {
      log.log('error', 'what is left of a cell could not be ended', { run, error: errorText(error) });
    }
  }

  async #sweep(): Promise<void> {
    try {
      await this.#context.warm.sweep();
    } catch (error) {
      this.#deps.log.log('warn', 'cells made ahead by an engine before could not be swept up', { error: errorText(error) });
    }
  }

  async submit({ requests, ...more }: Params<'submit'>, actor: string): Promise<Reply<'submit'>> {
    if (this.#draining) throw new UserFacingError('notPossibleNow', 'The engine is ending and takes no new runs; try again in a moment.');
    const accepted = await this.#submissions.accept(requests, more, actor);
    for (const { run, isNew } of accepted) if (isNew) this.#drive(run);
    return { runs: accepted.map(({ run, task, seq }) => ({ run, task, seq })), notes: [...new Set(accepted.flatMap((a) => a.notes))] };
  }

  async answer(request: AnswerRequest, actor: string): Promise<{ run: string; seq: number }> {
    const state = this.#find(request.run);
    const { run } = state;
    if (state.parked !== null && state.pending.length === 0) {
      if (request.decision === 'approved') return this.resume(run, {}, actor);
      return this.#rejectParked(state, request.comment, actor);
    }
    const seq = await this.#desk.answer({ ...request, run }, actor);
    // What else it asked in that turn is answered first: the agent goes on once, knowing all of it.
    const now = this.#ledger.state(run);
    if (now?.parked && now.pending.length === 0) await this.#unpark(run, `answered by ${nameOf(actor)}`, actor);
    return { run, seq };
  }

  /** A landing that was refused goes back to the agent with the comment. Without one it is given up, and the work stays committed on its branch. */
  async #rejectParked(state: RunState, comment: string | null, actor: string): Promise<{ run: string; seq: number }> {
    const refused = state.landing?.refused?.code;
    if (comment !== null && refused !== undefined && refused !== 'gone') {
      return { run: state.run, seq: await this.#unpark(state.run, `sent back by ${nameOf(actor)}`, actor, { comment }) };
    }
    const reason = `rejected by ${nameOf(actor)}${comment === null ? '' : `: ${comment}`}; the work stays on ${state.cell?.branch ?? 'its kept ref'}`;
    const seq = await this.#ledger.append(
      state.run,
      actor,
      event('run/concluded', { status: 'failed', exitCode: 2, reason, rejected: true, by: actor }),
    );
    this.#drive(state.run);
    return { run: state.run, seq };
  }

  async revise(request: ReviseRequest, actor: string): Promise<{ run: string; tree: string; seq: number }> {
    const { run } = this.#find(request.run);
    const tree = await reviseCandidate(this.#context, { ...request, run }, actor);
    const seq = this.#ledger.expect(run).parked
      ? await this.#unpark(run, `revised by ${nameOf(actor)}`, actor)
      : this.#ledger.expect(run).seq;
    return { run, tree, seq };
  }

  async cancel(name: string, actor: string): Promise<{ run: string; seq: number }> {
    const state = this.#find(name);
    if (state.phase === 'ended' || state.concluded !== null) {
      throw new UserFacingError(
        'notPossibleNow',
        `${state.run} has already ended (${state.concluded?.reason ?? 'ended'}). Nothing was changed.`,
        {
          actions: [`reactor show ${state.run}`],
        },
      );
    }
    const seq = await this.#ledger.append(state.run, actor, event('run/cancelRequested', {}));
    this.#driven.get(state.run)?.supervisor.interruptStep('cancelled');
    this.#drive(state.run);
    return { run: state.run, seq };
  }

  async resume(name: string, { budgetUsd, message }: Omit<Params<'resume'>, 'run'>, actor: string): Promise<{ run: string; seq: number }> {
    const state = this.#find(name);
    if (state.parked === null) {
      const why = state.phase === 'ended' ? 'it has ended; start its task again with: reactor run' : `it is ${state.phase}`;
      throw new UserFacingError('notPossibleNow', `${state.run} is not parked: ${why}.`, { actions: [`reactor show ${state.run}`] });
    }
    if (state.pending.length > 0) {
      throw new UserFacingError('notPossibleNow', `${state.run} waits for an answer: ${state.pending[0]?.title}.`, {
        actions: [`reactor approve ${state.run}`, `reactor reject ${state.run} --comment TEXT`],
      });
    }
    if (budgetUsd !== undefined) await this.#ledger.append(state.run, actor, event('run/budgetRaised', { budgetUsd }));
    const seq = await this.#unpark(state.run, `resumed by ${nameOf(actor)}`, actor, message === undefined ? {} : { message });
    return { run: state.run, seq };
  }

  async #unpark(run: string, why: string, actor: string, more: { comment?: string; message?: string } = {}): Promise<number> {
    const before = this.#driven.get(run)?.done;
    if (before !== undefined) await before;
    const seq = await this.#ledger.append(run, actor, event('run/resumed', { why, ...more }));
    this.#drive(run);
    return seq;
  }

  restore(name: string, attempt: number | null, tree: string | null): Promise<{ branch: string; commit: string; attempt: number }> {
    return restoreAttempt(this.#context, this.#find(name), attempt, tree);
  }

  clean(request: CleanRequest): Promise<Orphan[]> {
    return cleanOrphans(this.#context, request);
  }

  status(): Status {
    const runs = this.#ledger.openRuns();
    return {
      // Thousands may wait, and their prompts together be more than a message holds.
      runs: runs.map((state) => this.#scheduler.withPlace(state.startedAt === null ? briefRun(state) : state)),
      cells: [...cellsOf(runs, this.#deps.processes), ...warmCellsOf(this.#context.warm.list(), this.#deps.processes)],
      inbox: inboxOf(runs, this.#context.budgets.today),
      head: this.#deps.journal.head(),
    };
  }

  /** The run's state, or null. */
  find(name: string): RunState | null {
    const state = this.#ledger.state(name) ?? findRun(this.#deps.journal, name);
    return state === null ? null : this.#scheduler.withPlace(state);
  }

  /** Newest first, without their long texts. */
  recent(limit: number): readonly RunState[] {
    return this.#deps.journal.recentRuns(limit).map(briefRun);
  }

  entries(query: { from: number; run: string | null; limit: number }): readonly Entry[] {
    const { from, run, limit } = query;
    return this.#deps.journal.read({ from, limit, ...(run === null ? {} : { run }) });
  }

  #find(name: string): RunState {
    const state = this.find(name);
    if (state === null)
      throw new UserFacingError('unknownRun', `There is no run or task ${name} in this repository.`, { actions: ['reactor tasks'] });
    return state;
  }

  #drive(run: string, adopted: StartedServer | null = null): void {
    const before = this.#driven.get(run);
    if (before !== undefined || this.#unrecovered.has(run)) return;
    // What lives already has its place.
    if (adopted !== null) this.#scheduler.hold(run);
    const supervisor = new RunSupervisor(run, this.#context, this.#desk, adopted);
    const done = supervisor
      .drive(this.#shutdown.signal)
      .catch((error: unknown) => this.#failed(run, error))
      // Never driven when the engine ended before its turn came; then a server that it took over lives yet.
      .then(() => supervisor.letGo())
      .finally(() => {
        this.#scheduler.leave(run);
        this.#driven.delete(run);
        this.#driveOn(run);
        this.#warmUp(run);
      })
      // What a journal has that can't be read is not to be gone on with.
      .catch((error: unknown) => this.#failed(run, error));
    this.#driven.set(run, { supervisor, done });
  }

  /** When nothing has been to do for a moment, a cell is made ahead for the next task like the last one. */
  #warmUp(run: string): void {
    const spec = this.#ledger.state(run)?.spec;
    if (spec === undefined || this.#draining) return;
    this.#deps.clock.schedule(WARM_UP_AFTER_MS, () => {
      if (!this.isBusy && !this.#draining) this.#context.warm.prepare(spec);
    });
  }

  /** Somebody has come, and may well have a task like the last one, which an engine before this one may have run. */
  #warmUpForPerson(): void {
    this.#deps.clock.schedule(WARM_UP_FOR_PERSON_MS, () => {
      if (this.#draining || !this.attendance.isAttended) return;
      const [last] = this.#deps.journal.recentRuns(1);
      if (last !== undefined) this.#warmUp(last.run);
    });
  }

  /** Something may have been asked of the run in the moment it came to rest. */
  #driveOn(run: string): void {
    const state = this.#ledger.state(run);
    if (state === null || this.#shutdown.signal.aborted || this.#failedRuns.has(run)) return;
    if (nextStep(state).step !== 'rest') this.#drive(run);
  }

  #failed(run: string, error: unknown): void {
    if (this.#shutdown.signal.aborted) return;
    this.#failedRuns.add(run);
    this.#deps.log.log('error', 'a run stopped being driven', { run, error: errorText(error) });
    if (isOfJournal(error)) this.#lost.fire(error.message);
  }

  /** Waits until nothing is driven; new runs are refused meanwhile. */
  async drain(): Promise<void> {
    this.#draining = true;
    while (this.isBusy) await Promise.race(this.#moving());
  }

  /** Ends every server now. Open runs stay open in the journal, for the next engine to go on with. */
  async stop(reason: string): Promise<void> {
    this.#draining = true;
    this.#shutdown.abort(new Error(reason));
    await this.drain();
    await Promise.all([this.#conflicts.close(), this.#context.warm.close()]);
  }

  dispose(): void {
    this.#store.dispose();
  }
}

/** Another engine holds the journal, or it can't be written: then whoever follows the run hears of it, and goes on with another engine once there is one. */
const isOfJournal = (error: unknown): error is Error =>
  (error instanceof JournalRefused && error.refusal.code === 'fenced') ||
  (error instanceof UserFacingError && (error.code === 'environment' || error.code === 'journalBroken'));

const nameOf = (actor: string): string => actor.replace(/^person:/, '');
