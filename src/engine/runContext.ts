import type { Limiter } from '../base/limiter.ts';
import type { DomainEvent } from '../core/journal/events.ts';
import type { RunState } from '../core/run/state.ts';
import type { Attendance } from './attendance.ts';
import type { BudgetKeeper } from './budgetKeeper.ts';
import type { CellWatch } from './cellWatch.ts';
import type { EngineDeps } from './deps.ts';
import type { LandingLines } from './landing/landingLines.ts';
import type { Ledger } from './ledger.ts';
import type { Scheduler } from './scheduler.ts';
import type { WarmCells } from './warmCells.ts';

/** What is shared by all runs of one engine. */
export interface EngineContext {
  readonly deps: EngineDeps;
  readonly ledger: Ledger;
  readonly attendance: Attendance;
  readonly budgets: BudgetKeeper;
  /** Server starts cost seconds of processor time each: so many at once. */
  readonly boots: Limiter;
  /** Who may land just now. */
  readonly lines: LandingLines;
  /** Says when a run may have a cell. */
  readonly scheduler: Scheduler;
  /** Cells made ahead. */
  readonly warm: WarmCells;
  /** Sees to it that cells stay within their limits. */
  readonly limits: CellWatch;
  /** Tells clients what is not journaled. */
  readonly announce: (live: {
    readonly run: string;
    readonly kind: 'text' | 'toolStarted' | 'retrying' | 'note' | 'queued';
    readonly text: string;
  }) => void;
}

/** One run and the ways to read and move it. */
export class RunContext {
  readonly run: string;
  readonly engine: EngineContext;
  /** Trees that were laid out in the worktree here: in them is nothing that somebody else has made. */
  readonly laidOut = new Set<string>();
  #anchor: { readonly startedAt: number; readonly now: number; readonly monotonic: number } | null = null;

  constructor(run: string, engine: EngineContext) {
    this.run = run;
    this.engine = engine;
  }

  get deps(): EngineDeps {
    return this.engine.deps;
  }

  get state(): RunState {
    return this.engine.ledger.expect(this.run);
  }

  /** Appends events caused by the engine itself. */
  record(...events: readonly DomainEvent[]): Promise<number> {
    return this.engine.ledger.append(this.run, 'engine', ...events);
  }

  recordAs(actor: string, ...events: readonly DomainEvent[]): Promise<number> {
    return this.engine.ledger.append(this.run, actor, ...events);
  }

  /** Milliseconds left of the run's time limit; waiting for people, and time without an engine, does not count. */
  remainingMs(): number {
    const { startedAt, waitedMs, waitingSince, spec } = this.state;
    if (startedAt === null) return spec.limits.timeoutMs;
    const now = this.#steadyNow(startedAt);
    const waiting = waitingSince === null ? 0 : Math.max(0, now - waitingSince);
    // The journal tells how long was waited by the time of day, which may have gone on while this clock stood still.
    const used = Math.max(0, now - startedAt - waitedMs - waiting);
    return Math.max(0, spec.limits.timeoutMs - used);
  }

  /** The time of day at which the run was first looked at, and what has passed since then: a clock that is set meanwhile costs no run its time. */
  #steadyNow(startedAt: number): number {
    const { clock } = this.deps;
    if (this.#anchor?.startedAt !== startedAt) this.#anchor = { startedAt, now: clock.now(), monotonic: clock.monotonic() };
    return this.#anchor.now + (clock.monotonic() - this.#anchor.monotonic);
  }
}
