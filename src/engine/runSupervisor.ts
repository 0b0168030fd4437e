import { errorText } from '../base/log.ts';
import { UserFacingError } from '../base/userFacingError.ts';
import { event } from '../core/journal/events.ts';
import { obeysMergeHook } from '../core/landing/batch.ts';
import { isInLine } from '../core/landing/line.ts';
import { exitCodes } from '../core/model/exitCodes.ts';
import { protectedText } from '../core/policy/protectedPaths.ts';
import type { Oid } from '../core/ports/git.ts';
import { JournalRefused } from '../core/ports/journal.ts';
import { composePrompt } from '../core/run/composePrompt.ts';
import { endWithoutCell, interruptionsInRow, mayWait } from '../core/run/interrupted.ts';
import { nextStep, type Step } from '../core/run/nextStep.ts';
import { type PendingApproval, type RunState, startOf } from '../core/run/state.ts';
import type { Answer, ApprovalDesk } from './approvalDesk.ts';
import { Asks } from './asks.ts';
import { Cell } from './cell.ts';
import { CellLosses, SILENT } from './cellLosses.ts';
import { gitError, refusalIn } from './gitRefused.ts';
import { keepRestAndTell, keepWorktree } from './keep.ts';
import { landBatch } from './landing/landBatch.ts';
import { LandingAhead } from './landing/landingAhead.ts';
import { rework } from './landing/rework.ts';
import { targetTip } from './landing/targetTip.ts';
import { Repeats } from './repeats.ts';
import { withRetries } from './retry.ts';
import { type EngineContext, RunContext } from './runContext.ts';
import { RunMoney } from './runMoney.ts';
import { mayBoot } from './sandboxGate.ts';
import { letStartGo } from './startOfNothing.ts';
import type { StartedServer } from './startServer.ts';
import { admit } from './steps/admit.ts';
import { buildCandidate } from './steps/candidate.ts';
import { commit, commitStep } from './steps/commit.ts';
import { execute } from './steps/execute.ts';
import { settleMessage } from './steps/hooks.ts';
import { moveTarget, prepareLanding, queueLanding, settleLanding } from './steps/landing.ts';
import { testBase, testCandidate, testLanding } from './steps/testCandidate.ts';
import { stepWords } from './stepWords.ts';

const MOST_TITLE = 500;
/** Steps that may use what was tested ahead of the run's turn. */
const IN_TURN: ReadonlySet<Step['step']> = new Set(['prepareLanding', 'testLanding', 'moveTarget']);

/**
 * Drives one run: asks the core what is next, does it, and lets the journal say what came of it. Whatever a step throws ends in
 * a retry (R3), then in a roll-back and halt (RB); it never leaves a server behind.
 */
export class RunSupervisor {
  readonly #context: RunContext;
  readonly #cell: Cell;
  readonly #losses: CellLosses;
  readonly #ahead: LandingAhead;
  readonly #asks: Asks;
  readonly #desk: ApprovalDesk;
  readonly #money: RunMoney;
  readonly #repeats = new Repeats();
  #step = new AbortController();
  #background: Promise<void> = Promise.resolve();

  constructor(run: string, engine: EngineContext, desk: ApprovalDesk, adopted: StartedServer | null = null) {
    this.#context = new RunContext(run, engine);
    this.#cell = new Cell(this.#context, adopted);
    this.#losses = new CellLosses(this.#context, this.#cell);
    this.#ahead = new LandingAhead(this.#context, this.#cell);
    this.#asks = new Asks(this.#context, desk, adopted !== null);
    this.#desk = desk;
    this.#money = new RunMoney(this.#context, desk);
  }

  /** Ends the present step early; the journal already says why (cancelled). */
  interruptStep(reason: string): void {
    this.#step.abort(new Error(reason));
  }

  /** Works until the run has ended or is parked without a server. On abort of `shutdown` the server is ended and the run stays open. */
  async drive(shutdown: AbortSignal): Promise<void> {
    const { deps, engine, run } = this.#context;
    const stop = (): void => this.#step.abort(shutdown.reason);
    shutdown.addEventListener('abort', stop, { once: true });
    try {
      while (!shutdown.aborted) {
        if (this.#step.signal.aborted) this.#step = new AbortController();
        await engine.lines.moved(run);
        const step = nextStep(this.#context.state);
        if (step.step === 'rest') return;
        if (!IN_TURN.has(step.step)) await this.#ahead.stop();
        if (this.#repeats.isEndless(step)) await this.#halt(step, 'it was done again and again, and came to nothing', true);
        else await this.#attempt(step, shutdown);
        if (!isInLine(this.#context.state)) engine.lines.release(run);
      }
    } catch (error) {
      deps.log.log('error', 'a run could not be driven on', { run, error: errorText(error) });
      throw error;
    } finally {
      shutdown.removeEventListener('abort', stop);
      engine.lines.release(run);
      await this.#ahead.stop();
      await this.#background.catch(() => {});
      await this.#money
        .settle()
        .catch((error: unknown) => deps.log.log('warn', 'a reservation was left', { run, error: errorText(error) }));
      await this.#cell.stopServer();
      await this.#cell.settled();
    }
  }

  /** Ends what lives of the cell. Never rejects; after `drive` there is nothing left to do. */
  async letGo(): Promise<void> {
    const { deps, run } = this.#context;
    await this.#cell.stopServer().catch((error: unknown) => {
      deps.log.log('warn', 'a cell could not be let go', { run, error: errorText(error) });
    });
  }

  async #attempt(step: Step, shutdown: AbortSignal): Promise<void> {
    const { signal } = this.#step;
    const { seq: before, concluded } = this.#context.state;
    const result = await withRetries(this.#context, 'R3', stepWords[step.step], AbortSignal.any([signal, shutdown]), async () => {
      try {
        await this.#do(step, signal);
        return { ok: true, value: undefined };
      } catch (error) {
        if (signal.aborted) return { ok: true, value: undefined };
        if (error instanceof JournalRefused) throw error;
        this.#context.deps.log.log('warn', 'a step failed', { run: this.#context.run, step: step.step, error: errorText(error) });
        if (!(error instanceof UserFacingError) && (await this.#losses.explain(signal))) return { ok: true, value: undefined };
        // What it recorded before it failed may have changed what is next: then the core decides afresh.
        const passing = !(error instanceof UserFacingError) && nextStep(this.#context.state).step === step.step;
        const refused = refusalIn(error);
        const { message } = refused ?? (error instanceof Error ? error : { message: String(error) });
        return { ok: false, error: { message, refused }, retryable: passing && refused?.isFinal !== true };
      }
    }).catch((error: unknown) => {
      if (signal.aborted) return { ok: true as const, value: undefined };
      throw error;
    });
    // A step that fails after the outcome is known, as taking the cell away, is not tried for ever.
    if (result.ok || (concluded === null && this.#context.state.concluded !== null)) {
      if (this.#context.state.seq === before && step.step !== 'wait' && !signal.aborted) throw new Error(`step ${step.step} did nothing`);
      return;
    }
    if (nextStep(this.#context.state).step !== step.step) return;
    if (result.error.refused === null || concluded !== null) return this.#halt(step, result.error.message);
    const reason = `${result.error.message.trim()}; nothing is lost. Mend it, then run: reactor resume ${this.#context.run}`;
    await this.#context.record(event('run/parked', { code: 'commitRefused', exitCode: exitCodes.waits, reason }));
  }

  /** RB: what is there is kept, and the run ends with the reason, or waits when only its cell can't be had, or when it goes round and round. */
  async #halt(step: Step, message: string, isEndless = false): Promise<void> {
    const { state } = this.#context;
    await this.#context.record(
      event('run/recoveryApplied', { code: 'RB', what: `${stepWords[step.step]}: ${message}`.slice(0, 500), retry: 0, delayMs: 0 }),
    );
    if (step.step === 'suspend') {
      // The worktree is there to go on with; what of the server is left is ended with the run's driving.
      await this.#context.record(event('cell/serverStopped', { killed: [], left: state.cell?.server ? [state.cell.server.pid] : [] }));
      return;
    }
    if (step.step === 'teardown' || state.concluded !== null) {
      await this.#context.record(event('cell/removed', {}));
      return;
    }
    const reason = `${stepWords[step.step]} failed: ${message}`;
    await this.#context.record(
      step.step === 'boot' || (isEndless && mayWait(state))
        ? endWithoutCell(this.#context.state, reason)
        : event('run/concluded', { status: 'error', exitCode: exitCodes.configuration, reason }),
    );
  }

  async #do(step: Step, signal: AbortSignal): Promise<void> {
    const context = this.#context;
    switch (step.step) {
      case 'boot':
        return this.#boot(signal);
      case 'testBase':
        return this.#withServer(() => testBase(context, this.#cell, signal));
      case 'startAttempt':
        if (!(await this.#money.reserve(this.#cell.hasServer ? this.#cell.server.client : null, signal))) return;
        await context.record(
          event('attempt/started', {
            attempt: context.state.attempts.length + 1,
            prompt: composePrompt(context.state),
            because: step.because,
            ...(this.#cell.hasServer ? { promptId: this.#cell.server.client.newPromptId() } : {}),
          }),
        );
        return;
      case 'execute':
        return this.#withServer(() => execute(context, this.#cell, this.#asks, this.#money, step.attempt, signal));
      case 'buildCandidate':
        return buildCandidate(context, step.attempt, this.#cell.hasServer ? this.#cell.server.client : null);
      case 'test':
        return this.#withServer(() => testCandidate(context, this.#cell, step.attempt, signal));
      case 'settleMessage':
        return this.#withServer(() => settleMessage(context, this.#cell, step.attempt, signal));
      case 'commitStep':
        return commitStep(context, step.attempt);
      case 'approveByPolicy':
        return this.#approveByPolicy(step.attempt);
      case 'askReview':
        return this.#askReview(step.attempt);
      case 'wait':
        return this.#wait(signal);
      case 'interrupt':
        return this.#interrupt(step.attempt, step.reason);
      case 'revert':
        return this.#revert(step.attempt, step.reason);
      case 'commit':
        await this.#endServerEarly();
        return commit(context, step.attempt);
      case 'queueLanding':
        return queueLanding(context);
      case 'prepareLanding':
        return this.#inTurn(signal, () => prepareLanding(context, this.#ahead, this.#cell.hasServer));
      case 'testLanding':
        return this.#inTurn(signal, () => this.#withServer(() => testLanding(context, this.#cell, this.#ahead, signal)));
      case 'landBatch':
        return this.#inTurn(signal, () => this.#withServer(() => landBatch(context, this.#cell, this.#ahead, signal)));
      case 'moveTarget':
        return this.#inTurn(signal, () => moveTarget(context, this.#ahead, this.#cell.hasServer));
      case 'settleLanding':
        return settleLanding(context);
      case 'rework':
        return rework(context, step.code);
      case 'park':
        await context.record(event('run/parked', { code: step.code, exitCode: step.exitCode, reason: step.reason }));
        return;
      case 'conclude': {
        const { step: _, ...conclusion } = step;
        await context.record(event('run/concluded', conclusion));
        return;
      }
      case 'suspend':
        return this.#cell.stopServer();
      case 'teardown':
        await this.#background;
        await this.#cell.stopServer();
        await this.#money.settleBrokenTurn();
        return this.#cell.tearDown();
      case 'finish':
        return this.#finish();
      case 'rest':
        return;
    }
  }

  async #boot(signal: AbortSignal): Promise<void> {
    await this.#background;
    if (this.#cell.hasServer) await this.#cell.stopServer();
    // Runs that hold the places may stand in line behind this one; its turn comes again once it has a server.
    this.#context.engine.lines.release(this.#context.run);
    // First of all, so that runs asked for together stand in line together.
    if (!(await admit(this.#context, signal))) return;
    // What waits for a person, or for money, needs no place meanwhile.
    const { scheduler } = this.#context.engine;
    const giveWay = (): void => scheduler.leave(this.#context.run);
    if (!(await mayBoot(this.#context, this.#desk))) return giveWay();
    if (this.#context.state.cell === null && !(await this.#money.mayBoot(signal, giveWay))) return;
    if (!scheduler.hasPlace(this.#context.run) && !(await admit(this.#context, signal))) return;
    const result = await this.#cell.boot(signal);
    if (result.ok || signal.aborted) return;
    await this.#cell.stopServer();
    await this.#context.record(event('run/recoveryApplied', { code: 'RB', what: result.reason.slice(0, 500), retry: 0, delayMs: 0 }));
    await this.#context.record(endWithoutCell(this.#context.state, result.reason));
  }

  /** Does work that needs the server. When it was ended meanwhile, the journal says so and the next step starts another. */
  async #withServer(work: () => Promise<boolean>): Promise<void> {
    await this.#background;
    if (this.#context.state.cell?.ready !== true) return;
    const { signal } = this.#step;
    const answers = this.#cell.hasServer && (await this.#cell.server.client.answers(signal));
    if ((answers && (await work())) || signal.aborted) return;
    await this.#losses.serverLost(answers ? 'the agent server ended during a command' : SILENT);
  }

  /** Waits for the run's turn in the line of its target. When another run landed it meanwhile, the journal says so. */
  async #inTurn(signal: AbortSignal, work: () => Promise<void>): Promise<void> {
    const { engine, run, state } = this.#context;
    const { landing } = state;
    if (landing === null) throw new Error('no landing in line');
    const begin = (foreseen: Oid): void => this.#ahead.begin(foreseen, signal);
    if ((await engine.lines.take(landing.target, run, landing.queuedSeq ?? 0, signal, begin)) === 'turn') await work();
  }

  async #approveByPolicy(attempt: number): Promise<void> {
    const { candidate } = this.#current(attempt);
    if (candidate === null) throw new Error('nothing to approve');
    await this.#context.recordAs('policy', event('attempt/approvedByPolicy', { attempt, tree: candidate.tree, rule: 'approve: auto' }));
  }

  async #askReview(attempt: number): Promise<void> {
    await this.#desk.request(this.#context.run, this.#reviewRequest(attempt));
  }

  #reviewRequest(attempt: number) {
    const { candidate, test } = this.#current(attempt);
    if (candidate === null || test === null) throw new Error('nothing to review');
    const files = candidate.filesTotal === 1 ? '1 file' : `${candidate.filesTotal} files`;
    const held = candidate.protected.length === 0 ? '' : `; ${protectedText(candidate.protected)}`;
    const title = `review: ${files} +${candidate.added} −${candidate.removed}, tests green${held}`.slice(0, MOST_TITLE);
    const detail = [`attempt ${attempt}, tree ${candidate.tree}`, ...candidate.protected.map(({ path, why }) => `${path} ${why}`)];
    return { kind: 'review' as const, attempt, title, detail: detail.join('\n'), tree: candidate.tree };
  }

  /** A review waits with its server for a person who is there; without one, or with `approve: never`, it parks. */
  async #wait(signal: AbortSignal): Promise<void> {
    const { state } = this.#context;
    const pending = state.pending[0];
    if (pending === undefined) return;
    const parks = state.spec.approve === 'never' && pending.kind === 'review';
    const answer = parks ? null : await this.#answered(pending, signal);
    if (answer !== null || signal.aborted || !this.#context.state.pending.some((p) => p.id === pending.id)) return;
    await this.#context.record(
      event('run/parked', { code: pending.kind, exitCode: exitCodes.waits, reason: `waits for a person: ${pending.title}` }),
    );
  }

  /** A review needs no server: while others wait for a place, it waits without. */
  async #answered({ id, kind }: PendingApproval, signal: AbortSignal): Promise<Answer | null> {
    const { engine, run } = this.#context;
    if (kind !== 'review' || !this.#cell.hasServer) return this.#desk.waitFor(run, id, signal);
    const rest = engine.scheduler.rest(run, () => {
      this.#background = this.#cell.stopServer().then(() => engine.scheduler.leave(run));
      this.#background.catch(() => {});
    });
    try {
      return await this.#desk.waitFor(run, id, signal);
    } finally {
      rest.dispose();
    }
  }

  async #interrupt(attempt: number, reason: string): Promise<void> {
    const { deps, state } = this.#context;
    await this.#cell.stopServer();
    const { cell, lastGreen } = state;
    const kept = cell?.hasWorktree === true ? await keepWorktree(this.#context, String(attempt)) : null;
    if (cell !== null && kept !== null) await this.#reset(cell.worktree, lastGreen.commit);
    await this.#context.record(event('attempt/interrupted', { attempt, reason, keptRef: kept?.ref ?? null }));
    const retry = interruptionsInRow(this.#context.state);
    await this.#context.record(event('run/recoveryApplied', { code: 'R3', what: reason, retry, delayMs: 500 * 2 ** (retry - 1) }));
    await deps.clock.sleep(500 * 2 ** (retry - 1), this.#step.signal);
  }

  async #revert(attempt: number, reason: string): Promise<void> {
    const { state } = this.#context;
    const { candidate } = this.#current(attempt);
    if (candidate === null || state.cell === null) throw new Error('INV-008: nothing is reverted before it is kept');
    if (state.cell.hasWorktree) {
      await keepRestAndTell(this.#context);
      await this.#reset(state.cell.worktree, state.lastGreen.commit);
    }
    await this.#context.record(event('attempt/reverted', { attempt, to: state.lastGreen.commit, reason }));
  }

  async #reset(worktree: string, commitId: string): Promise<void> {
    const { repository } = this.#context.deps;
    let reset = await repository.resetWorktree(worktree, commitId);
    if (!reset.ok) {
      // A git that was killed leaves its lock. With no process of the cell left, nobody else's can be there.
      await this.#cell.stopServer();
      if ((await repository.clearLocks(worktree)).length > 0) reset = await repository.resetWorktree(worktree, commitId);
    }
    if (!reset.ok) throw gitError('the worktree could not be reset', reset.error);
  }

  /** After the gate only git works, unless the target has moved or will, and the merge must be tested; ending the server overlaps with the commit. */
  async #endServerEarly(): Promise<void> {
    const { engine, run, state } = this.#context;
    const { spec } = state;
    const lands = ({ phase }: RunState): boolean => phase === 'committing' || phase === 'landing';
    const isAlone = !engine.ledger.openRuns().some((other) => other.run !== run && other.spec.target === spec.target && lands(other));
    const moved = spec.target !== null && (!isAlone || (await targetTip(this.#context)) !== startOf(state));
    if (moved || obeysMergeHook(state) || !this.#cell.hasServer) return;
    this.#background = this.#cell.stopForGood().then(() => this.#context.engine.scheduler.leave(this.#context.run));
    this.#background.catch(() => {});
  }

  async #finish(): Promise<void> {
    const { concluded, requestedAt, startedAt } = this.#context.state;
    if (concluded === null) throw new Error('finished without a conclusion');
    await letStartGo(this.#context);
    const durationMs = Math.max(0, this.#context.deps.clock.now() - (startedAt ?? requestedAt));
    await this.#context.record(event('run/finished', { ...concluded, durationMs }));
  }

  #current(attempt: number) {
    const found = this.#context.state.attempts.find((a) => a.attempt === attempt);
    if (found === undefined) throw new Error(`no attempt ${attempt}`);
    return found;
  }
}
