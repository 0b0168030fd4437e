import { event } from '../core/journal/events.ts';
import type { AgentClient } from '../core/ports/agent.ts';
import { currentAttempt } from '../core/run/state.ts';
import type { RunContext } from './runContext.ts';

const PAGE = 1000;

/** Ids of the run's messages that the journal has: each is a charge, and is recorded once. */
export function journaledMessages(context: RunContext): Set<string> {
  const ids = new Set<string>();
  if (context.state.messages === 0) return ids;
  for (let from = 1; ; ) {
    const page = context.deps.journal.read({ run: context.run, from, limit: PAGE });
    for (const entry of page) {
      if (entry.type === 'message/finished') ids.add((entry.data as { message: { messageId: string } }).message.messageId);
    }
    const last = page.at(-1);
    if (last === undefined || page.length < PAGE) return ids;
    from = last.seq + 1;
  }
}

/**
 * Records what a conversation has cost and the journal does not know: messages that finished while no engine listened, or just before
 * the server died.
 */
export async function recordMissedMessages(context: RunContext, client: AgentClient, session: string, signal: AbortSignal): Promise<void> {
  const attempt = currentAttempt(context.state)?.attempt;
  if (attempt === undefined) return;
  const known = journaledMessages(context);
  for (const message of await client.messages(session, signal)) {
    if (known.has(message.messageId)) continue;
    await context.recordAs('agent', event('message/finished', { attempt, message: { ...message, tools: [...message.tools] } }));
  }
}
