import { effect, signal } from '@preact/signals';
import type { ConversationItemShape } from '../../../src/protocol/panelShapes.ts';
import { ask } from '../host.ts';
import { pickedRun, problem, said } from '../panelState.ts';
import { type Conversation, withEarlier, withSaid } from './conversationItems.ts';

export const conversation = signal<Conversation | null>(null);
export const query = signal('');
export const isReading = signal(false);

let asked = 0;
/** What was said while an answer is under way, which may lack it. */
let heard: readonly ConversationItemShape[] = [];

/** Reads the end of the picked run's conversation, or what matches the query. What was asked for before is forgotten. */
export function readConversation(): void {
  const run = pickedRun.value;
  if (run === null) return;
  const wanted = query.value;
  asked += 1;
  const mine = asked;
  heard = [];
  isReading.value = true;
  ask({ type: 'conversation', run, before: null, query: wanted }, 'conversation').then(
    ({ items, more }) => {
      if (mine !== asked) return;
      isReading.value = false;
      const fresh = { run, query: wanted, items: wanted === '' ? withSaid(items, heard) : items, more };
      conversation.value = withEarlier(conversation.peek(), fresh);
    },
    (error: Error) => {
      if (mine !== asked) return;
      isReading.value = false;
      problem.value = error.message;
    },
  );
}

/** Reads what lies before the first item shown. */
export async function readEarlier(): Promise<void> {
  const shown = conversation.value;
  const first = shown?.items[0];
  if (shown === null || first === undefined) return;
  const { items, more } = await ask({ type: 'conversation', run: shown.run, before: first.seq, query: '' }, 'conversation');
  if (conversation.value?.run !== shown.run || conversation.value.query !== '') return;
  conversation.value = { ...conversation.value, items: [...items, ...conversation.value.items], more };
}

/** Adds what is said while the conversation is shown. */
export const followConversation = (): (() => void) =>
  effect(() => {
    const fresh = said.value;
    if (fresh === null) return;
    if (isReading.peek() && fresh.run === pickedRun.peek()) heard = [...heard, ...fresh.items];
    const shown = conversation.peek();
    if (shown === null || fresh.run !== shown.run || shown.query !== '') return;
    const items = withSaid(shown.items, fresh.items);
    if (items !== shown.items) conversation.value = { ...shown, items };
  });
