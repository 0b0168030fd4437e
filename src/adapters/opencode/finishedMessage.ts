import type { AssistantMessage, Part } from '@opencode-ai/sdk/v2/client';
import type { Operation } from '../../core/money/charge.ts';
import type { ModelFacts } from '../../core/money/modelFacts.ts';
import type { FinishedMessage, ModelCall, ToolUse } from '../../core/ports/agent.ts';
import { modelCallsOf } from './modelCalls.ts';
import type { PathGuard } from './pathGuard.ts';
import { toolTitle } from './toolCall.ts';

const TEXT_LENGTH = 4_000;
const REASON_LENGTH = 500;
/** The server writes an error into the message as well as the time of completion; either ends it. */
export const isFinished = (info: AssistantMessage): boolean => info.time.completed !== undefined || info.error !== undefined;

/**
 * @param context.broken calls for it that broke off and were made again
 * @param context.isFirst it is the first answer to its prompt, rather than one after tool results
 */
export function finishedMessage(
  info: AssistantMessage,
  parts: readonly Part[],
  context: {
    readonly subagent: boolean;
    readonly isFirst: boolean;
    readonly facts: ModelFacts | null;
    readonly guard: PathGuard;
    readonly broken: readonly ModelCall[];
  },
): FinishedMessage {
  return {
    messageId: info.id,
    sessionId: info.sessionID,
    subagent: context.subagent,
    agent: info.agent,
    provider: info.providerID,
    model: info.modelID,
    operation: operationOf(info, context),
    calls: [...context.broken, ...modelCallsOf(info, parts)],
    facts: context.facts,
    text: parts
      .filter((part) => part.type === 'text')
      .map((part) => part.text)
      .join('')
      .slice(0, TEXT_LENGTH),
    tools: parts.flatMap((part) => toolUse(part, context.guard)),
    finish: info.finish ?? null,
    error: info.error === undefined ? null : errorSentence(info.error),
    startedAt: info.time.created,
    endedAt: info.time.completed ?? info.time.created,
  };
}

function operationOf(info: AssistantMessage, context: { readonly subagent: boolean; readonly isFirst: boolean }): Operation {
  if (info.summary === true || info.agent === 'summary' || info.agent === 'compaction') return 'summary';
  if (info.agent === 'title') return 'title';
  if (context.subagent) return 'subagent';
  return context.isFirst ? 'prompt' : 'tool';
}

function toolUse(part: Part, guard: PathGuard): ToolUse[] {
  if (part.type !== 'tool' || (part.state.status !== 'completed' && part.state.status !== 'error')) return [];
  const { state } = part;
  return [
    {
      callId: part.callID,
      tool: part.tool,
      title: toolTitle(part.tool, state.input, guard, 'title' in state ? state.title : undefined),
      status: state.status,
      ...(state.status === 'error' ? { error: state.error } : {}),
      startedAt: state.time.start,
      durationMs: Math.max(0, state.time.end - state.time.start),
    },
  ];
}

/** One sentence from an error of the server or the model: its name, its words, its status. */
export function errorSentence(error: unknown): string {
  if (typeof error !== 'object' || error === null) return String(error);
  const { name, data } = error as {
    readonly name?: unknown;
    readonly data?: { readonly message?: unknown; readonly statusCode?: unknown };
  };
  // What follows the first line is the server's own stack.
  const words = (typeof data?.message === 'string' ? data.message : '').split('\n')[0] ?? '';
  const status = typeof data?.statusCode === 'number' ? ` (status ${data.statusCode})` : '';
  // A name that says nothing is left out where there are words.
  if (name === 'UnknownError' && words !== '') return `${words.slice(0, REASON_LENGTH)}${status}`;
  return `${typeof name === 'string' ? name : 'error'}${words ? `: ${words.slice(0, REASON_LENGTH)}` : ''}${status}`;
}
