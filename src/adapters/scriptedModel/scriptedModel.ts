import { createServer, type IncomingHttpHeaders, type ServerResponse } from 'node:http';
import type { Clock } from '../../base/clock.ts';

/** What a script sees of one request. */
export interface ModelCall {
  /** Number of the request since the server started, from 0. */
  readonly n: number;
  /** Assistant messages since the last user message: 0 for the first call of a turn. */
  readonly turn: number;
  /** Text of the last user message. */
  readonly prompt: string;
  /** Text of the whole conversation's user messages, oldest first. */
  readonly prompts: readonly string[];
  /** Text of the results of the tools called last, in order; empty on the first call of a turn. */
  readonly toolResults: readonly string[];
  /** True for requests without tools: titles and summaries. */
  readonly isTitle: boolean;
  /** Names of the tools the agent offers. */
  readonly tools: readonly string[];
  readonly model: string;
}

export interface ScriptedToolCall {
  readonly name: string;
  /** An object becomes JSON; text is sent as it is, also when it is not JSON. */
  readonly args: unknown;
}

/** Token counts as the OpenAI protocol reports them: `in` includes `cached`, `out` includes `reasoning`. */
export interface ScriptedUsage {
  readonly in: number;
  readonly out: number;
  readonly cached?: number;
  readonly reasoning?: number;
}

/** What the model does with one request. */
export type ModelAction =
  | {
      readonly do?: 'answer';
      readonly text?: string;
      readonly reasoning?: string;
      readonly tools?: readonly ScriptedToolCall[];
      /** 'none' leaves usage out. */
      readonly usage?: ScriptedUsage | 'none';
      readonly finish?: string;
      /** Pause before the first byte and between pieces of text, milliseconds. */
      readonly delayMs?: number;
      readonly chunkMs?: number;
      /** Stop after the text: `truncate` destroys the connection, `hang` keeps it open and silent. */
      readonly then?: 'truncate' | 'hang';
    }
  /** A status other than 200. */
  | {
      readonly do: 'fail';
      readonly status: number;
      readonly headers?: Readonly<Record<string, string>>;
      readonly body?: unknown;
      readonly delayMs?: number;
    }
  /** Status 200 with this body, whatever it is. */
  | { readonly do: 'raw'; readonly body: string; readonly contentType?: string; readonly delayMs?: number }
  /** Accept the request and never answer. */
  | { readonly do: 'hang' }
  /** Close the connection without an answer. */
  | { readonly do: 'drop' };

export type ModelScript = (call: ModelCall) => ModelAction | Promise<ModelAction>;

export interface LoggedCall extends ModelCall {
  /** Milliseconds since the epoch at which the request had been read. */
  readonly at: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: ChatRequest;
  /** True when the caller closed the connection before the answer was complete. */
  abandoned: boolean;
}

export interface ScriptedModel {
  readonly port: number;
  /** Base URL of the OpenAI-compatible interface. */
  readonly url: string;
  /** The latest requests, oldest first; at most 10,000. */
  readonly calls: readonly LoggedCall[];
  setScript(script: ModelScript): void;
  stop(): Promise<void>;
}

interface ChatMessage {
  readonly role: string;
  readonly content?: unknown;
}
export interface ChatRequest {
  readonly model?: string;
  readonly messages?: readonly ChatMessage[];
  readonly tools?: readonly { readonly function?: { readonly name?: string } }[];
}

const MAX_LOGGED = 10_000;
const PIECE_LENGTH = 40;

const textOf = (content: unknown): string => {
  if (typeof content === 'string') return content;
  if (!Array.isArray(content)) return '';
  return content.map((part: { text?: unknown }) => (typeof part.text === 'string' ? part.text : '')).join('');
};

const callOf = (n: number, body: ChatRequest): ModelCall => {
  const messages = body.messages ?? [];
  const lastUser = messages.findLastIndex((message) => message.role === 'user');
  const since = messages.slice(lastUser + 1);
  const lastAnswer = since.findLastIndex((message) => message.role === 'assistant');
  return {
    n,
    turn: since.filter((message) => message.role === 'assistant').length,
    prompt: textOf(messages[lastUser]?.content),
    prompts: messages.filter((message) => message.role === 'user').map((message) => textOf(message.content)),
    toolResults: since
      .slice(lastAnswer + 1)
      .filter((message) => message.role === 'tool')
      .map((message) => textOf(message.content)),
    isTitle: !body.tools?.length,
    tools: (body.tools ?? []).map((tool) => tool.function?.name ?? ''),
    model: body.model ?? '',
  };
};

async function stream(
  clock: Clock,
  response: ServerResponse,
  id: number,
  model: string,
  action: ModelAction & { do?: 'answer' },
): Promise<void> {
  response.writeHead(200, { 'content-type': 'text/event-stream' });
  const head = { id: `scripted-${id}`, object: 'chat.completion.chunk', created: 1, model };
  const send = (chunk: object) => response.write(`data: ${JSON.stringify({ ...head, ...chunk })}\n\n`);
  const delta = (piece: object, finish: string | null = null) => send({ choices: [{ index: 0, delta: piece, finish_reason: finish }] });
  delta({ role: 'assistant', content: '' });
  if (action.reasoning) delta({ reasoning_content: action.reasoning });
  for (let from = 0; from < (action.text ?? '').length; from += PIECE_LENGTH) {
    delta({ content: action.text?.slice(from, from + PIECE_LENGTH) });
    if (action.chunkMs) await clock.sleep(action.chunkMs);
    if (response.destroyed) return;
  }
  if (action.then === 'hang') return;
  if (action.then === 'truncate') {
    // Bytes already written must reach the reader, or this would be no more than a refused connection.
    await new Promise<void>((resolve) => response.write('data: {"id":"scripted-', () => resolve()));
    await clock.sleep(50);
    response.socket?.destroy();
    return;
  }
  for (const [index, tool] of (action.tools ?? []).entries()) {
    const args = typeof tool.args === 'string' ? tool.args : JSON.stringify(tool.args);
    delta({ tool_calls: [{ index, id: `call_${id}_${index}`, type: 'function', function: { name: tool.name, arguments: args } }] });
  }
  delta({}, action.finish ?? (action.tools?.length ? 'tool_calls' : 'stop'));
  if (action.usage !== 'none') {
    const usage = action.usage ?? { in: 1000, out: 50 };
    send({
      choices: [],
      usage: {
        prompt_tokens: usage.in,
        completion_tokens: usage.out,
        total_tokens: usage.in + usage.out,
        prompt_tokens_details: { cached_tokens: usage.cached ?? 0 },
        completion_tokens_details: { reasoning_tokens: usage.reasoning ?? 0 },
      },
    });
  }
  response.end('data: [DONE]\n\n');
}

async function perform(clock: Clock, response: ServerResponse, call: ModelCall, action: ModelAction): Promise<void> {
  if (action.do === 'hang') return;
  if (action.do === 'drop') {
    response.socket?.destroy();
    return;
  }
  if (action.delayMs) await clock.sleep(action.delayMs);
  if (response.destroyed) return;
  switch (action.do) {
    case 'fail': {
      const body = action.body ?? { error: { message: `scripted ${action.status}`, type: 'server_error', code: action.status } };
      response.writeHead(action.status, { 'content-type': 'application/json', ...action.headers });
      response.end(typeof body === 'string' ? body : JSON.stringify(body));
      return;
    }
    case 'raw':
      response.writeHead(200, { 'content-type': action.contentType ?? 'text/event-stream' });
      response.end(action.body);
      return;
    default:
      await stream(clock, response, call.n, call.model, action);
  }
}

/**
 * A language model that does what a script says, on loopback, speaking the OpenAI chat protocol with streaming.
 * @param options.port 0 for any free port.
 */
export async function startScriptedModel(options: {
  readonly clock: Clock;
  readonly port?: number;
  readonly script: ModelScript;
}): Promise<ScriptedModel> {
  let script = options.script;
  let count = 0;
  const calls: LoggedCall[] = [];
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('error', () => response.destroy());
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      if (request.url?.endsWith('/models')) {
        response.end(JSON.stringify({ object: 'list', data: [] }));
        return;
      }
      const answer = async (): Promise<void> => {
        const body = JSON.parse(Buffer.concat(chunks).toString('utf8') || '{}') as ChatRequest;
        const logged: LoggedCall = { ...callOf(count++, body), at: options.clock.now(), headers: request.headers, body, abandoned: false };
        calls.push(logged);
        if (calls.length > MAX_LOGGED) calls.shift();
        response.on('close', () => {
          logged.abandoned = !response.writableEnded;
        });
        await perform(options.clock, response, logged, await script(logged));
      };
      answer().catch((error: unknown) => {
        if (!response.headersSent) response.writeHead(500, { 'content-type': 'application/json' });
        response.end(JSON.stringify({ error: { message: `the script failed: ${String(error)}` } }));
      });
    });
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(options.port ?? 0, '127.0.0.1', resolve);
  });
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('the scripted model has no port');
  return {
    port: address.port,
    url: `http://127.0.0.1:${address.port}/v1`,
    calls,
    setScript: (next) => {
      script = next;
    },
    stop: () =>
      new Promise<void>((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
