import { event } from '../core/journal/events.ts';
import { allowsHost, hostText, NETWORK, saidOf } from '../core/policy/networkPolicy.ts';
import type { ConnectRequest } from '../core/ports/cellNetwork.ts';
import { currentAttempt, type RunState } from '../core/run/state.ts';
import type { ApprovalDesk } from './approvalDesk.ts';
import type { Attendance } from './attendance.ts';
import type { Ledger } from './ledger.ts';

/**
 * Decides what commands with `network: allowlist` reach: the hosts of the run's settings and those a person allowed. A person who is there is
 * asked for others while the command waits; with nobody there they are refused at once. Each refusal is told by the journal once in a run.
 */
export class NetworkDesk {
  readonly #ledger: Ledger;
  readonly #desk: ApprovalDesk;
  readonly #attendance: Attendance;
  readonly #told = new Set<string>();
  readonly #asking = new Map<string, Promise<boolean>>();

  constructor(ledger: Ledger, desk: ApprovalDesk, attendance: Attendance) {
    this.#ledger = ledger;
    this.#desk = desk;
    this.#attendance = attendance;
  }

  async decide({ cell, host, port }: ConnectRequest, signal: AbortSignal): Promise<boolean> {
    const state = this.#ledger.openRuns().find((run) => run.cell?.id === cell);
    // A cell made ahead has nobody's commands in it.
    if (state === undefined) return false;
    if (allowsHost(state.spec.sandbox.hosts, host, port)) return true;
    const said = saidOf(state.grantedPermissions, host, port);
    if (said !== null) return said === 'allow';
    const place = hostText(host, port);
    if (this.#attendance.isAttended) {
      const key = `${state.run} ${place}`;
      const asking = this.#asking.get(key) ?? this.#ask(state, place, signal).finally(() => this.#asking.delete(key));
      this.#asking.set(key, asking);
      if (await asking) return true;
    }
    await this.#tell(state, { host, port, place });
    return false;
  }

  async #ask(state: RunState, place: string, signal: AbortSignal): Promise<boolean> {
    const id = await this.#desk.request(state.run, {
      kind: 'permission',
      attempt: currentAttempt(state)?.attempt ?? 1,
      title: `let commands reach ${place}`,
      detail: `a command in the cell wants to connect to it; the answer holds for this run, and \`hosts: [${place}]\` in reactor.yaml allows it always`,
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
    const key = `${state.run} ${place}`;
    if (this.#told.has(key)) return;
    this.#told.add(key);
    await this.#ledger.append(state.run, 'engine', event('network/refused', { host, port }));
  }
}
