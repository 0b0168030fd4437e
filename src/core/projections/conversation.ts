import type { Entry } from '../journal/entry.ts';
import type { EventData } from '../journal/events.ts';
import { readEvent } from '../journal/readEvent.ts';
import { addCost, type CostTotal, noCost } from '../model/usd.ts';
import { isGreen } from '../run/state.ts';

/** One thing said or done in a run's conversation, oldest first when listed. */
export interface ConversationItem {
  readonly seq: number;
  readonly at: number;
  readonly attempt: number;
  readonly kind: 'prompt' | 'message' | 'tests' | 'asked' | 'answered' | 'note';
  /** Who speaks: the agent, a person, Reactor. */
  readonly who: string;
  /** One line that stands for the whole when folded. */
  readonly title: string;
  readonly text: string;
  readonly tools: readonly {
    readonly tool: string;
    readonly title: string;
    readonly failed: boolean;
    readonly error: string;
    readonly durationMs: number;
  }[];
  readonly failed: boolean;
  /** Null when not a model call. */
  readonly cost: CostTotal | null;
}

/** What an entry adds to the conversation; null when it adds nothing. */
export function conversationItem(entry: Entry): ConversationItem | null {
  const event = readEvent(entry);
  if (event === null) return null;
  const base = { seq: entry.seq, at: entry.at, attempt: 0, who: 'Reactor', text: '', tools: [], failed: false, cost: null } as const;
  switch (event.type) {
    case 'attempt/started':
      return {
        ...base,
        attempt: event.data.attempt,
        kind: 'prompt',
        title: promptTitle(event.data),
        text: event.data.prompt,
      };
    case 'message/finished': {
      const { message, attempt } = event.data;
      return {
        ...base,
        attempt,
        kind: 'message',
        who: whoOf(message),
        title: firstLine(message.error ?? (message.text || message.tools.map((tool) => `${tool.tool}: ${tool.title}`).join(', '))),
        text: message.error === null ? message.text : `${message.text}\n${message.error}`.trim(),
        tools: message.tools.map(({ tool, title, status, error, durationMs }) => ({
          tool,
          title,
          failed: status === 'error',
          error: error ?? '',
          durationMs,
        })),
        failed: message.error !== null,
        cost: addCost(noCost, message.costUsd, message.estimated),
      };
    }
    case 'attempt/tested': {
      const { evidence, attempt } = event.data;
      const green = isGreen(evidence);
      return {
        ...base,
        attempt,
        kind: 'tests',
        title: `Tests ${green ? 'green' : 'red'}: ${evidence.command}`,
        text: evidence.tail,
        failed: !green,
      };
    }
    case 'approval/requested':
      return { ...base, attempt: event.data.attempt, kind: 'asked', title: event.data.title, text: event.data.detail };
    case 'approval/answered':
      return {
        ...base,
        kind: 'answered',
        who: personOf(entry),
        title: event.data.decision === 'rejected' ? 'Rejected' : event.data.always === true ? 'Approved for all runs' : 'Approved',
        text: [event.data.comment ?? '', ...(event.data.answers ?? []).map((answers) => answers.join(', '))].join('\n').trim(),
      };
    case 'attempt/revised': {
      const parts = event.data.rejected.map(({ path, hunks }) => (hunks === null ? path : `${path}: ${hunks.length} hunks`));
      const text = parts.length === 0 ? 'The worktree was edited.' : `Left out: ${parts.join(', ')}`;
      return { ...base, attempt: event.data.attempt, kind: 'note', who: personOf(entry), title: 'Candidate revised', text };
    }
    case 'attempt/violated':
      return {
        ...base,
        attempt: event.data.attempt,
        kind: 'note',
        title: 'Security violation',
        text: event.data.violations.map(({ detail }) => detail).join('\n'),
        failed: true,
      };
    case 'attempt/reverted':
      return {
        ...base,
        attempt: event.data.attempt,
        kind: 'note',
        title: `Attempt ${event.data.attempt} reverted`,
        text: event.data.reason,
      };
    case 'attempt/interrupted':
      return {
        ...base,
        attempt: event.data.attempt,
        kind: 'note',
        title: `Attempt ${event.data.attempt} interrupted`,
        text: event.data.reason,
      };
    case 'run/concluded':
      return {
        ...base,
        kind: 'note',
        title: `Run ${event.data.rejected === true ? 'rejected' : event.data.status}`,
        text: event.data.reason,
        failed: event.data.exitCode !== 0 && event.data.rejected !== true,
      };
    default:
      return null;
  }
}

const personOf = (entry: Entry): string => entry.actor.replace(/^person:/, '');

/** Types of entries that add something; the rest need not be read. */
export const conversationTypes: ReadonlySet<string> = new Set([
  'attempt/started',
  'message/finished',
  'attempt/tested',
  'approval/requested',
  'approval/answered',
  'attempt/revised',
  'attempt/violated',
  'attempt/reverted',
  'attempt/interrupted',
  'run/concluded',
]);

/** The agent server's own agent, which nobody chose by its name. */
const STANDARD_AGENT = 'build';

const whoOf = ({ agent, subagent }: { readonly agent: string; readonly subagent: boolean }): string =>
  subagent ? `agent (subagent ${agent})` : agent === STANDARD_AGENT ? 'agent' : `agent (${agent})`;

/** 'Prompt of attempt 1', 'Prompt of attempt 2 (tests failed)'. */
function promptTitle({ attempt, because }: EventData<'attempt/started'>): string {
  const why = because === 'first' ? '' : ` (${becauseText[because]})`;
  return `Prompt of attempt ${attempt}${why}`;
}

const becauseText = {
  step: 'the next step',
  testsFailed: 'tests failed',
  secret: 'a secret was in it',
  comment: 'changes were requested',
  granted: 'an ask was answered',
  conflict: 'the landing conflicted',
  interrupted: 'the one before was interrupted',
} as const;

/** Whether every word of the query occurs in the item, without regard to case. An empty query matches all. */
export function matchesQuery(item: ConversationItem, query: string): boolean {
  const words = query.toLowerCase().split(/\s+/).filter(Boolean);
  if (words.length === 0) return true;
  const tools = item.tools.map((tool) => `${tool.tool} ${tool.title} ${tool.error}`).join(' ');
  const text = `${item.who} ${item.title} ${item.text} ${tools}`.toLowerCase();
  return words.every((word) => text.includes(word));
}

const firstLine = (text: string): string => {
  const line = text.trim().split('\n', 1)[0] ?? '';
  return line.length <= 160 ? line : `${line.slice(0, 159)}…`;
};
