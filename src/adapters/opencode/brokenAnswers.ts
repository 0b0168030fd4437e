import { noTokens } from '../../core/model/tokens.ts';
import type { ModelCall } from '../../core/ports/agent.ts';

/**
 * Answers that broke off half way and were asked for again. The server forgets them, though they may have to be paid for; only who listens while they
 * come knows of them.
 */
export class BrokenAnswers {
  /** Characters of the answer that is coming, by message; and of those that broke off. */
  readonly #coming = new Map<string, number>();
  readonly #broken = new Map<string, number[]>();
  readonly #lastOf = new Map<string, string>();

  message(sessionId: string, messageId: string): void {
    this.#lastOf.set(sessionId, messageId);
  }

  received(messageId: string, characters: number): void {
    this.#coming.set(messageId, (this.#coming.get(messageId) ?? 0) + characters);
  }

  /** The call was answered whole. */
  finished(messageId: string): void {
    this.#coming.delete(messageId);
  }

  /** The server calls the model again for the session's last message. */
  retried(sessionId: string): void {
    const messageId = this.#lastOf.get(sessionId);
    const characters = messageId === undefined ? undefined : this.#coming.get(messageId);
    if (messageId === undefined || characters === undefined) return;
    this.#coming.delete(messageId);
    this.#broken.set(messageId, [...(this.#broken.get(messageId) ?? []), characters]);
  }

  /** The calls of a message that broke off. */
  callsOf(messageId: string): ModelCall[] {
    return (this.#broken.get(messageId) ?? []).map((answerChars, n) => ({
      key: `${messageId}/retry${n}`,
      tokens: noTokens,
      isReported: false,
      isRepeated: true,
      reportedUsd: null,
      answerChars,
    }));
  }
}
