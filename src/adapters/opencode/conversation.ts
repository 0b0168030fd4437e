import type { Message, Part } from '@opencode-ai/sdk/v2/client';
import type { ModelFacts } from '../../core/money/modelFacts.ts';
import type { FinishedMessage } from '../../core/ports/agent.ts';
import { finishedMessage } from './finishedMessage.ts';
import type { PathGuard } from './pathGuard.ts';

/** Where a conversation is read from: a server that lives, or what one left behind. */
export interface ConversationSource {
  readonly guard: PathGuard;
  /** Messages of a session, oldest first. */
  messages(sessionId: string): Promise<readonly { readonly info: Message; readonly parts: readonly Part[] }[]>;
  /** Ids of the sessions of subagents that a session started. */
  children(sessionId: string): Promise<readonly string[]>;
  facts(provider: string, model: string): Promise<ModelFacts | null>;
}

/** The model's messages of a session and of its subagents. One that is not finished counts as broken off. */
export async function conversationOf(source: ConversationSource, sessionId: string, subagent = false): Promise<FinishedMessage[]> {
  const [own, children] = [await source.messages(sessionId), await source.children(sessionId)];
  const finished: FinishedMessage[] = [];
  const answered = new Set<string>();
  for (const { info, parts } of own) {
    if (info.role !== 'assistant') continue;
    const isFirst = !answered.has(info.parentID);
    answered.add(info.parentID);
    const facts = await source.facts(info.providerID, info.modelID);
    finished.push(finishedMessage(info, parts, { subagent, isFirst, facts, guard: source.guard, broken: [] }));
  }
  for (const child of children) finished.push(...(await conversationOf(source, child, true)));
  return finished;
}
