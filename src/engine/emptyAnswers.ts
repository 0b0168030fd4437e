import type { FinishedMessage } from '../core/ports/agent.ts';

/**
 * Counts answers with neither words nor tools. The agent server takes one whose end is unknown, such as a page of HTML or an empty stream, for
 * one to go on from, and asks again at once: each time the whole conversation is paid for.
 */
export class EmptyAnswers {
  readonly #inARow = new Map<string, number>();

  /** @returns how many of its conversation there are in a row, this one with them */
  heard({ sessionId, finish, text, tools, error }: FinishedMessage): number {
    const isEmpty = finish === 'unknown' && text.trim() === '' && tools.length === 0 && error === null;
    const count = isEmpty ? (this.#inARow.get(sessionId) ?? 0) + 1 : 0;
    this.#inARow.set(sessionId, count);
    return count;
  }
}
