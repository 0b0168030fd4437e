import type { Entry } from '../journal/entry.ts';
import type { ChangedFile, CommandEvidence, EventData } from '../journal/events.ts';
import { readEvent } from '../journal/readEvent.ts';
import type { TokenCounts } from '../model/tokens.ts';
import { addCost, type CostTotal, noCost } from '../model/usd.ts';
import { addedSecretText } from '../policy/secrets/addedSecrets.ts';

/** What is known of one span, for people: facts by name, texts, changed files. */
export interface SpanDetail {
  readonly facts: readonly { readonly name: string; readonly value: string }[];
  readonly texts: readonly { readonly title: string; readonly text: string; readonly preformatted: boolean }[];
  readonly files: readonly ChangedFile[];
  readonly tokens: TokenCounts | null;
  /** Null for what costs nothing by its nature. */
  readonly cost: CostTotal | null;
  /** The whole output of a command, relative to the data folder. */
  readonly outputFile: string | null;
  /** The candidate the span is about. */
  readonly tree: string | null;
}

const nothing: SpanDetail = {
  facts: [],
  texts: [],
  files: [],
  tokens: null,
  cost: null,
  outputFile: null,
  tree: null,
};

/** The detail an entry gives of the span it belongs to. Entries that tell nothing, or are of unknown type, give nothing. */
export function spanDetail(entry: Entry): SpanDetail {
  const event = readEvent(entry);
  if (event === null) return nothing;
  switch (event.type) {
    case 'run/requested':
      return { ...nothing, texts: [text('Prompt', event.data.spec.prompt)], facts: [fact('test', event.data.spec.test)] };
    case 'message/finished':
      return ofMessage(event.data.message);
    case 'attempt/tested':
      return { ...ofCommand(event.data.evidence), tree: event.data.tree };
    case 'base/tested':
    case 'landing/tested':
      return { ...ofCommand(event.data.evidence), tree: event.data.tree };
    case 'cell/setupFinished':
      return ofCommand(event.data.evidence);
    case 'attempt/started':
      return { ...nothing, facts: [fact('because', event.data.because)], texts: [text('Prompt', event.data.prompt)] };
    case 'attempt/executed':
      return {
        ...nothing,
        facts: [fact('ended', event.data.reason ?? event.data.end), fact('model calls', String(event.data.steps))],
      };
    case 'attempt/candidateBuilt':
      return {
        ...nothing,
        files: event.data.files,
        tree: event.data.tree,
        facts: [fact('kept as', event.data.keptRef)],
        texts: [
          ...(event.data.secrets ?? []).map((secret) => text('Held back: a secret in it', addedSecretText(secret))),
          ...(event.data.protected ?? []).map(({ path, why }) => text('Needs a person', `${path} ${why}`)),
        ],
      };
    case 'attempt/stepCommitted':
    case 'attempt/committed':
      return { ...nothing, facts: [fact('commit', event.data.commit), fact('branch', event.data.branch)], tree: event.data.tree };
    case 'attempt/reverted':
      return { ...nothing, facts: [fact('back to', event.data.to)], texts: [text('Why', event.data.reason)] };
    case 'attempt/interrupted':
      return { ...nothing, texts: [text('Why', event.data.reason)] };
    case 'approval/requested':
      return { ...nothing, texts: [text(event.data.title, event.data.detail)], tree: event.data.tree };
    case 'approval/answered':
      return {
        ...nothing,
        facts: [
          fact('decision', `${event.data.decision}${event.data.always === true ? ' for all runs' : ''}`),
          fact('by', entry.actor.replace(/^person:/, '')),
        ],
        texts: event.data.comment === null ? [] : [text('Comment', event.data.comment)],
        tree: event.data.tree,
      };
    case 'approval/withdrawn':
    case 'run/resumed':
      return { ...nothing, texts: [text('Why', event.type === 'run/resumed' ? event.data.why : event.data.reason)] };
    case 'run/parked':
      return { ...nothing, facts: [fact('waits for', event.data.code)], texts: [text('Why', event.data.reason)] };
    case 'cell/serverFailed':
      return { ...nothing, texts: [text('What happened', event.data.message), pre('Server log', event.data.logTail)] };
    case 'cell/ready':
      return { ...nothing, facts: [fact('address', event.data.url), fact('server', event.data.version)] };
    case 'landing/landed':
      return {
        ...nothing,
        facts: [fact('target', event.data.target), fact('commit', event.data.to), fact('checkout', event.data.checkout)],
        tree: event.data.tree,
      };
    case 'landing/batched':
      return { ...nothing, facts: [fact('led by', event.data.leader), fact('runs', event.data.runs.join(', '))], tree: event.data.tree };
    case 'landing/reworked':
      return { ...nothing, facts: [fact('onto', event.data.onto)], texts: [text('Sent back', event.data.text)], tree: event.data.tree };
    case 'landing/refused':
      return { ...nothing, texts: [text('Why', event.data.message), pre('Paths', event.data.paths.join('\n'))] };
    case 'run/concluded':
    case 'run/finished':
      return {
        ...nothing,
        facts: [
          fact('status', event.data.rejected === true ? 'rejected' : event.data.status),
          ...(event.data.by === undefined ? [] : [fact('by', event.data.by.replace(/^person:/, ''))]),
        ],
        texts: [text('Why', event.data.reason)],
      };
    default:
      return nothing;
  }
}

/** What two entries tell of one span, the earlier first; where they differ the later one is right. */
export const bothDetails = (earlier: SpanDetail, later: SpanDetail): SpanDetail => ({
  facts: [...earlier.facts, ...later.facts],
  texts: [...later.texts, ...earlier.texts],
  files: later.files.length > 0 ? later.files : earlier.files,
  tokens: later.tokens ?? earlier.tokens,
  cost: later.cost ?? earlier.cost,
  outputFile: later.outputFile ?? earlier.outputFile,
  tree: later.tree ?? earlier.tree,
});

const fact = (name: string, value: string) => ({ name, value });
const text = (title: string, body: string) => ({ title, text: body, preformatted: false });
const pre = (title: string, body: string) => ({ title, text: body, preformatted: true });

function ofCommand(evidence: CommandEvidence): SpanDetail {
  return {
    ...nothing,
    facts: [
      fact('command', evidence.command),
      fact('result', evidence.end === 'exited' ? `exit code ${evidence.exitCode ?? 'unknown'}` : evidence.end),
    ],
    texts: evidence.tail === '' ? [] : [pre(evidence.truncated ? 'End of the output (cut)' : 'End of the output', evidence.tail)],
    outputFile: evidence.outputFile,
  };
}

function ofMessage(message: EventData<'message/finished'>['message']): SpanDetail {
  const tools = message.tools.map((tool) => {
    const line = `${tool.status === 'error' ? '✗' : '✓'} ${tool.tool}: ${tool.title} (${Math.round(tool.durationMs)} ms)`;
    return tool.error === undefined ? line : `${line}\n    ${tool.error}`;
  });
  return {
    ...nothing,
    facts: [
      fact('model', `${message.provider}/${message.model}`),
      fact('agent', message.subagent ? `${message.agent} (subagent)` : message.agent),
    ],
    texts: [
      ...(message.error === null ? [] : [text('Error', message.error)]),
      ...(message.text === '' ? [] : [text('Text', message.text)]),
      ...(tools.length === 0 ? [] : [pre('Tool calls', tools.join('\n'))]),
    ],
    tokens: message.tokens,
    cost: addCost(noCost, message.costUsd, message.estimated),
  };
}
