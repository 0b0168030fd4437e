import type { Message } from '@opencode-ai/sdk/v2/client';
import type { TurnRequest } from '../../core/ports/agent.ts';
import type { AskDesk } from './askDesk.ts';

/** Looks in a row that could not read what is open before a joined turn is given up. */
const BLIND_LOOKS = 3;

/** What is different about a turn whose prompt was sent by an engine before: it is joined where it stands. */
export class JoinedTurn {
  readonly #request: TurnRequest;
  readonly #desk: AskDesk;
  #state: 'own' | 'joining' | 'joined' = 'own';
  #blindLooks = 0;

  constructor(request: TurnRequest, desk: AskDesk) {
    this.#request = request;
    this.#desk = desk;
  }

  /** Until the server has been looked at, what happens may be the outcome of what the engine before did. */
  get isJoining(): boolean {
    return this.#state === 'joining';
  }

  /**
   * Finds the prompt among the messages of the turn's sessions, its own first and oldest first.
   * @returns null when the server does not have it; else what the server said before it and since.
   */
  join(messages: readonly Message[]): { readonly before: readonly Message[]; readonly since: readonly Message[] } | null {
    const { promptId = null } = this.#request;
    const sent = promptId === null ? -1 : messages.findIndex(({ id }) => id === promptId);
    const prompt = messages[sent];
    if (prompt === undefined) return null;
    this.#state = 'joining';
    const isBefore = (message: Message, index: number): boolean =>
      message.sessionID === prompt.sessionID ? index < sent : message.time.created < prompt.time.created;
    return { before: messages.filter(isBefore), since: messages.filter((message, index) => !isBefore(message, index)) };
  }

  looked(): void {
    if (this.isJoining) this.#state = 'joined';
  }

  /**
   * What the agent waits for can't be read now. What was asked before is known to the caller. True when that is not it: then the turn
   * would wait for ever.
   */
  isBlind(): boolean {
    if (this.#state === 'own') return false;
    if (this.isJoining) {
      for (const ask of this.#request.asked ?? []) {
        this.#desk.permission({ ...ask, patterns: [...ask.patterns], sessionID: this.#request.sessionId, metadata: {}, always: [] });
      }
    }
    this.#blindLooks = this.#desk.isOpen ? 0 : this.#blindLooks + 1;
    return this.#blindLooks >= BLIND_LOOKS;
  }
}
