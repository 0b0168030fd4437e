import type { Clock } from '../base/clock.ts';
import type { Disposable } from '../base/lifecycle.ts';
import { errorText } from '../base/log.ts';
import type { CellLimits } from '../core/model/sandboxSpec.ts';
import { bytesAllowed, type Excess, excessOfSize, excessOfUse, limitsSize, limitsUse, mayHaveOutgrown } from '../core/policy/cellLimits.ts';
import type { Volume } from '../core/ports/files.ts';
import type { CellMeter, ProcessIdentity } from '../core/ports/processes.ts';
import type { EngineDeps } from './deps.ts';

const LOOK_EVERY_MS = 1000;
/** Where the volume does not say how full it is: every so many looks. */
const BLIND_LOOKS = 15;
/** Between two measurements of a cell on disk lies at least so many times what one takes. */
const REST = 20;

type WatchDeps = Pick<EngineDeps, 'clock' | 'log' | 'processes' | 'files'>;

export interface WatchedCell {
  readonly cell: string;
  readonly server: ProcessIdentity | null;
  readonly limits: CellLimits;
  /** Called once, when a limit is exceeded. */
  readonly onExceeded: (excess: Excess) => void;
}

/**
 * Looks once a second at what cells with limits use while something works in them, all in one pass. With nothing at work, and without
 * limits, nothing is looked at.
 */
export class CellWatch implements Disposable {
  readonly #deps: WatchDeps;
  readonly #watched = new Set<Watched>();
  #timer: Disposable | null = null;
  #isLooking = false;

  constructor(deps: WatchDeps) {
    this.#deps = deps;
  }

  /** @returns ends the watch: resolves after a last look at what is on disk. */
  watch(request: WatchedCell): () => Promise<void> {
    if (!limitsUse(request.limits) && !limitsSize(request.limits)) return () => Promise.resolve();
    const watched = new Watched(this.#deps, request);
    this.#watched.add(watched);
    this.#schedule();
    return async () => {
      this.#watched.delete(watched);
      if (this.#watched.size === 0) this.dispose();
      await watched.lookAtLast();
    };
  }

  dispose(): void {
    this.#timer?.dispose();
    this.#timer = null;
  }

  #schedule(): void {
    if (this.#isLooking || this.#watched.size === 0) return;
    this.#timer ??= this.#deps.clock.schedule(LOOK_EVERY_MS, () => {
      this.#timer = null;
      this.#isLooking = true;
      void this.#look().finally(() => {
        this.#isLooking = false;
        this.#schedule();
      });
    });
  }

  async #look(): Promise<void> {
    const all = [...this.#watched];
    const volume = all.some(({ limits }) => limitsSize(limits)) ? await this.#deps.files.volume() : null;
    await Promise.all(all.map((watched) => watched.look(volume)));
  }
}

/** What is known of one cell since its work began. */
class Watched {
  readonly limits: CellLimits;
  readonly #deps: WatchDeps;
  readonly #request: WatchedCell;
  readonly #meter: CellMeter | null;
  #measured: { readonly cell: Volume; readonly volume: Volume; readonly notBefore: number } | null = null;
  #blindLooks = 0;
  #isOver = false;
  #measuring: Promise<void> | null = null;

  constructor(deps: WatchDeps, request: WatchedCell) {
    this.#deps = deps;
    this.#request = request;
    this.limits = request.limits;
    this.#meter = limitsUse(request.limits) ? deps.processes.meter(request.cell, request.server) : null;
  }

  /** Resolves without waiting for a measurement of the disk, which may take longer than the time between two looks. Never rejects. */
  async look(volume: Volume | null): Promise<void> {
    if (this.#isOver) return;
    try {
      if (this.#meter !== null) this.#exceeds(excessOfUse(this.limits, await this.#meter.look(bytesAllowed(this.limits))));
      if (limitsSize(this.limits) && this.#isDue(volume, this.#deps.clock)) void this.#measure(volume);
    } catch (error) {
      this.#deps.log.log('warn', 'what a cell uses could not be seen', { cell: this.#request.cell, error: errorText(error) });
    }
  }

  async lookAtLast(): Promise<void> {
    if (this.#isOver || !limitsSize(this.limits)) return;
    await this.#measuring;
    await this.#measure(null);
  }

  #isDue(volume: Volume | null, clock: Clock): boolean {
    if (this.#measured === null) return true;
    if (clock.monotonic() < this.#measured.notBefore) return false;
    if (volume !== null) return mayHaveOutgrown(this.limits, this.#measured, volume);
    this.#blindLooks = (this.#blindLooks + 1) % BLIND_LOOKS;
    return this.#blindLooks === 0;
  }

  #measure(volume: Volume | null): Promise<void> {
    this.#measuring ??= this.#measureNow(volume).finally(() => {
      this.#measuring = null;
    });
    return this.#measuring;
  }

  async #measureNow(volume: Volume | null): Promise<void> {
    const { clock, files, log } = this.#deps;
    const { cell } = this.#request;
    const began = clock.monotonic();
    try {
      const size = await files.cellSize(cell);
      const took = clock.monotonic() - began;
      this.#measured = { cell: size, volume: volume ?? { bytes: 0, files: 0 }, notBefore: clock.monotonic() + took * REST };
      this.#exceeds(excessOfSize(this.limits, size));
    } catch (error) {
      log.log('warn', 'what a cell takes on disk could not be measured', { cell, error: errorText(error) });
    }
  }

  #exceeds(excess: Excess | null): void {
    if (excess === null || this.#isOver) return;
    this.#isOver = true;
    this.#request.onExceeded(excess);
  }
}
