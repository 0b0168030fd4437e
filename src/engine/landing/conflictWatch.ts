import { type Disposable, DisposableStore, toDisposable } from '../../base/lifecycle.ts';
import { errorText } from '../../base/log.ts';
import type { Entry } from '../../core/journal/entry.ts';
import { event } from '../../core/journal/events.ts';
import { isSamePrediction } from '../../core/landing/predicted.ts';
import type { EngineDeps } from '../deps.ts';
import type { Ledger } from '../ledger.ts';
import { predictConflicts } from './predictConflicts.ts';

/** Long enough for things that happen together to be looked at together. */
const DEBOUNCE_MS = 300;
/** After a look it rests for so many times what that took: many cells in a large repository never cost more than a part of one core. */
const REST = 19;

/** What may change how a landing would come out. */
const triggers = new Set(['attempt/candidateBuilt', 'attempt/committed', 'landing/landed', 'landing/reworked', 'run/concluded']);

/**
 * Says on each open run with which other changes it would conflict: with its target, and with what others that land there have made so far, whether
 * they still work or wait. Looks when a candidate is there or lands, and after a target moved, by whomever.
 * Works from events alone: while nothing happens it runs no git and no timer. What it finds is a warning and decides nothing.
 */
export class ConflictWatch implements Disposable {
  readonly #deps: EngineDeps;
  readonly #ledger: Ledger;
  readonly #store = new DisposableStore();
  readonly #targets = new Map<string, Disposable>();
  readonly #end = new AbortController();
  #due: Disposable | null = null;
  #lookMs = 0;
  #looking: Promise<void> = Promise.resolve();

  constructor(deps: EngineDeps, ledger: Ledger) {
    this.#deps = deps;
    this.#ledger = ledger;
    this.#store.add(ledger.onAppended((entry) => this.#heard(entry)));
    this.#store.add(toDisposable(() => this.#due?.dispose()));
    this.#store.add(
      toDisposable(() => {
        for (const watching of this.#targets.values()) watching.dispose();
      }),
    );
  }

  #heard({ type, run }: Entry): void {
    if (type === 'run/requested' || type === 'run/concluded') this.#watchTargets();
    if (!triggers.has(type) || run === null) return;
    this.look();
  }

  /** Looks at all open runs in a moment. */
  look(): void {
    if (this.#end.signal.aborted) return;
    this.#watchTargets();
    this.#due ??= this.#deps.clock.schedule(Math.max(DEBOUNCE_MS, REST * this.#lookMs), () => {
      this.#due = null;
      this.#looking = this.#looking.then(() => this.#predict());
    });
  }

  #watchTargets(): void {
    const targets = new Set(this.#ledger.openRuns().flatMap(({ spec }) => spec.target ?? []));
    for (const [target, watching] of this.#targets) {
      if (targets.delete(target)) continue;
      watching.dispose();
      this.#targets.delete(target);
    }
    for (const target of targets)
      this.#targets.set(
        target,
        this.#deps.repository.watchBranch(target, () => this.look()),
      );
  }

  async #predict(): Promise<void> {
    const started = this.#deps.clock.monotonic();
    try {
      const { signal } = this.#end;
      if (signal.aborted) return;
      const runs = this.#ledger.openRuns();
      for (const [run, conflicts] of await predictConflicts(this.#deps, runs, signal)) {
        const state = this.#ledger.state(run);
        if (state === null || state.concluded !== null || isSamePrediction(state.predicted, conflicts)) continue;
        await this.#ledger.append(
          run,
          'engine',
          event('landing/conflictsPredicted', { conflicts: conflicts.map((conflict) => ({ ...conflict, paths: [...conflict.paths] })) }),
        );
      }
    } catch (error) {
      if (!this.#end.signal.aborted) this.#deps.log.log('warn', 'conflicts could not be predicted', { error: errorText(error) });
    } finally {
      this.#lookMs = this.#deps.clock.monotonic() - started;
    }
  }

  /** Ends the look that is under way, with its git processes. */
  async close(): Promise<void> {
    this.#end.abort(new Error('the engine ends'));
    this.dispose();
    await this.#looking;
  }

  dispose(): void {
    this.#store.dispose();
  }
}
