import type { Clock } from '../../base/clock.ts';
import { errorText, type Log } from '../../base/log.ts';
import { UserFacingError } from '../../base/userFacingError.ts';
import type { Processes, ProcessIdentity, Warden, Wardens } from '../../core/ports/processes.ts';
import { startWardenProcess, type WardenProcess } from './wardenProcess.ts';
import { wardenLine } from './wardenProtocol.ts';

export interface WardensDeps {
  readonly clock: Clock;
  readonly log: Log;
  readonly processes: Pick<Processes, 'identify' | 'isAlive'>;
  /** The program that is a warden and its first arguments, such as the path of Node and of the built wardenMain. */
  readonly command: readonly string[];
  /** Between SIGTERM and SIGKILL when the warden ends a cell, milliseconds; 5,000 by default (INV-005). */
  readonly killGraceMs?: number;
}

const READY_LIMIT_MS = 30_000;
const FAREWELL_LIMIT_MS = 5000;
const MOST_DEATHS = 5;
const DEATHS_WITHIN_MS = 60_000;
const POLL_MS = 10;

/** Starts wardens as processes of their own. */
export function createWardens({ clock, log, processes, command, killGraceMs = 5000 }: WardensDeps): Wardens {
  const startProcess = async (graceMs: number, logFile: string): Promise<WardenProcess> => {
    const limit = new AbortController();
    const timer = clock.schedule(READY_LIMIT_MS, () => limit.abort(new Error('the warden was not ready in time')));
    try {
      const argv = [...command, String(graceMs), String(killGraceMs)];
      return await startWardenProcess(argv, logFile, processes.identify, limit.signal);
    } finally {
      timer.dispose();
    }
  };
  return {
    async start({ graceMs, logFile, onRestarted }): Promise<Warden> {
      try {
        const start = () => startProcess(graceMs, logFile);
        return new RestartedWarden(await start(), { clock, log, processes, start, onRestarted });
      } catch (cause) {
        throw new UserFacingError(
          'environment',
          'The process that ends agents when Reactor is killed could not be started, so no agent was started either.',
          { actions: [`See ${logFile}.`], cause },
        );
      }
    },
    async standDown(warden): Promise<void> {
      if (processes.isAlive(warden)) sendSignal(warden.pid, 'SIGUSR2');
      await untilGone({ clock, processes }, warden);
    },
  };
}

interface RestartDeps extends Pick<WardensDeps, 'clock' | 'log' | 'processes'> {
  readonly start: () => Promise<WardenProcess>;
  readonly onRestarted: ((warden: ProcessIdentity) => void) | undefined;
}

/** A warden that is replaced when it dies, unless it keeps dying. */
class RestartedWarden implements Warden {
  readonly #cells = new Map<string, ProcessIdentity | null>();
  readonly #deps: RestartDeps;
  #current: WardenProcess;
  #deaths: number[] = [];
  #isOver = false;
  readonly #supervision: Promise<void>;

  constructor(first: WardenProcess, deps: RestartDeps) {
    this.#current = first;
    this.#deps = deps;
    this.#supervision = this.#supervise();
  }

  get process(): ProcessIdentity {
    return this.#current.process;
  }

  watch(cell: string, leader: ProcessIdentity | null): void {
    this.#cells.set(cell, leader);
    this.#current.send(wardenLine({ add: { cell, leader } }));
  }

  forget(cell: string): void {
    if (this.#cells.delete(cell)) this.#current.send(wardenLine({ remove: cell }));
  }

  async farewell(): Promise<void> {
    this.#isOver = true;
    this.#current.keepEngineAlive();
    this.#current.send(wardenLine({ bye: true }));
    const { clock, processes } = this.#deps;
    await untilGone({ clock, processes }, this.#current.process);
    await this.#supervision;
  }

  /** Never rejects. */
  async #supervise(): Promise<void> {
    const { clock, log } = this.#deps;
    for (;;) {
      await this.#current.exited;
      if (this.#isOver) return;
      log.log('warn', 'the warden died and is started again', { pid: this.process.pid, cells: this.#cells.size });
      for (;;) {
        const now = clock.monotonic();
        this.#deaths = [...this.#deaths.filter((at) => now - at < DEATHS_WITHIN_MS), now];
        if (this.#deaths.length > MOST_DEATHS) {
          log.log('error', 'the warden keeps dying: if the engine is killed now, agents may be left running', {
            deaths: this.#deaths.length,
          });
          return;
        }
        if (await this.#replace()) break;
        if (this.#isOver) return;
      }
    }
  }

  async #replace(): Promise<boolean> {
    const { log, start, onRestarted } = this.#deps;
    try {
      this.#current = await start();
      if (this.#isOver) this.#current.send(wardenLine({ bye: true }));
      for (const [cell, leader] of this.#cells) this.#current.send(wardenLine({ add: { cell, leader } }));
      if (!this.#isOver) onRestarted?.(this.#current.process);
      return true;
    } catch (error) {
      log.log('warn', 'the warden could not be started again', { error: errorText(error) });
      return false;
    }
  }
}

/** Waits for a warden that was asked to go; one that does not (it may be stopped) is killed, which spares its cells too. */
async function untilGone({ clock, processes }: Pick<WardensDeps, 'clock' | 'processes'>, warden: ProcessIdentity): Promise<void> {
  const deadline = clock.monotonic() + FAREWELL_LIMIT_MS;
  while (processes.isAlive(warden)) {
    if (clock.monotonic() >= deadline) return sendSignal(warden.pid, 'SIGKILL');
    await clock.sleep(POLL_MS);
  }
}

function sendSignal(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch {
    // It has gone in the meantime, which is what was wanted.
  }
}
