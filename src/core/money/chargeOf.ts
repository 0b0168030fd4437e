import type { Entry } from '../journal/entry.ts';
import type { EventData } from '../journal/events.ts';
import { readEvent } from '../journal/readEvent.ts';
import { type Category, categoryOf } from '../model/category.ts';
import { totalTokens } from '../model/tokens.ts';
import type { Charge } from './charge.ts';

/** What a charge of an older journal takes from its run's `run/requested`. */
export interface ChargedRun {
  readonly task: string;
  readonly title: string;
  readonly category?: Category | undefined;
}

/**
 * The charge an entry records, or null when it records none. Journals from before the ledger have none of their own: there each
 * `message/finished` is one. The same message is never charged by both.
 * @param runOf the spec of a run; asked only for entries of older journals
 */
export function chargeOf(entry: Entry, runOf: (run: string) => ChargedRun | null): Charge | null {
  if (entry.type !== 'charge/recorded' && entry.type !== 'message/finished') return null;
  const event = readEvent(entry);
  if (event?.type === 'charge/recorded') return event.data.charge;
  if (event?.type !== 'message/finished' || event.data.charged === true || entry.run === null) return null;
  return chargeOfMessage(event.data, { run: entry.run, cell: entry.cell, of: runOf(entry.run) });
}

/** The charge that a message of an older journal amounts to. */
export function chargeOfMessage(
  { attempt, message }: EventData<'message/finished'>,
  context: { readonly run: string; readonly cell: string | null; readonly of: ChargedRun | null },
): Charge {
  const { messageId, sessionId, provider, model, agent, tokens, costUsd, endedAt } = message;
  return {
    key: `${messageId}/0`,
    at: endedAt,
    run: context.run,
    attempt,
    task: context.of?.task ?? context.run.replace(/-r\d+$/, ''),
    category: context.of === null ? null : categoryOf(context.of),
    cell: context.cell,
    messageId,
    sessionId,
    provider,
    model,
    agent,
    operation: message.subagent ? 'subagent' : message.agent === 'title' || message.agent === 'summary' ? message.agent : 'prompt',
    tokens,
    price: null,
    // Nothing used and nothing paid says that the call failed; nothing used and no amount, that nobody was told.
    costUsd,
    estimated: totalTokens(tokens) === 0 && costUsd === null,
  };
}
