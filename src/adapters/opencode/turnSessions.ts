import type { Message, Part, Session } from '@opencode-ai/sdk/v2/client';
import type { Clock } from '../../base/clock.ts';
import type { Log } from '../../base/log.ts';
import { ServerCallFailed, type ServerConnection } from './serverConnection.ts';

const STOP_LIMIT_MS = 5_000;
const STOP_LOOK_EVERY_MS = 50;

/** The session of a turn and those of the subagents it started. */
export class TurnSessions {
  readonly #connection: ServerConnection;
  readonly #root: string;
  /** The value tells whether it is a subagent's. */
  readonly #known = new Map<string, boolean>();

  constructor(connection: ServerConnection, root: string) {
    this.#connection = connection;
    this.#root = root;
    this.#known.set(root, false);
  }

  has(sessionId: string): boolean {
    return this.#known.has(sessionId);
  }

  isSubagent(sessionId: string): boolean {
    return this.#known.get(sessionId) ?? true;
  }

  /** Takes a session in when its parent is known. */
  adopt(session: Session): void {
    if (session.parentID !== undefined && this.has(session.parentID) && !this.has(session.id)) this.#known.set(session.id, true);
  }

  /** Takes in every subagent that the server knows. */
  async find(parent = this.#root): Promise<void> {
    const { sdk } = this.#connection;
    const children = await this.#connection.call('children', (signal) => sdk.session.children({ sessionID: parent }, { signal }));
    for (const child of children) {
      this.adopt(child);
      await this.find(child.id);
    }
  }

  /** The messages of the turn's own session, earlier turns included, oldest first. */
  own(): Promise<{ info: Message; parts: Part[] }[]> {
    return this.#messages(this.#root);
  }

  /**
   * The messages of all sessions, after taking in what the server knows.
   * @param own those of the turn's own session, where both have just been done.
   */
  async foundMessages(own?: readonly Message[]): Promise<readonly Message[]> {
    if (own === undefined) await this.find();
    const messages: Message[] = [];
    for (const sessionId of this.#known.keys()) {
      const known = sessionId === this.#root ? own : undefined;
      messages.push(...(known ?? (await this.#messages(sessionId)).map(({ info }) => info)));
    }
    return messages;
  }

  /** Stops model calls and tools in all sessions, and waits, not for ever, until the server says that none is busy. */
  async stop(clock: Clock, log: Log): Promise<void> {
    const until = clock.monotonic() + STOP_LIMIT_MS;
    try {
      await this.#abort(this.#root);
      while (clock.monotonic() < until) {
        const busy = await this.#busy();
        if (busy.length === 0) return;
        for (const sessionId of busy) await this.#abort(sessionId);
        await clock.sleep(STOP_LOOK_EVERY_MS);
      }
      log.log('warn', 'the agent server still works on a turn that was stopped');
    } catch (error) {
      if (!(error instanceof ServerCallFailed)) throw error;
      log.log('warn', 'the turn could not be stopped on the server', { error: error.message });
    }
  }

  #messages(sessionID: string): Promise<{ info: Message; parts: Part[] }[]> {
    return this.#connection.call('messages', (signal) => this.#connection.sdk.session.messages({ sessionID }, { signal }));
  }

  async #busy(): Promise<string[]> {
    const options = { timeoutMs: STOP_LIMIT_MS };
    const status = await this.#connection.call('status', (signal) => this.#connection.sdk.session.status({}, { signal }), options);
    return [...this.#known.keys()].filter((sessionId) => (status[sessionId]?.type ?? 'idle') !== 'idle');
  }

  async #abort(sessionID: string): Promise<void> {
    const options = { timeoutMs: STOP_LIMIT_MS };
    await this.#connection.call('abort', (signal) => this.#connection.sdk.session.abort({ sessionID }, { signal }), options);
  }
}
