import type { ConversationItemShape } from '../../../src/protocol/panelShapes.ts';

type Items = readonly ConversationItemShape[];

/** What is shown of a run's conversation: its end, or what matches a query. */
export interface Conversation {
  readonly run: string;
  readonly query: string;
  readonly items: Items;
  /** More lies before the first item. */
  readonly more: boolean;
}

/** A conversation with what was said after its last item; the same list when there is nothing of the sort. */
export function withSaid(items: Items, said: Items): Items {
  const last = items.at(-1)?.seq ?? 0;
  const fresh = said.filter(({ seq }) => seq > last);
  return fresh.length === 0 ? items : [...items, ...fresh];
}

/** The end of a conversation as it was read anew, with the earlier items that were shown before it; without them where a gap would be. */
export function withEarlier(shown: Conversation | null, fresh: Conversation): Conversation {
  const first = fresh.items[0]?.seq;
  const last = shown?.items.at(-1)?.seq;
  if (shown === null || shown.run !== fresh.run || shown.query !== '' || fresh.query !== '') return fresh;
  if (first === undefined || last === undefined || last < first) return fresh;
  const earlier = shown.items.filter(({ seq }) => seq < first);
  return earlier.length === 0 ? fresh : { ...fresh, items: [...earlier, ...fresh.items], more: shown.more };
}
