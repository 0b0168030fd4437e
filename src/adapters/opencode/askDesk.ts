import type { PermissionRequest, QuestionRequest } from '@opencode-ai/sdk/v2/client';
import type { Clock } from '../../base/clock.ts';
import { errorText, type Log } from '../../base/log.ts';
import type { PermissionAsk, PermissionReply, QuestionAsk, TurnRequest } from '../../core/ports/agent.ts';
import type { PathGuard } from './pathGuard.ts';
import { ServerCallFailed, type ServerConnection } from './serverConnection.ts';

const REFUSE_LIMIT_MS = 5_000;
/** Before an answer that did not reach the server is sent again; after the last, the next look at the server sends it anew. */
const PAUSES_MS = [250, 500, 1_000, 2_000];

/** What is known of a tool's call while it runs. */
export interface KnownCall {
  readonly tool: string;
  readonly input: Readonly<Record<string, unknown>>;
}

type AskKind = 'permission' | 'question';

interface OpenAsk {
  readonly kind: AskKind;
  readonly close: AbortController;
}

/** Sends an answer that has been decided. */
type Send = () => Promise<unknown>;

interface Grant {
  readonly permission: string;
  readonly pattern: RegExp;
}

/**
 * Carries the agent's permission requests and questions to whoever answers them and the answers back. Each is asked once, however
 * often it is seen, and the time they are open is measured. An answer that does not reach the server is sent again until the turn ends.
 */
export class AskDesk {
  readonly #connection: ServerConnection;
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #guard: PathGuard;
  readonly #request: Pick<TurnRequest, 'onPermission' | 'onQuestion'>;
  readonly #call: (callId: string) => KnownCall | undefined;
  readonly #seen = new Set<string>();
  readonly #open = new Map<string, OpenAsk>();
  readonly #sent = new Set<string>();
  readonly #grants: Grant[];
  readonly #allowedOutside = new Set<string>();
  readonly #work = new Set<Promise<void>>();
  /** Answers that have been decided and that the server is not known to have. */
  readonly #undelivered = new Map<string, { readonly kind: AskKind; readonly send: Send }>();
  readonly #ended = new AbortController();
  #openSince = 0;
  #openMs = 0;
  #hasRejected = false;

  constructor(options: {
    readonly connection: ServerConnection;
    readonly clock: Clock;
    readonly log: Log;
    readonly guard: PathGuard;
    readonly request: Pick<TurnRequest, 'onPermission' | 'onQuestion'>;
    /** What `always` was answered to in this cell; added to. */
    readonly grants: Grant[];
    readonly callOf: (callId: string) => KnownCall | undefined;
  }) {
    this.#connection = options.connection;
    this.#clock = options.clock;
    this.#log = options.log;
    this.#guard = options.guard;
    this.#request = options.request;
    this.#grants = options.grants;
    this.#call = options.callOf;
  }

  get isOpen(): boolean {
    return this.#open.size > 0;
  }

  /** True once an answer was a refusal without words, which ends the agent's turn. */
  get hasRejected(): boolean {
    return this.#hasRejected;
  }

  /** How long something was waiting for an answer, milliseconds. */
  get openMs(): number {
    return this.#openMs + (this.isOpen ? this.#clock.monotonic() - this.#openSince : 0);
  }

  /** True when the tool's call was allowed, on our side, to leave the worktree. */
  isAllowedOutside(callId: string): boolean {
    return this.#allowedOutside.has(callId);
  }

  permission(asked: PermissionRequest): void {
    this.#start(asked.id, 'permission', async (signal) => {
      const ask = this.#permissionAsk(asked);
      const isGranted =
        asked.patterns.length > 0 &&
        asked.patterns.every((pattern) =>
          this.#grants.some((grant) => grant.permission === asked.permission && grant.pattern.test(pattern)),
        );
      const reply: PermissionReply = isGranted
        ? { reply: 'once' }
        : await this.#request.onPermission(ask, signal).catch((error: unknown) => this.#failed(error));
      if (reply.reply === 'always')
        for (const pattern of asked.always) this.#grants.push({ permission: asked.permission, pattern: globOf(pattern) });
      if (reply.reply !== 'reject' && asked.permission === 'external_directory' && asked.tool) this.#allowedOutside.add(asked.tool.callID);
      if (signal.aborted) return null;
      if (reply.reply === 'reject' && !reply.message) this.#hasRejected = true;
      this.#sent.add(asked.id);
      // Never `always` to the server: it would answer later requests itself, which looks the same as an agent that answers its own.
      const answer = {
        requestID: asked.id,
        reply: reply.reply === 'always' ? 'once' : reply.reply,
        ...(reply.message ? { message: reply.message } : {}),
      } as const;
      return () => this.#connection.call('permission reply', (own) => this.#connection.sdk.permission.reply(answer, { signal: own }));
    });
  }

  question(asked: QuestionRequest): void {
    this.#start(asked.id, 'question', async (signal) => {
      const ask: QuestionAsk = {
        id: asked.id,
        sessionId: asked.sessionID,
        questions: asked.questions.map((question) => ({
          text: question.question,
          header: question.header,
          options: question.options.map((option) => option.label),
          multiple: question.multiple ?? false,
        })),
      };
      const answers = await this.#request.onQuestion(ask, signal).catch((error: unknown) => {
        this.#failed(error);
        return null;
      });
      if (signal.aborted) return null;
      const { question } = this.#connection.sdk;
      const requestID = asked.id;
      if (answers === null) {
        this.#hasRejected = true;
        return () => this.#connection.call('question reject', (own) => question.reject({ requestID }, { signal: own }));
      }
      const answer = { requestID, answers: answers.map((chosen) => [...chosen]) };
      return () => this.#connection.call('question reply', (own) => question.reply(answer, { signal: own }));
    });
  }

  /** An answer arrived at the server. False when it allows something and did not come from here. */
  isOurs(requestId: string, reply: string): boolean {
    if (this.#sent.has(requestId)) return true;
    this.#close(requestId);
    return reply === 'reject';
  }

  hasSeen(requestId: string): boolean {
    return this.#seen.has(requestId);
  }

  /** A question was answered or withdrawn on the server. */
  withdrawn(requestId: string): void {
    this.#close(requestId);
  }

  /** Compares with what the server still has open. Returns the permissions that vanished without an answer from here. */
  reconcile(permissions: readonly PermissionRequest[] | null, questions: readonly QuestionRequest[]): readonly string[] {
    const present = new Set([...(permissions ?? []), ...questions].map((ask) => ask.id));
    const isListed = ({ kind }: OpenAsk): boolean => kind === 'question' || permissions !== null;
    const vanished = [...this.#open].filter(([id, ask]) => isListed(ask) && !present.has(id) && !this.#sent.has(id));
    for (const [id] of vanished) this.#close(id);
    for (const ask of permissions ?? []) this.permission(ask);
    for (const ask of questions) this.question(ask);
    return vanished.filter(([, ask]) => ask.kind === 'permission').map(([id]) => id);
  }

  /** Ends every open ask; resolves when their handlers have. The server, while there is one, would keep them open for ever. */
  async dispose(reason: unknown, hasServer: boolean): Promise<void> {
    this.#ended.abort(reason);
    const left = [...this.#open].filter(([id]) => !this.#sent.has(id));
    for (const [, { close }] of left) close.abort(reason);
    if (hasServer) await Promise.allSettled(left.map(([id, ask]) => this.#refuse(id, ask.kind)));
    await Promise.allSettled(this.#work);
    if (hasServer) await Promise.allSettled([...this.#undelivered].map(([id, { kind }]) => this.#refuse(id, kind)));
  }

  async #refuse(requestID: string, kind: AskKind): Promise<void> {
    const { sdk } = this.#connection;
    this.#sent.add(requestID);
    const options = { timeoutMs: REFUSE_LIMIT_MS };
    if (kind === 'permission')
      await this.#connection.call(
        'permission reply',
        (signal) => sdk.permission.reply({ requestID, reply: 'reject' }, { signal }),
        options,
      );
    else await this.#connection.call('question reject', (signal) => sdk.question.reject({ requestID }, { signal }), options);
  }

  #permissionAsk(asked: PermissionRequest): PermissionAsk {
    const call = asked.tool === undefined ? undefined : this.#call(asked.tool.callID);
    const named = asked.metadata['filepath'];
    const paths =
      typeof named === 'string' ? named.split(',').map((path) => path.trim()) : asked.permission === 'edit' ? asked.patterns : [];
    return {
      id: asked.id,
      sessionId: asked.sessionID,
      permission: asked.permission,
      patterns: asked.patterns,
      tool: call?.tool ?? null,
      paths: paths.filter((path) => path !== '').map((path) => this.#guard.absolute(path)),
    };
  }

  /** @param decide gives null when there is nothing to answer any more. */
  #start(id: string, kind: AskKind, decide: (signal: AbortSignal) => Promise<Send | null>): void {
    if (this.#seen.has(id)) return;
    this.#seen.add(id);
    const close = new AbortController();
    if (!this.isOpen) this.#openSince = this.#clock.monotonic();
    this.#open.set(id, { kind, close });
    const decided = this.#undelivered.get(id)?.send;
    const work = (decided === undefined ? decide(close.signal) : Promise.resolve(decided))
      .then((send) => (send === null ? undefined : this.#deliver(id, kind, send, close.signal)))
      .catch((error: unknown) => {
        this.#log.log('warn', `the answer to a ${kind} did not reach the server`, { error: errorText(error) });
      })
      .finally(() => {
        this.#remove(id);
        this.#work.delete(work);
      });
    this.#work.add(work);
  }

  /** @throws what the last try failed with; then the ask counts as not seen, so that a look at the server brings it back. */
  async #deliver(id: string, kind: AskKind, send: Send, signal: AbortSignal): Promise<void> {
    this.#undelivered.set(id, { kind, send });
    for (let tries = 0; ; tries += 1) {
      try {
        await send();
        break;
      } catch (error) {
        // Gone meanwhile (the turn was stopped, or somebody else answered): there is nothing left to answer.
        if (signal.aborted || (error instanceof ServerCallFailed && error.status === 404)) break;
        const pauseMs = PAUSES_MS[tries];
        if (pauseMs === undefined) this.#seen.delete(id);
        if (pauseMs === undefined || this.#ended.signal.aborted || !(error instanceof ServerCallFailed)) throw error;
        await this.#clock.sleep(pauseMs, AbortSignal.any([signal, this.#ended.signal])).catch(() => {});
        if (signal.aborted) break;
        if (this.#ended.signal.aborted) throw error;
      }
    }
    this.#undelivered.delete(id);
  }

  #close(id: string): void {
    this.#open.get(id)?.close.abort(new Error('it was answered on the server'));
    this.#remove(id);
  }

  #remove(id: string): void {
    if (!this.#open.delete(id) || this.isOpen) return;
    this.#openMs += this.#clock.monotonic() - this.#openSince;
  }

  #failed(error: unknown): PermissionReply {
    this.#log.log('error', 'an ask of the agent could not be answered and is refused', { error: errorText(error) });
    return { reply: 'reject' };
  }
}

export type { Grant };

const globOf = (pattern: string): RegExp =>
  new RegExp(
    `^${pattern
      .replace(/[.+^${}()|[\]\\]/g, '\\$&')
      .replaceAll('*', '.*')
      .replaceAll('?', '.')}$`,
    's',
  );
