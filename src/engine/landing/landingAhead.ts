import { errorText } from '../../base/log.ts';
import type { CommandEvidence } from '../../core/journal/events.ts';
import type { Oid } from '../../core/ports/git.ts';
import type { Cell } from '../cell.ts';
import type { RunContext } from '../runContext.ts';
import { testTree } from '../steps/runTests.ts';
import { landingOnto, type Onto } from './onto.ts';

export type Ready = Extract<Onto, { kind: 'ready' }>;

interface Trial {
  /** The commit that the branch is expected to be at. */
  readonly onto: Oid;
  /** What this run comes to on it; null when it can't be said. */
  readonly ready: Promise<Ready | null>;
  /** Null when the tests did not come to an end. */
  readonly evidence: Promise<CommandEvidence | null>;
  readonly control: AbortController;
}

/**
 * Tests, while a run waits in line, what it would come to on the result of the run before it. When its turn comes and the branch is at exactly
 * that commit, the evidence counts, since it is of the very tree that lands (INV-007); otherwise it is thrown away. The journal hears of it
 * in its turn only: after the death of an engine it is done then.
 */
export class LandingAhead {
  readonly #context: RunContext;
  readonly #cell: Cell;
  #trial: Trial | null = null;

  constructor(context: RunContext, cell: Cell) {
    this.#context = context;
    this.#cell = cell;
  }

  /**
   * Begins when the run has a server to test in. Where several may land after one test, only while nobody waits behind it: those would
   * be tested together with it.
   */
  begin(onto: Oid, signal: AbortSignal): void {
    const { engine, run, state } = this.#context;
    const { landing, target } = state.spec;
    if (this.#trial !== null || target === null || landing.ahead === false || !this.#cell.hasServer || signal.aborted) return;
    if (landing.batch > 1 && engine.lines.waiting(target).some((other) => other !== run)) return;
    const control = new AbortController();
    const either = AbortSignal.any([signal, control.signal]);
    const ready = this.#isReady(onto);
    this.#trial = { onto, control, ready, evidence: ready.then((found) => (found === null ? null : this.#test(found.tree, either))) };
  }

  /** What was made of this run on `tip`, if that is what the branch was expected to be at. */
  async readyOn(tip: Oid): Promise<Ready | null> {
    return this.#trial?.onto === tip ? this.#trial.ready : null;
  }

  /** The outcome of the tests of `tree`, once they have ended; null when it has to be tested in turn. Then nothing of a trial runs any more. */
  async evidenceOf(onto: Oid, tree: Oid): Promise<CommandEvidence | null> {
    const trial = this.#trial;
    const ready = trial?.onto === onto ? await trial.ready : null;
    const evidence = trial !== null && ready?.tree === tree ? await trial.evidence : null;
    await this.stop();
    return evidence;
  }

  /** Resolves when nothing of a trial runs any more. */
  async stop(): Promise<void> {
    const trial = this.#trial;
    if (trial === null) return;
    trial.control.abort(new Error('what was tested ahead of its turn is not needed'));
    await trial.evidence;
    this.#trial = null;
  }

  async #isReady(onto: Oid): Promise<Ready | null> {
    try {
      const found = await landingOnto(this.#context.deps.repository, this.#context.state, onto, true);
      return found.kind === 'ready' ? found : null;
    } catch (error) {
      return this.#none(error);
    }
  }

  async #test(tree: Oid, signal: AbortSignal): Promise<CommandEvidence | null> {
    try {
      if (signal.aborted) return null;
      const evidence = await testTree(this.#context, this.#cell, tree, 'landing-test', signal, true);
      // A test that was cut short is told when it happens in turn.
      return evidence?.end === 'exited' ? evidence : null;
    } catch (error) {
      return this.#none(error);
    }
  }

  /** What goes wrong ahead of the turn goes wrong again in it, or does not matter. */
  #none(error: unknown): null {
    this.#context.deps.log.log('info', 'a landing could not be tested ahead', { run: this.#context.run, error: errorText(error) });
    return null;
  }
}
