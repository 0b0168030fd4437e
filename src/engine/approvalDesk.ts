import type { Disposable } from '../base/lifecycle.ts';
import { UserFacingError } from '../base/userFacingError.ts';
import { type EventData, event } from '../core/journal/events.ts';
import { NETWORK } from '../core/policy/networkPolicy.ts';
import type { PendingApproval } from '../core/run/state.ts';
import type { Attendance } from './attendance.ts';
import type { EngineDeps } from './deps.ts';
import type { Ledger } from './ledger.ts';

export type Answer = EventData<'approval/answered'>;

export interface AnswerRequest {
  readonly run: string;
  /** Null: the only one that waits. */
  readonly id: string | null;
  readonly decision: 'approved' | 'rejected';
  readonly tree: string | null;
  readonly comment: string | null;
  readonly answers?: string[][] | undefined;
  /** Of a host: for all runs of the repository. */
  readonly always?: boolean | undefined;
}

/** Where everything stands that waits for a person. Answers are journaled before anybody acts on them. */
export class ApprovalDesk implements Disposable {
  readonly #ledger: Ledger;
  readonly #attendance: Attendance;
  readonly #deps: Pick<EngineDeps, 'ids' | 'clock' | 'options' | 'hosts'>;
  readonly #waiters = new Map<string, Set<(answer: Answer | null) => void>>();
  readonly #withdrawals: Disposable;

  constructor(ledger: Ledger, attendance: Attendance, deps: Pick<EngineDeps, 'ids' | 'clock' | 'options' | 'hosts'>) {
    this.#ledger = ledger;
    this.#attendance = attendance;
    this.#deps = deps;
    this.#withdrawals = ledger.onAppended(({ type, data }) => {
      if (type === 'approval/withdrawn') this.#wake((data as EventData<'approval/withdrawn'>).id, null);
    });
  }

  async request(run: string, request: Omit<EventData<'approval/requested'>, 'id'>): Promise<string> {
    const id = this.#deps.ids.short();
    await this.#ledger.append(run, request.kind === 'review' ? 'engine' : 'agent', event('approval/requested', { id, ...request }));
    return id;
  }

  /**
   * The answer, or null when `signal` aborts, the ask is withdrawn or nobody is there to ask: at no client for the grace time. Any number may wait for the same.
   */
  waitFor(run: string, id: string, signal: AbortSignal): Promise<Answer | null> {
    return new Promise((resolve) => {
      let unattended: Disposable | null = null;
      const waiters = this.#waiters.get(id) ?? new Set();
      const end = (answer: Answer | null): void => {
        waiters.delete(end);
        if (waiters.size === 0) this.#waiters.delete(id);
        unattended?.dispose();
        watching.dispose();
        signal.removeEventListener('abort', abort);
        resolve(answer);
      };
      const abort = (): void => end(null);
      const watch = (attended: boolean): void => {
        unattended?.dispose();
        unattended = attended ? null : this.#deps.clock.schedule(this.#deps.options.unattendedGraceMs, () => end(null));
      };
      const watching = this.#attendance.onDidChange(watch);
      this.#waiters.set(id, waiters.add(end));
      signal.addEventListener('abort', abort, { once: true });
      if (signal.aborted || !this.#ledger.expect(run).pending.some((p) => p.id === id)) return abort();
      if (!this.#attendance.isAttended) {
        if (this.#deps.options.unattendedGraceMs === 0) return abort();
        watch(false);
      }
    });
  }

  /**
   * Records a person's answer. A review is approved for the tree it names and no other.
   * @throws UserFacingError `notPossibleNow` when nothing waits, several things wait and none is named, the tree is not the candidate, or something
   * other than a host is to be allowed for good.
   */
  async answer(request: AnswerRequest, actor: string): Promise<number> {
    const state = this.#ledger.state(request.run);
    const pending = state?.pending ?? [];
    const open = request.id === null ? pending : pending.filter((p) => p.id === request.id);
    const asked = open[0];
    if (asked === undefined) {
      // The candidate it was for has been answered, or made anew, by somebody else meanwhile.
      const review = pending.find(({ kind }) => kind === 'review');
      if (review !== undefined && request.decision === 'approved' && request.tree !== null && request.tree !== review.tree)
        throw newerCandidate(request, review.tree);
      throw new UserFacingError(
        'notPossibleNow',
        `Nothing of ${request.run} waits for an answer${request.id === null ? '' : ` with id ${request.id}`}.`,
        {
          actions: ['reactor status'],
        },
      );
    }
    if (open.length > 1) {
      throw new UserFacingError(
        'notPossibleNow',
        `${open.length} things of ${request.run} wait: ${open.map((p) => p.id).join(', ')}. Nothing was decided.`,
        { actions: [`reactor approve ${request.run} --id ${open[0]?.id}`, `reactor reject ${request.run} --id ${open[0]?.id}`] },
      );
    }
    if (asked.kind === 'review' && request.decision === 'approved' && request.tree !== asked.tree) {
      throw newerCandidate(request, asked.tree);
    }
    const granted = request.always === true ? hostsOf(asked, request) : [];
    const answer: Answer = {
      id: asked.id,
      decision: request.decision,
      tree: asked.tree,
      comment: request.comment,
      ...(request.answers === undefined ? {} : { answers: request.answers }),
      ...(granted.length === 0 ? {} : { always: true }),
    };
    const seq = await this.#ledger.append(request.run, actor, event('approval/answered', answer));
    try {
      for (const place of granted) await this.#deps.hosts.add({ place, by: actor, at: this.#deps.clock.now(), run: request.run });
    } finally {
      this.#wake(asked.id, answer);
    }
    return seq;
  }

  #wake(id: string, answer: Answer | null): void {
    for (const end of [...(this.#waiters.get(id) ?? [])]) end(answer);
  }

  dispose(): void {
    this.#withdrawals.dispose();
    for (const id of [...this.#waiters.keys()]) this.#wake(id, null);
  }
}

/** The places that this answer allows for good. */
function hostsOf({ permission }: PendingApproval, { run, decision }: AnswerRequest): readonly string[] {
  if (permission?.permission === NETWORK && decision === 'approved') return permission.patterns;
  throw new UserFacingError(
    'notPossibleNow',
    'Only a host that commands want to reach can be allowed always this way. Nothing was decided.',
    {
      actions: [`reactor approve ${run}`, 'write `permissions` in reactor.yaml for what else shall always be allowed'],
    },
  );
}

const newerCandidate = ({ run, tree }: AnswerRequest, candidate: string | null): UserFacingError =>
  new UserFacingError(
    'notPossibleNow',
    `The approval names tree ${tree?.slice(0, 10) ?? '(none)'}, but the candidate of ${run} is ${candidate?.slice(0, 10)}. Nothing was approved: look at the present diff first.`,
    { actions: [`reactor show ${run} --diff`] },
  );
