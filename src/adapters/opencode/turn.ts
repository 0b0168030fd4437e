import type { AssistantMessage, Message, Part, Event as ServerEvent } from '@opencode-ai/sdk/v2/client';
import type { Clock } from '../../base/clock.ts';
import { DisposableStore } from '../../base/lifecycle.ts';
import type { Log } from '../../base/log.ts';
import type { TurnRequest, TurnResult } from '../../core/ports/agent.ts';
import { AskDesk, type Grant, type KnownCall } from './askDesk.ts';
import { BrokenAnswers } from './brokenAnswers.ts';
import { DEATH_IS_KNOWN_MS, endedWithin } from './endedWithin.ts';
import type { EventStream } from './eventStream.ts';
import { errorSentence, finishedMessage, isFinished } from './finishedMessage.ts';
import { JoinedTurn } from './joinedTurn.ts';
import { MessageReports } from './messageReports.ts';
import type { ModelPrices } from './modelPrices.ts';
import type { PathGuard } from './pathGuard.ts';
import { sendPrompt } from './sendPrompt.ts';
import { ServerCallFailed, type ServerConnection } from './serverConnection.ts';
import { isSilent, LOOK_LIMIT_MS, SILENT_LOOKS } from './serverSilence.ts';
import { toolTitle } from './toolCall.ts';
import { TurnMeter } from './turnMeter.ts';
import { TurnSessions } from './turnSessions.ts';
import { ViolationWatch } from './violationWatch.ts';

const TICK_MS = 250;
/** Between looks at the server's state, in case an event was lost. */
const LOOK_EVERY_MS = 3_000;
/** A turn of which the server shows nothing, and which it does not call busy, has not begun. */
const BEGIN_WITHIN_MS = 20_000;

export interface TurnContext {
  readonly connection: ServerConnection;
  readonly events: EventStream;
  readonly clock: Clock;
  readonly log: Log;
  readonly guard: PathGuard;
  readonly prices: ModelPrices;
  /** Messages already reported in this cell; added to. */
  readonly reported: Set<string>;
  readonly grants: Grant[];
  readonly exited: Promise<unknown>;
  /** The conversation was begun by this client and has had no prompt. */
  readonly isUnprompted: boolean;
}

type Ending = Pick<TurnResult, 'end' | 'limit' | 'reason'>;
const SILENCE: Ending = { end: 'serverGone', reason: 'the agent server lives and does not answer' };

/** One prompt, followed to its end. The server's messages and status decide when that is; events only say when to look. */
export class Turn {
  readonly #context: TurnContext;
  readonly #request: TurnRequest;
  readonly #desk: AskDesk;
  readonly #meter: TurnMeter;
  readonly #subscriptions = new DisposableStore();
  readonly #sessions: TurnSessions;
  readonly #watch: ViolationWatch;
  readonly #joined: JoinedTurn;
  readonly #reports: MessageReports;
  readonly #before = new Set<string>();
  readonly #calls = new Map<string, KnownCall>();
  readonly #startedCalls = new Set<string>();
  readonly #textParts = new Set<string>();
  readonly #broken = new BrokenAnswers();
  /** The first answer to each prompt; ids of messages rise with time. */
  readonly #firstAnswers = new Map<string, string>();
  #ending: Ending | undefined;
  /** The messages of the turn's own session when the server was done. */
  #settled: readonly Message[] | undefined;
  #wake: () => void = () => {};
  #mustLook = false;
  #silentLooks = 0;
  #isStreamBroken = false;
  #failure: string | undefined;
  #startedAt = 0;

  constructor(context: TurnContext, request: TurnRequest) {
    this.#context = context;
    this.#request = request;
    this.#sessions = new TurnSessions(context.connection, request.sessionId);
    this.#watch = new ViolationWatch(context.guard, context.log, (violation) => request.onEvent({ type: 'violated', violation }));
    this.#reports = new MessageReports({ ...context, announce: (info, parts) => this.#announce(info, parts) });
    this.#desk = new AskDesk({ ...context, request, callOf: (callId) => this.#calls.get(callId) });
    this.#joined = new JoinedTurn(request, this.#desk);
    this.#meter = new TurnMeter(request.limits, context.clock);
  }

  async run(signal: AbortSignal): Promise<TurnResult> {
    const { clock, connection, events, exited, log } = this.#context;
    this.#startedAt = clock.monotonic();
    const abort = (): void => this.#end({ end: 'aborted', reason: 'the turn was cancelled' });
    if (signal.aborted) return this.#result({ end: 'aborted', reason: 'the turn was cancelled' });
    signal.addEventListener('abort', abort, { once: true });
    this.#subscriptions.add({ dispose: () => signal.removeEventListener('abort', abort) });
    this.#subscriptions.add(events.onEvent((event) => this.#onEvent(event)));
    this.#subscriptions.add(
      events.onDidReconnect(() => {
        this.#isStreamBroken = true;
        this.#look();
      }),
    );
    exited.then(
      () => this.#end({ end: 'serverGone', reason: 'the agent server ended' }),
      () => {},
    );
    try {
      await this.#prompt();
      await this.#follow();
    } catch (error) {
      if (!(error instanceof ServerCallFailed)) throw error;
      // A connection that breaks is heard of before the death of the process that broke it.
      const isUnheard = error.status === null && !(await endedWithin(exited, DEATH_IS_KNOWN_MS, clock));
      if (isUnheard && (await isSilent(connection, clock, signal))) this.#end(SILENCE);
      this.#end({ end: 'error', reason: error.message });
    } finally {
      this.#subscriptions.dispose();
      await this.#desk.dispose(new Error('the turn has ended'), this.#ending?.end !== 'serverGone');
    }
    const ending = this.#ending ?? { end: 'error', reason: 'the turn ended without a reason' };
    if (ending.end !== 'serverGone') {
      if (ending.end === 'limit' || ending.end === 'aborted' || ending.end === 'error') await this.#sessions.stop(clock, log);
      await this.#reportMissing();
    }
    await this.#reports.settled();
    return this.#result(ending);
  }

  #result(ending: Ending): TurnResult {
    return { ...ending, steps: this.#meter.steps, violations: this.#watch.found };
  }

  async #prompt(): Promise<void> {
    const { connection } = this.#context;
    const messages = this.#context.isUnprompted ? [] : await this.#sessions.foundMessages();
    const joined = this.#joined.join(messages);
    for (const { id } of joined?.before ?? messages) this.#before.add(id);
    if (joined !== null) return this.#goOn(joined.since);
    const unknown = await sendPrompt(connection, this.#request);
    if (unknown !== null) return this.#end({ end: 'error', reason: unknown });
    this.#meter.progress();
  }

  /** The server has the prompt already. What it did since is read from its messages, as the event stream has no replay. */
  #goOn(since: readonly Message[]): void {
    for (const { id, role } of since) if (role === 'assistant') this.#meter.callBefore(id);
    for (const id of this.#request.reported ?? []) this.#context.reported.add(id);
    this.#isStreamBroken = true;
    this.#look();
  }

  async #follow(): Promise<void> {
    const { clock } = this.#context;
    let lookedAt = clock.monotonic();
    while (!this.#ending) {
      if (this.#mustLook || clock.monotonic() - lookedAt >= LOOK_EVERY_MS) {
        this.#mustLook = false;
        await this.#lookAtServer();
        lookedAt = clock.monotonic();
        continue;
      }
      const limit = this.#meter.exceeded(this.#desk);
      if (limit) {
        this.#end(limit);
        return;
      }
      await new Promise<void>((resolve) => {
        const timer = clock.schedule(TICK_MS, resolve);
        this.#wake = () => {
          timer.dispose();
          resolve();
        };
        if (this.#mustLook || this.#ending) this.#wake();
      });
    }
  }

  #end(ending: Ending): void {
    this.#ending ??= ending;
    this.#wake();
  }

  #look(): void {
    this.#mustLook = true;
    this.#wake();
  }

  /** Reads sessions, asks, status and messages, and ends the turn when they say that it is over. */
  async #lookAtServer(): Promise<void> {
    const { connection } = this.#context;
    try {
      const [status, permissions, questions] = await Promise.all([
        connection.call('status', (signal) => connection.sdk.session.status({}, { signal }), { timeoutMs: LOOK_LIMIT_MS }),
        // The server can't list them while one is open that lacks an optional field; what is known stays open then.
        connection
          .call('permissions', (signal) => connection.sdk.permission.list({}, { signal }), { timeoutMs: LOOK_LIMIT_MS })
          .catch(() => null),
        connection.call('questions', (signal) => connection.sdk.question.list({}, { signal }), { timeoutMs: LOOK_LIMIT_MS }),
      ]);
      this.#silentLooks = 0;
      // Requests of sessions that are not this turn's are left over from a turn that was stopped.
      if ([...(permissions ?? []), ...questions].some((ask) => !this.#sessions.has(ask.sessionID))) await this.#sessions.find();
      const mine = {
        permissions: permissions?.filter((ask) => this.#sessions.has(ask.sessionID)) ?? null,
        questions: questions.filter((ask) => this.#sessions.has(ask.sessionID)),
      };
      if (permissions === null && this.#joined.isBlind()) {
        return this.#end({ end: 'serverGone', reason: 'what its agent waits for could not be read' });
      }
      const vanished = this.#desk.reconcile(mine.permissions, mine.questions);
      if (this.#isStreamBroken) {
        this.#isStreamBroken = false;
        for (const id of vanished) this.#watch.foreign(id, `permission request ${id} was answered by somebody else`);
        await this.#sessions.find();
        await this.#reportMissing();
        this.#joined.looked();
      }
      const state = status[this.#request.sessionId]?.type ?? 'idle';
      if (state !== 'idle' || this.#desk.isOpen) return;
      await this.#settle();
    } catch (error) {
      if (this.#ending) return;
      if (!(error instanceof ServerCallFailed)) throw error;
      // A server that does not answer is gone, which its process tells, or it is stopped or stuck.
      if (error.status === null) this.#silentLooks += 1;
      if (this.#silentLooks >= SILENT_LOOKS) this.#end(SILENCE);
      this.#context.log.log('warn', 'the agent server did not answer', { error: error.message });
    }
  }

  async #settle(): Promise<void> {
    const [messages] = await Promise.all([this.#sessions.own(), this.#sessions.find()]);
    const fresh = messages.filter(({ info }) => !this.#before.has(info.id));
    const last = fresh.at(-1);
    if (last?.info.role === 'assistant' && isFinished(last.info)) {
      if (!this.#ending) this.#settled = messages.map(({ info }) => info);
      return this.#end(this.#endingOf(last.info, last.parts));
    }
    if (this.#failure !== undefined) return this.#end({ end: 'error', reason: this.#failure });
    if (this.#context.clock.monotonic() - this.#startedAt - this.#desk.openMs > BEGIN_WITHIN_MS && last?.info.role !== 'assistant') {
      this.#end({ end: 'error', reason: 'the agent server took the prompt and did nothing with it' });
    }
  }

  #endingOf(info: AssistantMessage, parts: readonly Part[]): Ending {
    if (this.#desk.hasRejected && parts.some((part) => part.type === 'tool' && part.state.status === 'error')) {
      return { end: 'rejected', reason: 'a permission or question of the agent was refused' };
    }
    if (info.error !== undefined) return { end: 'error', reason: errorSentence(info.error) };
    return { end: 'done' };
  }

  #onEvent(event: ServerEvent): void {
    switch (event.type) {
      case 'session.created':
        this.#sessions.adopt(event.properties.info);
        return;
      case 'session.updated':
        if (
          event.properties.info.id === this.#request.sessionId &&
          event.properties.info.permission?.some((rule) => rule.action === 'allow')
        ) {
          this.#watch.foreign('session', "the permissions of the agent's session were changed by somebody else");
        }
        return;
      case 'message.updated':
        if (event.properties.info.role === 'assistant') this.#onMessage(event.properties.info);
        return;
      case 'message.part.updated':
        this.#onPart(event.properties.part);
        return;
      case 'message.part.delta':
        if (!this.#sessions.has(event.properties.sessionID)) return;
        this.#meter.progress();
        this.#broken.received(event.properties.messageID, event.properties.delta.length);
        if (this.#textParts.has(event.properties.partID) && !this.#before.has(event.properties.messageID)) {
          this.#request.onEvent({ type: 'text', messageId: event.properties.messageID, delta: event.properties.delta });
        }
        return;
      case 'permission.asked':
        if (this.#sessions.has(event.properties.sessionID)) this.#desk.permission(event.properties);
        else this.#look();
        this.#meter.progress();
        return;
      case 'question.asked':
        if (this.#sessions.has(event.properties.sessionID)) this.#desk.question(event.properties);
        else this.#look();
        this.#meter.progress();
        return;
      case 'permission.replied': {
        const { requestID, reply } = event.properties;
        this.#meter.progress();
        if (this.#joined.isJoining && !this.#desk.hasSeen(requestID)) return;
        if (!this.#desk.isOurs(requestID, reply)) {
          this.#watch.foreign(
            requestID,
            `permission request ${requestID} was answered "${reply}" by somebody else, most likely by the agent itself`,
          );
        }
        return;
      }
      case 'question.replied':
      case 'question.rejected':
        this.#desk.withdrawn(event.properties.requestID);
        this.#meter.progress();
        return;
      case 'session.status':
        this.#onStatus(event.properties.sessionID, event.properties.status);
        return;
      case 'session.idle':
        if (event.properties.sessionID === this.#request.sessionId) this.#look();
        return;
      case 'session.error':
        if (event.properties.sessionID === this.#request.sessionId && event.properties.error) {
          this.#failure = errorSentence(event.properties.error);
          this.#look();
        }
        return;
      case 'server.instance.disposed':
        this.#watch.foreign('disposed', "the agent server's configuration was replaced or reloaded by somebody else");
        return;
      default:
    }
  }

  #onStatus(sessionId: string, status: { readonly type: string; readonly attempt?: number; readonly message?: string }): void {
    if (!this.#sessions.has(sessionId)) return;
    this.#meter.progress();
    if (status.type === 'retry') {
      this.#meter.retry(`${sessionId}:${status.attempt}`);
      this.#broken.retried(sessionId);
      this.#request.onEvent({ type: 'retrying', attempt: status.attempt ?? 0, message: (status.message ?? '').slice(0, 1_000) });
    } else if (status.type === 'idle' && sessionId === this.#request.sessionId) this.#look();
  }

  #heard(info: AssistantMessage): void {
    const first = this.#firstAnswers.get(info.parentID);
    if (first === undefined || info.id < first) this.#firstAnswers.set(info.parentID, info.id);
    this.#broken.message(info.sessionID, info.id);
    this.#meter.call(info.id);
  }

  #onMessage(info: AssistantMessage): void {
    if (!this.#sessions.has(info.sessionID) || this.#before.has(info.id)) return;
    this.#heard(info);
    if (isFinished(info)) {
      this.#reports.report(info.sessionID, info.id);
      if (info.sessionID === this.#request.sessionId && info.finish !== 'tool-calls') this.#look();
    }
    const limit = this.#meter.exceeded(this.#desk);
    if (limit) this.#end(limit);
  }

  #onPart(part: Part): void {
    if (!this.#sessions.has(part.sessionID) || this.#before.has(part.messageID)) return;
    this.#meter.progress();
    if (part.type === 'text') this.#textParts.add(part.id);
    if (part.type === 'step-start') this.#meter.step(part.messageID, part.id);
    if (part.type === 'step-finish') this.#broken.finished(part.messageID);
    if (part.type !== 'tool') return;
    const { state, callID, tool } = part;
    this.#calls.set(callID, { tool, input: state.input });
    if (state.status === 'running' && !this.#startedCalls.has(callID)) {
      this.#startedCalls.add(callID);
      this.#request.onEvent({
        type: 'toolStarted',
        callId: callID,
        tool,
        title: toolTitle(tool, state.input, this.#context.guard, state.title),
      });
    }
    if (!this.#desk.isAllowedOutside(callID)) this.#watch.call(callID, tool, state);
  }

  async #announce(info: AssistantMessage, parts: readonly Part[]): Promise<void> {
    const { guard, prices } = this.#context;
    for (const part of parts) {
      if (part.type === 'tool' && !this.#desk.isAllowedOutside(part.callID)) this.#watch.call(part.callID, part.tool, part.state);
    }
    const subagent = this.#sessions.isSubagent(info.sessionID);
    const isFirst = this.#firstAnswers.get(info.parentID) === info.id;
    const facts = await prices.facts(info.providerID, info.modelID);
    const broken = this.#broken.callsOf(info.id);
    const message = finishedMessage(info, parts, { subagent, isFirst, facts, guard, broken });
    this.#request.onEvent({ type: 'messageFinished', message });
  }

  /** What the event stream may have missed. */
  async #reportMissing(): Promise<void> {
    try {
      for (const info of await this.#sessions.foundMessages(this.#settled)) {
        if (info.role !== 'assistant' || this.#before.has(info.id)) continue;
        this.#heard(info);
        if (isFinished(info)) this.#reports.report(info.sessionID, info.id);
      }
    } catch (error) {
      if (!(error instanceof ServerCallFailed)) throw error;
      this.#context.log.log('warn', 'the messages of a turn could not be read again', { error: error.message });
    }
  }
}
