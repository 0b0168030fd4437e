import { errorText } from '../../base/log.ts';
import { UserFacingError } from '../../base/userFacingError.ts';
import { exitCodes, gravest } from '../../core/model/exitCodes.ts';
import { exitCodeOf } from '../../core/projections/runResult.ts';
import type { RunState } from '../../core/run/state.ts';
import type { EngineClient } from '../../protocol/engineClient.ts';
import type { CliHost } from '../cliHost.ts';
import { canUpdateInPlace, styleOf } from '../render/style.ts';
import type { Terminal } from '../terminal.ts';
import { Conversation } from './conversation.ts';
import { type InterruptChoice, InterruptDesk } from './interruptDesk.ts';
import { liveView } from './liveView.ts';
import { plainView } from './plainView.ts';
import { PromptQueue } from './promptQueue.ts';
import { type FollowedRun, RunFollower } from './runFollower.ts';
import type { RunView } from './runView.ts';

export interface FollowOptions {
  readonly folder: string;
  /** Entries as JSON lines on standard output; everything for people on standard error. */
  readonly json: boolean;
  /** What begins may be asked again when the engine ended before it answered. */
  readonly canBeginAgain?: boolean;
}

export interface FollowOutcome {
  readonly states: readonly RunState[];
  /** The runs go on without this command. */
  readonly left: boolean;
  readonly exitCode: number;
}

/** Engines that die one after another before they answer are no accident any more. */
const BEGIN_TRIES = 3;

/** Whether a person sits at this terminal and can be asked. */
export const attendsAt = (terminal: Terminal, json: boolean): boolean =>
  !json && terminal.stdinIsTTY && terminal.stderr.isTTY && terminal.stdout.isTTY;

/**
 * Sets runs off and follows them to their end on the terminal: progress, questions, interrupts, and a change of engines.
 * @param begin submits or answers; a Ctrl-C before it has resolved is obeyed right after it.
 */
export async function followRuns(
  terminal: Terminal,
  host: CliHost,
  options: FollowOptions,
  begin: (client: EngineClient) => Promise<readonly FollowedRun[]>,
): Promise<FollowOutcome> {
  const people = options.json ? terminal.stderr : terminal.stdout;
  const attends = attendsAt(terminal, options.json);
  const view = canUpdateInPlace(people, terminal.environment)
    ? liveView(people, terminal)
    : plainView(people, styleOf(people, terminal.environment), terminal);
  const conversation = new Conversation(terminal);
  const connect = (attending: boolean) => connectAlways(host, options.folder, attending);
  let follower: RunFollower | null = null;
  let failure: unknown = null;
  let asksToLeave = false;
  const questions = new AbortController();
  const leave = () => {
    asksToLeave = true;
    questions.abort(new Error('the person has left'));
    follower?.leave();
  };
  const onError = (error: unknown) => {
    failure ??= error;
    leave();
  };
  let asksToCancel = false;
  const desk = new InterruptDesk(terminal, {
    ask: attends ? (decide) => askWhatNow(view, conversation, decide) : null,
    stopAsking: () => conversation.withdrawInterjection(),
    cancel: async () => {
      asksToCancel = true;
      await follower?.cancel();
    },
    leave,
    note: (text) => view.note(text),
    onError,
  });
  try {
    const first = await connect(attends);
    if (asksToCancel || asksToLeave) {
      first.dispose();
      return { states: [], left: false, exitCode: exitCodes.interrupted };
    }
    const tries = options.canBeginAgain === true ? BEGIN_TRIES : 1;
    const { client, value: followed } = await askEngine(first, () => connect(attends), begin, tries);
    const prompts = attends
      ? new PromptQueue({ terminal, host, folder: options.folder, view, conversation, onError }, questions.signal)
      : null;
    follower = new RunFollower(
      {
        connect,
        clock: terminal.clock,
        onEntry: (entry, state) => {
          if (options.json) terminal.stdout.write(`${JSON.stringify(entry)}\n`);
          view.entry(entry, state);
          if (follower !== null) prompts?.look(follower, state);
        },
        onLive: (message) => view.live(message),
        onNote: (text) => view.note(text),
      },
      client,
      attends,
      followed,
    );
    if (asksToLeave) follower.leave();
    const [outcome] = await Promise.allSettled([follower.follow(), asksToCancel ? follower.cancel() : null]);
    if (outcome.status === 'rejected') failure ??= outcome.reason;
  } catch (error) {
    failure ??= error;
  } finally {
    questions.abort(new Error('no longer asked'));
    desk.dispose();
    view.end();
  }
  if (failure !== null) throw failure instanceof Error ? failure : new Error(errorText(failure));
  const states = follower?.states ?? [];
  const left = (follower?.unsettled.length ?? 0) > 0;
  const codes = states.map((state) =>
    left && state.phase !== 'ended' ? exitCodes.interrupted : (exitCodeOf(state) ?? exitCodes.interrupted),
  );
  return { states, left, exitCode: gravest(asksToCancel && left ? [...codes, exitCodes.interrupted] : codes) };
}

/**
 * Asks the engine, and a new one when the engine ended before it answered.
 * @param tries how many engines are asked; more than one only for what is the same when it is done twice.
 * @returns the answer with the client that got it. On failure the client is disposed of.
 */
export async function askEngine<T>(
  first: EngineClient,
  connect: () => Promise<EngineClient>,
  ask: (client: EngineClient) => Promise<T>,
  tries = BEGIN_TRIES,
): Promise<{ readonly client: EngineClient; readonly value: T }> {
  let client = first;
  for (let asked = 1; ; asked += 1) {
    try {
      return { client, value: await ask(client) };
    } catch (error) {
      client.dispose();
      const hasEnded = error instanceof UserFacingError && error.code === 'engineUnavailable';
      if (!hasEnded || asked >= tries) throw error;
      client = await connect();
    }
  }
}

/** @throws UserFacingError `engineUnavailable` when there is no engine after all. */
export async function connectAlways(host: CliHost, folder: string, attends: boolean): Promise<EngineClient> {
  const client = await host.connect(folder, { start: 'always', attends });
  if (client !== null) return client;
  throw new UserFacingError('engineUnavailable', 'The engine could not be started, so that nothing was begun.', {
    actions: ['reactor doctor'],
  });
}

async function askWhatNow(view: RunView, conversation: Conversation, decide: (choice: InterruptChoice) => void): Promise<void> {
  view.pause();
  try {
    await conversation.interject('\n  Interrupted: c cancel (or Ctrl-C again) · l leave it running · Enter go on > ', (typed) => {
      const word = typed?.trim().toLowerCase() ?? '';
      decide(word === 'c' || word === 'cancel' ? 'cancel' : word === 'l' || word === 'leave' ? 'leave' : 'goOn');
    });
  } finally {
    view.resume();
  }
}
