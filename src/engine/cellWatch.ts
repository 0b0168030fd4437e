import type { Clock } from '../base/clock.ts';
import type { Disposable } from '../base/lifecycle.ts';
import { errorText } from '../base/log.ts';
import type { CellLimitSettings, CellLimits } from '../core/model/sandboxSpec.ts';
import {
  bytesAllowed,
  type Excess,
  excessOfKill,
  excessOfSize,
  excessOfUse,
  mayHaveOutgrown,
  mayHaveTakenTooMuch,
  mayUseTooMuch,
  type WorkLimits,
  withoutDefaults,
  workLimits,
} from '../core/policy/cellLimits.ts';
import type { FreeSpace, Volume } from '../core/ports/files.ts';
import type { CellMeter, CellUse, GroupLimit, ProcessIdentity } from '../core/ports/processes.ts';
import type { EngineDeps } from './deps.ts';

const LOOK_EVERY_MS = 1000;
/** Where the volume does not say how full it is: every so many looks. */
const BLIND_LOOKS = 15;
/** Between two measurements of a cell on disk lies at least so many times what one takes. */
const REST = 20;

type WatchDeps = Pick<EngineDeps, 'clock' | 'log' | 'processes' | 'files'> & {
  readonly options: Pick<EngineDeps['options'], 'freeMemoryBytes' | 'totalMemoryBytes'>;
};

export interface WatchedCell {
  readonly cell: string;
  readonly server: ProcessIdentity | null;
  readonly limits: CellLimitSettings;
  /** Called once, when a limit is exceeded. */
  readonly onExceeded: (excess: Excess) => void;
  /** Called when the cell's control group no longer keeps limits that it kept. */
  readonly onLost: (limits: readonly GroupLimit[]) => void;
}

/** What all cells are looked at by, in one look. */
interface Look {
  readonly machine: CellUse | null;
  readonly volume: Volume | null;
  readonly free: FreeSpace | null;
}

/**
 * Looks once a second at what cells use while something works in them, all in one pass: first at the machine as a whole, and only when that is more than
 * a cell may use, at its processes; at a cell on disk when the volume has taken in much. With nothing at work, and without limits, nothing is looked at.
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
    if (Object.values(request.limits).every((limit) => limit === 'none')) return () => Promise.resolve();
    const watched = new Watched(this.#deps, request, this.#deps.files.freeSpace());
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

  /** Never rejects. */
  async #look(): Promise<void> {
    const { files, log } = this.#deps;
    const all = [...this.#watched];
    try {
      const volume = all.some(({ measures }) => measures) ? await files.volume() : null;
      const look = { machine: this.#machine(), volume, free: await files.freeSpace() };
      await Promise.all(all.map((watched) => watched.look(look)));
    } catch (error) {
      log.log('warn', 'what cells use could not be seen', { error: errorText(error) });
    }
  }

  #machine(): CellUse | null {
    const { processes, options } = this.#deps;
    const most = processes.mostOnMachine();
    return most === null ? null : { processes: most, memoryBytes: options.totalMemoryBytes() - options.freeMemoryBytes() };
  }
}

/** What is known of one cell since its work began. */
class Watched {
  readonly #deps: WatchDeps;
  readonly #request: WatchedCell;
  readonly #meter: CellMeter;
  readonly #beginning: Promise<{ readonly limits: WorkLimits; readonly free: FreeSpace | null }>;
  #measured: { readonly cell: Volume; readonly volume: Volume; readonly notBefore: number } | null = null;
  #blindLooks = 0;
  #isOver = false;
  #measuring: Promise<void> | null = null;

  /** @param free what the volume had room for when the work began. */
  constructor(deps: WatchDeps, request: WatchedCell, free: Promise<FreeSpace | null>) {
    this.#deps = deps;
    this.#request = request;
    this.#meter = deps.processes.meter(request.cell, request.server);
    const memoryBytes = deps.processes.mostOnMachine() === null ? null : deps.options.totalMemoryBytes();
    this.#beginning = free
      // A volume that says nothing has no default.
      .catch(() => null)
      .then((room) => ({ limits: workLimits(request.limits, { memoryBytes, free: room }), free: room }));
  }

  /** It is measured whatever the volume has room for. */
  get measures(): boolean {
    const { diskMb, files } = this.#request.limits;
    return typeof diskMb === 'number' || typeof files === 'number';
  }

  /** Resolves without waiting for a measurement of the disk, which may take longer than the time between two looks. Never rejects. */
  async look({ machine, volume, free }: Look): Promise<void> {
    if (this.#isOver) return;
    try {
      const { limits } = await this.#beginning;
      if (this.#wasKilled(limits)) return;
      this.#tellLost();
      if (mayUseTooMuch(limits, machine)) this.#exceeds(excessOfUse(limits, await this.#meter.look(bytesAllowed(limits))));
      if ((this.measures && this.#isDue(withoutDefaults(limits), volume, this.#deps.clock)) || (await this.#hasTakenTooMuch(free)))
        void this.#measure(volume);
    } catch (error) {
      this.#deps.log.log('warn', 'what a cell uses could not be seen', { cell: this.#request.cell, error: errorText(error) });
    }
  }

  async lookAtLast(): Promise<void> {
    if (this.#isOver || this.#wasKilled((await this.#beginning).limits)) return;
    this.#tellLost();
    await this.#measuring;
    const free = await this.#deps.files.freeSpace().catch(() => null);
    if (this.measures || (await this.#hasTakenTooMuch(free))) await this.#measure(null);
  }

  /** By the kernel, which is faster than a look: the work ends with the server, and here is why. */
  #wasKilled(limits: WorkLimits): boolean {
    const bytes = this.#meter.memoryAtKill();
    if (bytes === null) return false;
    this.#exceeds(excessOfKill(limits, bytes));
    return true;
  }

  #tellLost(): void {
    const lost = this.#meter.takeLostLimits();
    if (lost.length > 0) this.#request.onLost(lost);
  }

  async #hasTakenTooMuch(now: FreeSpace | null): Promise<boolean> {
    const { limits, free } = await this.#beginning;
    if (this.#measured !== null && this.#deps.clock.monotonic() < this.#measured.notBefore) return false;
    return free !== null && now !== null && mayHaveTakenTooMuch(limits, free, now);
  }

  #isDue(limits: CellLimits, volume: Volume | null, clock: Clock): boolean {
    if (this.#measured === null) return true;
    if (clock.monotonic() < this.#measured.notBefore) return false;
    if (volume !== null) return mayHaveOutgrown(limits, this.#measured, volume);
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
      this.#exceeds(excessOfSize((await this.#beginning).limits, size));
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
