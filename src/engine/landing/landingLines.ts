import type { Oid } from '../../core/ports/git.ts';

export type Turn = 'turn' | 'settled' | 'aborted';

interface Waiter {
  readonly run: string;
  readonly order: number;
  readonly end: (turn: Turn) => void;
  readonly onForeseen: (commit: Oid) => void;
}

interface Line {
  holder: string | null;
  waiters: Waiter[];
  /** Where the branch will be if the run whose turn it is passes its tests. */
  foreseen: Oid | null;
}

/**
 * Who may land on a branch just now: one run at a time per branch, the others wait in the order of their commits. Only runs that are being
 * driven stand here, so that a run that waits for a person, for a place or for another engine holds nobody up. The journal says what came of
 * each; nothing here has to survive the engine.
 */
export class LandingLines {
  readonly #lines = new Map<string, Line>();
  readonly #moves = new Map<string, Promise<void>>();
  readonly #cautious = new Set<string>();

  /**
   * Waits until it is the run's turn on the branch; at once when it has it already.
   * @param onForeseen called while the run is the next one, with the commit that the branch will be at if the run before it passes its tests.
   * @returns `settled` when another run, leading a batch, has landed or refused this one meanwhile; `aborted` when `signal` ended the waiting.
   */
  take(target: string, run: string, order: number, signal: AbortSignal, onForeseen: (commit: Oid) => void = () => {}): Promise<Turn> {
    const line = this.#line(target);
    if (line.holder === null && line.waiters.length === 0) line.holder = run;
    if (line.holder === run) return Promise.resolve('turn');
    if (signal.aborted) return Promise.resolve('aborted');
    return new Promise((resolve) => {
      const abort = (): void => waiter.end('aborted');
      const waiter: Waiter = {
        run,
        order,
        onForeseen,
        end: (turn) => {
          signal.removeEventListener('abort', abort);
          line.waiters = line.waiters.filter((other) => other !== waiter);
          resolve(turn);
        },
      };
      signal.addEventListener('abort', abort, { once: true });
      line.waiters = [...line.waiters, waiter].sort((a, b) => a.order - b.order);
      this.#next(line);
      if (line.waiters[0] === waiter && line.foreseen !== null) onForeseen(line.foreseen);
    });
  }

  /** The run whose turn it is tests this commit: its branch will be there if that passes. Told to the one that is next. */
  foresee(run: string, commit: Oid): void {
    for (const line of this.#lines.values()) {
      if (line.holder !== run) continue;
      line.foreseen = commit;
      line.waiters[0]?.onForeseen(commit);
    }
  }

  /** The runs that wait behind the one whose turn it is, in order. */
  waiting(target: string): readonly string[] {
    return this.#line(target).waiters.map(({ run }) => run);
  }

  /** A run that waits has been landed or refused by the one that led it: it goes on. */
  settle(run: string): void {
    for (const line of this.#lines.values()) line.waiters.find((waiter) => waiter.run === run)?.end('settled');
  }

  /** The run's turn is over, if it had one. */
  release(run: string): void {
    for (const line of this.#lines.values()) {
      if (line.holder !== run) continue;
      line.holder = null;
      line.foreseen = null;
      this.#next(line);
    }
  }

  #next(line: Line): void {
    const [first] = line.waiters;
    if (line.holder !== null || first === undefined) return;
    line.holder = first.run;
    first.end('turn');
  }

  #line(target: string): Line {
    let line = this.#lines.get(target);
    if (line === undefined) {
      line = { holder: null, waiters: [], foreseen: null };
      this.#lines.set(target, line);
    }
    return line;
  }

  /** Does what must not be mixed with the end of one of these runs: the move of a branch until the journal knows of it. */
  async duringMove<T>(runs: readonly string[], move: () => Promise<T>): Promise<T> {
    const moving = move();
    const over = moving.then(
      () => {},
      () => {},
    );
    for (const run of runs) this.#moves.set(run, over);
    try {
      return await moving;
    } finally {
      for (const run of runs) if (this.#moves.get(run) === over) this.#moves.delete(run);
    }
  }

  /** Resolves when no move of a branch that concerns the run is under way. */
  async moved(run: string): Promise<void> {
    await this.#moves.get(run);
  }

  /** After the first of a batch turned it red the branch itself may be at fault: then runs land one at a time until one is green. */
  isCautious(target: string): boolean {
    return this.#cautious.has(target);
  }

  setCautious(target: string, cautious: boolean): void {
    if (cautious) this.#cautious.add(target);
    else this.#cautious.delete(target);
  }
}
