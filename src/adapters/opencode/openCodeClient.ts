import type { Clock } from '../../base/clock.ts';
import { errorText, type Log } from '../../base/log.ts';
import type { ModelFacts } from '../../core/money/modelFacts.ts';
import type { AgentClient, FinishedMessage, ShellRequest, ShellResult, TurnRequest, TurnResult } from '../../core/ports/agent.ts';
import type { CommandEnclosure } from '../../core/ports/sandbox.ts';
import type { Grant } from './askDesk.ts';
import { conversationOf } from './conversation.ts';
import type { EventStream } from './eventStream.ts';
import { sealHome } from './gateHome.ts';
import { type InstructionCopy, layInstructions } from './instructionCopies.ts';
import { ModelPrices } from './modelPrices.ts';
import { endNested } from './nestedProcesses.ts';
import { PathGuard } from './pathGuard.ts';
import { newMessageId } from './promptId.ts';
import { ServerCallFailed, type ServerConnection } from './serverConnection.ts';
import { isSilent } from './serverSilence.ts';
import { ShellCommand } from './shellCommand.ts';
import { Turn } from './turn.ts';
import { warmUp } from './warmUp.ts';

export interface OpenCodeClientOptions {
  readonly connection: ServerConnection;
  readonly events: EventStream;
  readonly clock: Clock;
  readonly log: Log;
  readonly worktree: string;
  /** Files in it that the server's configuration has as instructions. */
  readonly instructions: readonly string[];
  /** Those of which it has copies instead. */
  readonly copies: readonly InstructionCopy[];
  /** Folder of the cell's home in which commands are prepared. */
  readonly commandFolder: string;
  /** Folder of the cell's home in which they leave what they print. */
  readonly outputFolder: string;
  /** The sandbox of a command; null for none. */
  readonly boundary: CommandEnclosure | null;
  readonly userEnv: NodeJS.ProcessEnv;
  readonly environment: Readonly<Record<string, string>>;
  readonly exited: Promise<unknown>;
  /** The first process of the server's sandbox, or the server. */
  readonly leader: number;
  /** Its configuration has what a warm-up needs. */
  readonly warmsUp: boolean;
}

/** A server that has answered so lately need not be asked whether it does. */
const JUST_NOW_MS = 500;

/** The client of one cell's server. */
export class OpenCodeClient implements AgentClient {
  readonly #options: OpenCodeClientOptions;
  readonly #guard: PathGuard;
  readonly #prices: ModelPrices;
  readonly #reported = new Set<string>();
  readonly #grants: Grant[] = [];
  readonly #unprompted = new Set<string>();
  #hasExited = false;

  constructor(options: OpenCodeClientOptions) {
    this.#options = options;
    const onExit = (): void => {
      this.#hasExited = true;
    };
    options.exited.then(onExit, onExit);
    this.#guard = new PathGuard(options.worktree, options.instructions);
    this.#prices = new ModelPrices(options.connection);
  }

  /** Has the server load its providers, which the first prompt needs, while the caller is busy with other things. */
  prepare(): void {
    this.#prices.facts('', '').catch(() => {
      // Whoever needs the prices asks again and hears why.
    });
  }

  async createSession(request: { readonly title: string }, signal?: AbortSignal): Promise<string> {
    const { connection } = this.#options;
    const session = await connection.call(
      'create session',
      (own) => connection.sdk.session.create({ title: request.title }, { signal: own }),
      { signal },
    );
    this.#unprompted.add(session.id);
    return session.id;
  }

  async hasSession(sessionId: string, signal?: AbortSignal): Promise<boolean> {
    const { connection } = this.#options;
    try {
      await connection.call('session', (own) => connection.sdk.session.get({ sessionID: sessionId }, { signal: own }), { signal });
      return true;
    } catch (error) {
      if (error instanceof ServerCallFailed && (error.status === 404 || error.status === 400)) return false;
      throw error;
    }
  }

  async warmUp(signal?: AbortSignal): Promise<void> {
    const { connection, log, warmsUp } = this.#options;
    if (!warmsUp) return;
    await warmUp(connection, signal).catch((error: unknown) =>
      log.log('debug', 'the server was not warmed up', { error: errorText(error) }),
    );
  }

  async answers(signal?: AbortSignal): Promise<boolean> {
    const { connection, clock, exited } = this.#options;
    if (!this.#hasExited && connection.hasAnsweredWithin(JUST_NOW_MS)) return true;
    return Promise.race([exited.then(() => false), isSilent(connection, clock, signal).then((silent) => !silent)]);
  }

  newPromptId(): string {
    return newMessageId(this.#options.clock.now());
  }

  async runTurn(request: TurnRequest, signal: AbortSignal): Promise<TurnResult> {
    const { boundary, copies, log, worktree } = this.#options;
    layInstructions(copies, worktree, log);
    if (boundary !== null && boundary.gateIn !== null) await sealHome(boundary.gateIn, log);
    const turn = new Turn(
      {
        ...this.#options,
        ...{ guard: this.#guard, prices: this.#prices, reported: this.#reported, grants: this.#grants },
        isUnprompted: this.#unprompted.delete(request.sessionId),
      },
      request,
    );
    let result: TurnResult;
    try {
      result = await turn.run(signal);
    } catch (error) {
      await this.#endLeft();
      throw error;
    }
    if (await this.#endLeft()) return result;
    return { ...result, end: 'serverGone', reason: 'what the agent left running could not be ended' };
  }

  /** Between turns and commands nothing of the agent's runs in a sandboxed cell. False when it could not be ended. */
  async #endLeft(): Promise<boolean> {
    const { boundary, clock, leader, log } = this.#options;
    if (boundary === null || (await endNested(clock, leader))) return true;
    log.log('warn', 'what the agent left running could not be ended');
    return false;
  }

  async endLeftovers(): Promise<boolean> {
    const { boundary, clock, leader } = this.#options;
    return boundary === null || boundary.gateIn === null || endNested(clock, leader);
  }

  shell(request: ShellRequest, signal: AbortSignal): Promise<ShellResult> {
    return new ShellCommand(this.#options, request).run(signal);
  }

  async modelFacts(model: string | null): Promise<ModelFacts | null> {
    if (model === null) return this.#prices.standard();
    const slash = model.indexOf('/');
    return this.#prices.facts(model.slice(0, slash), model.slice(slash + 1));
  }

  messages(sessionId: string, signal?: AbortSignal): Promise<readonly FinishedMessage[]> {
    const { connection } = this.#options;
    const { session } = connection.sdk;
    return conversationOf(
      {
        guard: this.#guard,
        messages: (sessionID) => connection.call('messages', (own) => session.messages({ sessionID }, { signal: own }), { signal }),
        children: async (sessionID) => {
          const children = await connection.call('children', (own) => session.children({ sessionID }, { signal: own }), { signal });
          return children.map(({ id }) => id);
        },
        facts: (provider, model) => this.#prices.facts(provider, model),
      },
      sessionId,
    );
  }
}
