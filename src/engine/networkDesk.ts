import { event } from '../core/journal/events.ts';
import { allowsHost, hostText, NETWORK, saidOf } from '../core/policy/networkPolicy.ts';
import type { ConnectRequest } from '../core/ports/cellNetwork.ts';
import type { HostGrants } from '../core/ports/hostGrants.ts';
import { currentAttempt, type RunState } from '../core/run/state.ts';
import type { ApprovalDesk } from './approvalDesk.ts';
import type { Attendance } from './attendance.ts';
import type { Ledger } from './ledger.ts';

/** Of a name: none that can be resolved is longer. */
const LONGEST_HOST = 253;
/** In one run: what a command asks for without end is refused without asking anybody, and past the second without telling each. */
const MOST_ASKED_AT_ONCE = 5;
const MOST_ASKED = 30;
const MOST_TOLD = 100;

/** One question that any number of commands wait for. */
interface Asking {
  readonly answer: Promise<boolean>;
  readonly nobodyWaits: AbortController;
  waiting: number;
}

/**
 * Decides what commands with `network: allowlist` reach: the hosts of the run's settings and those a person allowed, for the run or for good. A
 * person who is there is asked for others while the command waits; with nobody there they are refused at once. Each refusal is told by the journal once in a run.
 */
export class NetworkDesk {
  readonly #ledger: Pick<Ledger, 'openRuns' | 'state' | 'append'>;
  readonly #desk: Pick<ApprovalDesk, 'request' | 'waitFor'>;
  readonly #attendance: Pick<Attendance, 'isAttended'>;
  readonly #grants: Pick<HostGrants, 'has'>;
  readonly #told = new Map<string, Set<string>>();
  readonly #asked = new Map<string, number>();
  readonly #asking = new Map<string, Asking>();

  constructor(
    ledger: Pick<Ledger, 'openRuns' | 'state' | 'append'>,
    desk: Pick<ApprovalDesk, 'request' | 'waitFor'>,
    attendance: Pick<Attendance, 'isAttended'>,
    grants: Pick<HostGrants, 'has'>,
  ) {
    this.#ledger = ledger;
    this.#desk = desk;
    this.#attendance = attendance;
    this.#grants = grants;
  }

  async decide({ cell, host, port }: ConnectRequest, signal: AbortSignal): Promise<boolean> {
    const state = this.#ledger.openRuns().find((run) => run.cell?.id === cell);
    // A cell made ahead has nobody's commands in it.
    if (state === undefined || host.length > LONGEST_HOST) return false;
    if (allowsHost(state.spec.sandbox.hosts, host, port)) return true;
    const said = saidOf(state.grantedPermissions, host, port);
    if (said !== null) return said === 'allow';
    const place = hostText(host, port);
    if (await this.#grants.has(place)) return true;
    if (this.#attendance.isAttended && (await this.#askOnce(state, place, signal))) return true;
    await this.#tell(state, { host, port, place });
    return false;
  }

  /** Joins the question for this place, or asks it; it is withdrawn when the last command that waits for it has given up. */
  async #askOnce(state: RunState, place: string, signal: AbortSignal): Promise<boolean> {
    const key = `${state.run} ${place}`;
    const asking = this.#asking.get(key) ?? this.#begin(state, place, key);
    if (asking === null) return false;
    asking.waiting += 1;
    const leave = (): void => {
      asking.waiting -= 1;
      if (asking.waiting === 0) asking.nobodyWaits.abort();
    };
    signal.addEventListener('abort', leave, { once: true });
    if (signal.aborted) leave();
    try {
      return await asking.answer;
    } finally {
      signal.removeEventListener('abort', leave);
    }
  }

  #begin(state: RunState, place: string, key: string): Asking | null {
    const asked = this.#asked.get(state.run) ?? 0;
    const open = [...this.#asking.keys()].filter((other) => other.startsWith(`${state.run} `)).length;
    if (asked >= MOST_ASKED || open >= MOST_ASKED_AT_ONCE) return null;
    this.#asked.set(state.run, asked + 1);
    const nobodyWaits = new AbortController();
    const answer = this.#ask(state, place, nobodyWaits.signal).finally(() => this.#asking.delete(key));
    const asking = { answer, nobodyWaits, waiting: 0 };
    this.#asking.set(key, asking);
    return asking;
  }

  async #ask(state: RunState, place: string, signal: AbortSignal): Promise<boolean> {
    const id = await this.#desk.request(state.run, {
      kind: 'permission',
      attempt: currentAttempt(state)?.attempt ?? 1,
      title: `let commands reach ${place}`,
      detail:
        'a command in the cell wants to connect to it; allowed once, it is for this run; allowed always, for all runs of this repository until it is taken back (reactor hosts; Show Allowed Hosts in the editor)',
      tree: null,
      permission: { permission: NETWORK, patterns: [place] },
    });
    const answer = await this.#desk.waitFor(state.run, id, signal);
    if (answer === null && this.#ledger.state(state.run)?.pending.some((p) => p.id === id) === true) {
      const reason = signal.aborted ? 'the command has given it up' : 'nobody was there to answer';
      await this.#ledger.append(state.run, 'engine', event('approval/withdrawn', { id, reason }));
    }
    return answer?.decision === 'approved';
  }

  async #tell(state: RunState, { host, port, place }: { host: string; port: number; place: string }): Promise<void> {
    const told = this.#told.get(state.run) ?? new Set();
    this.#told.set(state.run, told);
    if (told.has(place) || told.size >= MOST_TOLD) return;
    told.add(place);
    const more = told.size === MOST_TOLD ? { more: true } : {};
    await this.#ledger.append(state.run, 'engine', event('network/refused', { host, port, ...more }));
  }
}
