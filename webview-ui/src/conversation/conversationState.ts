import { effect, signal } from '@preact/signals';
import type { ConversationItemShape } from '../../../src/protocol/panelShapes.ts';
import { ask } from '../host.ts';
import { pickedRun, problem, said } from '../panelState.ts';

interface Conversation {
  readonly run: string;
  readonly query: string;
  readonly items: readonly ConversationItemShape[];
  readonly more: boolean;
}

export const conversation = signal<Conversation | null>(null);
export const query = signal('');
export const isReading = signal(false);

/** Reads the end of the picked run's conversation, or what matches the query. What was asked for before is forgotten. */
export function readConversation(): void {
  const run = pickedRun.value;
  if (run === null) return;
  const wanted = query.value;
  isReading.value = true;
  ask({ type: 'conversation', run, before: null, query: wanted }, 'conversation').then(
    ({ items, more }) => {
      if (pickedRun.value !== run || query.value !== wanted) return;
      isReading.value = false;
      conversation.value = { run, query: wanted, items, more };
    },
    (error: Error) => {
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
    const shown = conversation.peek();
    if (fresh === null || shown === null || fresh.run !== shown.run || shown.query !== '') return;
    const last = shown.items.at(-1)?.seq ?? 0;
    const items = fresh.items.filter(({ seq }) => seq > last);
    if (items.length > 0) conversation.value = { ...shown, items: [...shown.items, ...items] };
  });
