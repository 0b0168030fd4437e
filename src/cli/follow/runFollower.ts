import { exponentialBackoff } from '../../base/backoff.ts';
import type { Clock } from '../../base/clock.ts';
import { DisposableStore } from '../../base/lifecycle.ts';
import { UserFacingError } from '../../base/userFacingError.ts';
import type { Entry } from '../../core/journal/entry.ts';
import { evolveRun } from '../../core/run/evolve.ts';
import type { RunState } from '../../core/run/state.ts';
import type { EngineClient } from '../../protocol/engineClient.ts';
import type { LiveMessage } from '../../protocol/messages.ts';
import { EngineLosses, MOST_LOSSES } from './engineLosses.ts';
import { isSettled } from './isSettled.ts';

/** A run to follow. */
export interface FollowedRun {
  readonly run: string;
  /** What is known of it; null when its first entry is still to come. */
  readonly state: RunState | null;
  /** The entry that set it off: being parked counts only when it happened after this one. */
  readonly seq: number;
}

export interface FollowDeps {
  /** @throws UserFacingError when no engine can be reached or started. */
  readonly connect: (attends: boolean) => Promise<EngineClient>;
  readonly clock: Clock;
  readonly onEntry: (entry: Entry, state: RunState) => void;
  readonly onLive: (message: LiveMessage) => void;
  /** For people: the engine went away, or another one has taken over. */
  readonly onNote: (text: string) => void;
}

const MOST_RETRIES = 5;
const backoff = exponentialBackoff(250, 4000);

/** Follows runs from the entry that set them off until each has ended or is parked, over the death of an engine. */
export class RunFollower {
  readonly #deps: FollowDeps;
  readonly #followed: readonly FollowedRun[];
  readonly #states = new Map<string, RunState>();
  readonly #parkedAt = new Map<string, number>();
  readonly #losses: EngineLosses;
  #client: EngineClient;
  #attends: boolean;
  #seen: number;
  #left = false;
  #cancelled = false;
  #wake: () => void = () => {};
  #switching = false;

  constructor(deps: FollowDeps, client: EngineClient, attends: boolean, followed: readonly FollowedRun[]) {
    this.#deps = deps;
    this.#losses = new EngineLosses(deps.clock);
    this.#client = client;
    this.#attends = attends;
    this.#followed = followed;
    this.#seen = Math.max(0, Math.min(...followed.map(({ state, seq }) => state?.seq ?? seq - 1)));
    for (const { run, state } of followed) if (state !== null) this.#states.set(run, state);
  }

  get client(): EngineClient {
    return this.#client;
  }
  /** In the order they were asked for; without those of which nothing has come yet. */
  get states(): readonly RunState[] {
    return this.#followed.flatMap(({ run }) => this.#states.get(run) ?? []);
  }
  get isCancelled(): boolean {
    return this.#cancelled;
  }
  get unsettled(): readonly FollowedRun[] {
    return this.#followed.filter((followed) => !this.#isSettled(followed));
  }

  /**
   * Resolves when every run has ended or is parked with its server gone, or after `leave`. Disposes its client.
   * @throws UserFacingError `engineUnavailable` when engines keep dying, or as a new engine refuses.
   */
  async follow(): Promise<void> {
    try {
      for (;;) {
        const lost = await this.#followOnce();
        if (lost === null) return;
        await this.#reconnect(lost);
      }
    } finally {
      this.#client.dispose();
    }
  }

  /** Stops following; the runs go on in the engine. */
  leave(): void {
    this.#left = true;
    this.#wake();
  }

  /** Asks the engine to cancel every run that has not settled, now and again after a change of engines. */
  async cancel(): Promise<void> {
    this.#cancelled = true;
    await this.#sendCancels();
  }

  /** Nobody sits here any more: what waits for a person is parked by the engine. */
  stopAttending(): void {
    if (!this.#attends) return;
    this.#attends = false;
    this.#switching = true;
    this.#client.dispose();
  }

  async #followOnce(): Promise<string | null> {
    const store = new DisposableStore();
    const client = this.#client;
    try {
      return await new Promise<string | null>((resolve, reject) => {
        this.#wake = () => resolve(null);
        store.add(client.onClosed((reason) => resolve(reason)));
        store.add(client.onLive((message) => this.#deps.onLive(message)));
        store.add(
          client.onEntry((entry) => {
            try {
              this.#receive(entry);
            } catch (error) {
              return reject(error);
            }
            if (this.#left || this.unsettled.length === 0) resolve(null);
          }),
        );
        if (this.#left || this.unsettled.length === 0) resolve(null);
        const runs = this.#followed.map(({ run }) => run);
        const asked = [
          client.request('subscribe', { after: this.#seen, runs, live: true }),
          ...(this.#cancelled ? [this.#sendCancels()] : []),
        ];
        Promise.all(asked).catch((error: unknown) => (isGone(error) ? resolve(messageOf(error)) : reject(error)));
      });
    } finally {
      this.#wake = () => {};
      store.dispose();
    }
  }

  #receive(entry: Entry): void {
    if (entry.run === null || entry.seq <= this.#seen) return;
    this.#seen = entry.seq;
    const before = this.#states.get(entry.run) ?? null;
    if (before !== null && entry.seq <= before.seq) return;
    const state = evolveRun(before, entry);
    if (state === null) return;
    this.#states.set(entry.run, state);
    this.#losses.saw(entry.type);
    if (entry.type === 'run/parked') this.#parkedAt.set(entry.run, entry.seq);
    this.#deps.onEntry(entry, state);
  }

  #isSettled({ run, seq }: FollowedRun): boolean {
    const state = this.#states.get(run);
    return state !== undefined && state.seq >= seq && isSettled(state, (this.#parkedAt.get(run) ?? 0) > seq);
  }

  async #sendCancels(): Promise<void> {
    for (const { run } of this.unsettled) {
      try {
        await this.#client.request('cancel', { run });
      } catch (error) {
        // Ended meanwhile, or the engine has gone: then it is asked again after reconnecting.
        if (!(error instanceof UserFacingError)) throw error;
      }
    }
  }

  /** The error, with how to go on once what it tells of is mended. */
  #withWayOn(error: unknown): unknown {
    const [first] = this.unsettled;
    if (!(error instanceof UserFacingError) || first === undefined) return error;
    const { code, message, actions } = error;
    return new UserFacingError(code, message, {
      actions: [...actions, `when that is mended: reactor logs ${first.run} -f`],
      cause: error.cause,
    });
  }

  /** @throws UserFacingError `journalBroken` when the engine has a journal in which a run that is followed never was as it is known here. */
  async #refuseAnotherJournal(): Promise<void> {
    for (const { run } of this.unsettled) {
      const known = this.#states.get(run);
      if (known === undefined) continue;
      const { state } = await this.#client.request('run', { run });
      if (state === null || state.seq < known.seq) throw anotherJournal(run);
    }
  }

  async #reconnect(reason: string): Promise<void> {
    const asked = this.#switching;
    this.#switching = false;
    if (!asked) {
      this.#losses.lost();
      this.#deps.onNote(`The engine has gone (${reason}). What is in the cells is kept; starting another engine to go on.`);
    }
    for (let retry = 1; ; retry += 1) {
      if (this.#losses.isTooMany) throw keepsDying(reason);
      try {
        this.#client = await this.#deps.connect(this.#attends);
        this.#losses.connected();
        await this.#refuseAnotherJournal();
        if (!asked) this.#deps.onNote('Another engine has taken over.');
        return;
      } catch (error) {
        if (!isGone(error) || retry >= MOST_RETRIES) throw this.#withWayOn(error);
        await this.#deps.clock.sleep(backoff(retry));
      }
    }
  }
}

const isGone = (error: unknown): boolean => error instanceof UserFacingError && error.code === 'engineUnavailable';
const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

const keepsDying = (reason: string) =>
  new UserFacingError(
    'engineUnavailable',
    `The engine ended ${MOST_LOSSES + 1} times in a row and got nothing done, last: ${reason}. The runs are in the journal and nothing is lost, but they don't go on by themselves.`,
    {
      actions: ['reactor status', 'reactor doctor'],
    },
  );

const anotherJournal = (run: string) =>
  new UserFacingError(
    'journalBroken',
    `The journal that tells of ${run} was removed or replaced, so that nothing goes on with it. If it lay on a volume that is gone for now, bring that back. What its attempts had made is kept in git, below refs/reactor/kept/${run}/.`,
    { actions: [`git for-each-ref refs/reactor/kept/${run}`] },
  );
