import type { Result } from '../../base/result.ts';
import type { PermissionRule } from '../model/permissionRule.ts';
import type { CellLimits } from '../model/sandboxSpec.ts';
import type { TokenCounts } from '../model/tokens.ts';
import type { Operation } from '../money/charge.ts';
import type { ModelFacts } from '../money/modelFacts.ts';
import type { ProcessIdentity } from './processes.ts';
import type { CellBoundary } from './sandbox.ts';

export interface StartServer {
  /** The cell's id: the value of CELL_MARKER in the environment of the server and of all it starts. */
  readonly cell: string;
  /** The server's working directory (INV-002). May still be filling with files while the server starts, or not be there before `before` is settled. */
  readonly worktree: string;
  /** What the process waits for. When it rejects, none is started, and so does the start. */
  readonly before?: Promise<unknown>;
  /** What nothing of the server may be used before. When it rejects, the server is ended, and so does the start. */
  readonly beforeUse?: Promise<unknown>;
  /** The cell's own folder for the server's data, configuration, cache, state and temporary files. */
  readonly home: string;
  /** Folder whose project configuration (opencode.json) may contribute what is safe: model, agents, instructions. */
  readonly projectFolder: string;
  readonly port: number;
  /** provider/model, or null for the one the user's own configuration names. */
  readonly model: string | null;
  /** Rules that end up in the server; what they leave to ask comes as a `permissionAsked` callback. Last match wins. */
  readonly permissions: readonly PermissionRule[];
  /** Added to the environment of everything in the cell, such as REACTOR_PORT. */
  readonly environment: Readonly<Record<string, string>>;
  /** Time between health checks and limit for the first good one (INV-003), milliseconds. */
  readonly healthEveryMs: number;
  readonly healthLimitMs: number;
  /** File that gets everything the server prints; appended. */
  readonly logFile: string;
  /** The operating system's boundary around the server and, a narrower one, around each command; null or left out for none. */
  readonly boundary?: CellBoundary | Promise<CellBoundary> | null;
  /** What each command may use of the machine, as far as the system keeps a process to it. */
  readonly limits: CellLimits;
  /** Called as soon as the process exists, before it is healthy, so that it can be watched and recorded. */
  readonly onSpawned: (process: ProcessIdentity) => void;
}

export type BootFailure = {
  readonly code: 'portTaken' | 'exited' | 'unhealthy' | 'spawnFailed';
  readonly message: string;
  /** Last lines the server printed. */
  readonly logTail: string;
};

export interface AgentServer {
  readonly process: ProcessIdentity;
  readonly url: string;
  readonly version: string;
  /** Resolves when the server process has ended, for whatever reason. */
  readonly exited: Promise<{ readonly code: number | null; readonly signal: string | null }>;
  /** Bound to this one server's URL and password (INV-004). */
  readonly client: AgentClient;
  /** Closes the client's event stream; the process is ended by `Processes.endCell`. */
  disconnect(): void;
}

/** A server that an engine before this one started, as the journal tells of it. */
export interface AdoptServer extends Pick<StartServer, 'cell' | 'worktree' | 'home' | 'port' | 'environment' | 'healthLimitMs'> {
  readonly process: ProcessIdentity;
  /** It was started within a boundary; its commands get the same one. */
  readonly isEnclosed: boolean;
  /** A turn of the agent may be under way, which goes on. Without one what the agent has left running is ended. */
  readonly hasTurn: boolean;
}

/** A conversation with a server that has ended, by the cell's folders. */
export interface LeftConversation {
  readonly home: string;
  readonly worktree: string;
  readonly sessionId: string;
}

export interface AgentServers {
  /**
   * Starts `opencode serve` in its own process group and resolves when its health check has answered (INV-003) and the
   * client's event stream is connected. On failure or abort no process is left.
   */
  start(request: StartServer, signal: AbortSignal): Promise<Result<AgentServer, BootFailure>>;
  /**
   * Takes over a server that runs already: the same process by pid and start time, healthy, and opened by its own password, which is read
   * from the process itself. Commands that Reactor was running in it are ended; the agent's own work goes on. Otherwise a reason for
   * people; then nothing was ended.
   */
  adopt(request: AdoptServer, signal: AbortSignal): Promise<Result<AgentServer, string>>;
  /**
   * Does a short work while nothing of the agent's runs in an enclosed cell, and nothing can be started: its server stands still meanwhile.
   * @returns null, and nothing was done, when a command is running.
   */
  whileStill<T>(server: ProcessIdentity, work: () => Promise<T>): Promise<T | null>;
  /**
   * What a server that has ended left of a conversation, as `AgentClient.messages` tells it, but without what is known of the models. No process of the
   * cell may live. @throws Error when it can't be read
   */
  leftMessages(conversation: LeftConversation): Promise<readonly FinishedMessage[]>;
  /**
   * Stands for all that a server started like this would take in from outside and then keep: settings, keys, the program. A server started with
   * another fingerprint works with settings or keys of before. Means something within this process only, and tells no value.
   * @throws UserFacingError `configuration` when the user's configuration is not valid
   */
  fingerprint(request: Pick<StartServer, 'projectFolder' | 'worktree' | 'model' | 'permissions'>): Promise<string>;
  /** Version and path of the agent server's executable; null when none is found. */
  locate(signal?: AbortSignal): Promise<{ readonly path: string; readonly version: string } | null>;
}

export interface ToolUse {
  readonly callId: string;
  readonly tool: string;
  /** One line for people: the command, the path, the pattern. */
  readonly title: string;
  readonly status: 'completed' | 'error';
  readonly error?: string;
  /** When the call began, milliseconds since the epoch; absent where the server did not say. */
  readonly startedAt?: number;
  readonly durationMs: number;
}

/** One call to the model. What the server does not report of it is left to an estimate. */
export interface ModelCall {
  /** `<message id>/<n>`, the same whenever the call is read. */
  readonly key: string;
  readonly tokens: TokenCounts;
  /** False when the server told no tokens of a call that was answered or broken off. */
  readonly isReported: boolean;
  /** It broke off half way and was made again. */
  readonly isRepeated: boolean;
  /** What the server says it cost, as decimal text in US dollars; null when it says nothing. */
  readonly reportedUsd: string | null;
  /** Characters of text, reasoning and tool input received. */
  readonly answerChars: number;
}

/** One finished message of the model with its tools. */
export interface FinishedMessage {
  readonly messageId: string;
  readonly sessionId: string;
  /** True for a session that a tool started (subagent). */
  readonly subagent: boolean;
  readonly agent: string;
  readonly provider: string;
  readonly model: string;
  /** What the calls to the model were for, and the calls, oldest first. None when the model was never reached. */
  readonly operation: Operation;
  readonly calls: readonly ModelCall[];
  /** What is known of `provider/model`; null when the server does not know it. */
  readonly facts: ModelFacts | null;
  /** The prose, cut to its first 4,000 characters. */
  readonly text: string;
  readonly tools: readonly ToolUse[];
  readonly finish: string | null;
  readonly error: string | null;
  readonly startedAt: number;
  readonly endedAt: number;
}

export interface PermissionAsk {
  readonly id: string;
  readonly sessionId: string;
  /** The server's permission name: edit, bash, external_directory, webfetch, … */
  readonly permission: string;
  /** What it is asked for: paths, commands, addresses. */
  readonly patterns: readonly string[];
  /** The tool that asks when known, such as write or bash, and the absolute paths it would touch. */
  readonly tool: string | null;
  readonly paths: readonly string[];
}

export interface QuestionAsk {
  readonly id: string;
  readonly sessionId: string;
  readonly questions: readonly {
    readonly text: string;
    readonly header: string;
    readonly options: readonly string[];
    readonly multiple: boolean;
  }[];
}

export type PermissionReply = { readonly reply: 'once' | 'always' | 'reject'; readonly message?: string };
/** One list of chosen or typed answers per question; null rejects the question. */
export type QuestionReply = readonly (readonly string[])[] | null;

export interface TurnLimits {
  /** Model calls in this turn, subagents included. */
  readonly steps: number;
  readonly callsPerMinute: number;
  /** The turn ends when the server shows no sign of progress for this long. */
  readonly stallMs: number;
  readonly timeoutMs: number;
}

/** What happens while the agent works; shown live. Only `messageFinished` and `violated` are journaled. */
export type TurnEvent =
  | { readonly type: 'messageFinished'; readonly message: FinishedMessage }
  | { readonly type: 'toolStarted'; readonly callId: string; readonly tool: string; readonly title: string }
  | { readonly type: 'text'; readonly messageId: string; readonly delta: string }
  | { readonly type: 'retrying'; readonly attempt: number; readonly message: string }
  /** Told before the message in which it was found, each once; also in the turn's result. */
  | { readonly type: 'violated'; readonly violation: Violation };

export interface TurnRequest {
  readonly sessionId: string;
  readonly prompt: string;
  /** From `newPromptId`: a prompt that the conversation has already is not sent again, and its turn is joined where it stands. */
  readonly promptId?: string | null;
  /** Ids of the turn's messages that are known already and not to be reported again. */
  readonly reported?: readonly string[];
  /** Permissions that the turn's agent has asked for and that may still be open: the server can't always list them. */
  readonly asked?: readonly Pick<PermissionAsk, 'id' | 'permission' | 'patterns'>[];
  readonly agent: string | null;
  /** provider/model or null. */
  readonly model: string | null;
  readonly limits: TurnLimits;
  readonly onEvent: (event: TurnEvent) => void;
  /** Answers an ask of the agent; the turn's time limit stands still meanwhile. Abort of the turn rejects the ask. */
  readonly onPermission: (ask: PermissionAsk, signal: AbortSignal) => Promise<PermissionReply>;
  readonly onQuestion: (ask: QuestionAsk, signal: AbortSignal) => Promise<QuestionReply>;
}

export type Violation = {
  readonly kind: 'editOutside' | 'linkOutside' | 'foreignReply' | 'embeddedRepository';
  /** For people: what was touched and how. */
  readonly detail: string;
};

export interface TurnResult {
  readonly end:
    | 'done' // the server says the turn is over and the last message is complete
    | 'error' // the model or the server gave up
    | 'rejected' // a rejected permission ended the turn
    | 'limit'
    | 'aborted'
    | 'serverGone';
  readonly limit?: 'steps' | 'callRate' | 'stall' | 'time';
  /** One sentence when `end` is not done. */
  readonly reason?: string;
  /** Model calls made, subagents included. */
  readonly steps: number;
  /** Edits that left the worktree and replies to permissions that this client did not send. */
  readonly violations: readonly Violation[];
}

export interface ShellRequest {
  readonly sessionId: string;
  readonly command: string;
  /** Folder below the worktree in which the command runs; '' for the worktree itself. */
  readonly folder: string;
  readonly timeoutMs: number;
  /** Everything the command prints goes to this file (outside the worktree), up to `maxBytes`. */
  readonly outputFile: string;
  readonly maxBytes: number;
  /**
   * It decides whether work passes: in a sandbox nothing that the agent left running runs beside it, and its home and temporary folder are none that the
   * agent could write.
   */
  readonly isGate?: boolean;
  /** Goes on in the home and temporary folder of the gate command before it, which was a part of the same. */
  readonly keepsGateHome?: boolean;
}

export interface ShellResult {
  /** Null when the command did not end by itself. 128+n when a signal ended it. */
  readonly exitCode: number | null;
  readonly end: 'exited' | 'timedOut' | 'aborted' | 'serverGone';
  readonly durationMs: number;
  readonly outputBytes: number;
  readonly truncated: boolean;
  /** Last 8 kB as text, control sequences removed. */
  readonly tail: string;
}

/** All that is asked of a cell's server. Bound to one server for life. */
export interface AgentClient {
  /** A new conversation; the title is given so that the server makes no hidden call for one. */
  createSession(request: { readonly title: string }, signal?: AbortSignal): Promise<string>;
  hasSession(sessionId: string, signal?: AbortSignal): Promise<boolean>;
  /**
   * Has the server load what its first prompt needs, while nobody waits for it; asks no model and leaves no conversation. To be called once, before the
   * first one. A failure costs time later and nothing else: it is logged.
   */
  warmUp(signal?: AbortSignal): Promise<void>;
  /**
   * Whether the server answers anything at all; true also when aborted before that is known. Takes up to a minute to say no: a process that is stopped or stuck
   * keeps its port and says nothing.
   */
  answers(signal?: AbortSignal): Promise<boolean>;
  /** The key of a prompt about to be sent. To be recorded before. */
  newPromptId(): string;
  /** Sends a prompt and follows it to its end. Never waits for ever: limits and `signal` abort the turn on the server too. */
  runTurn(request: TurnRequest, signal: AbortSignal): Promise<TurnResult>;
  /**
   * Ends what commands of the agent left running; between turns. Where there is no sandbox to find it by, nothing is ended.
   * @returns false when something of it is still there.
   */
  endLeftovers(): Promise<boolean>;
  /** Runs a command in the cell through the server (INV-006). The whole process tree of the command ends with it. */
  shell(request: ShellRequest, signal: AbortSignal): Promise<ShellResult>;
  /** What the server knows of a model; of the one a prompt goes to that names none when `model` is null. Null when it knows nothing. */
  modelFacts(model: string | null): Promise<ModelFacts | null>;
  /**
   * All messages of a session and its subagents, to reconcile what the event stream may have missed. Asked between turns: a message that is not
   * finished then was broken off.
   */
  messages(sessionId: string, signal?: AbortSignal): Promise<readonly FinishedMessage[]>;
}
