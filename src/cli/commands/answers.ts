import { UserFacingError } from '../../base/userFacingError.ts';
import { exitCodes } from '../../core/model/exitCodes.ts';
import { CELL_MARKER } from '../../core/ports/processes.ts';
import { shortOid } from '../../core/projections/figures.ts';
import { standingWords } from '../../core/projections/runWords.ts';
import { currentAttempt, type PendingApproval, type RunState } from '../../core/run/state.ts';
import type { EngineClient } from '../../protocol/engineClient.ts';
import { type CommandContext, type CommonOptions, folderOf, printJson } from '../commandContext.ts';
import { type BegunRun, errorResult } from '../errorReport.ts';
import { connectAlways, followRuns } from '../follow/followRuns.ts';
import type { FollowedRun } from '../follow/runFollower.ts';
import { diffSummary } from '../render/diffStat.ts';
import { personOf } from '../render/eventText.ts';
import { safeLine } from '../render/safeText.ts';
import { requireRun } from '../source.ts';
import { finishRuns } from './finishRuns.ts';
import { budgetOf } from './runRequests.ts';

interface AnswerOptions extends CommonOptions {
  readonly detach?: boolean;
}

export interface ApproveOptions extends AnswerOptions {
  readonly tree?: string;
  readonly id?: string;
  readonly answer?: readonly string[];
  readonly comment?: string;
  /** A host that commands want to reach: for all runs of the repository. */
  readonly always?: boolean;
  /** The worktree as a person edited it becomes the candidate, is tested, and waits for review again. */
  readonly edited?: boolean;
}

export interface RejectOptions extends AnswerOptions {
  readonly comment?: string;
  /** Files, or hunks of them, that are not taken; the rest is tested again. */
  readonly file?: readonly string[];
  readonly id?: string;
}

export interface ResumeOptions extends AnswerOptions {
  readonly budget?: string;
  readonly message?: string;
}

/** Does one thing to a run; resolves with the journal's sequence number of it. */
type Act = (client: EngineClient, state: RunState, say: (line: string) => void) => Promise<{ readonly run: string; readonly seq: number }>;

/** Sets a run that waits in motion again and, unless detached, follows it like `run` does. */
async function actAndFollow(context: CommandContext, name: string, options: AnswerOptions, act: Act): Promise<number> {
  const { terminal } = context;
  const json = options.json ?? false;
  const people = json ? terminal.stderr : terminal.stdout;
  const say = (line: string) => people.write(`${line}\n`);
  if (terminal.environment[CELL_MARKER] !== undefined) {
    // No boundary, which only the sandbox is: an agent can take the variable away. It keeps one from answering itself by mistake.
    const refusal = 'This is a command of an agent in a cell. Only a person decides; nothing was changed.';
    terminal.stderr.write(`${refusal}\n`);
    if (json) printJson(terminal, errorResult(new UserFacingError('notPossibleNow', refusal), [], exitCodes.security));
    return exitCodes.security;
  }
  let begun: readonly BegunRun[] = [];
  try {
    const host = await context.host();
    const folder = folderOf(terminal, options);
    const begin = async (client: EngineClient): Promise<readonly FollowedRun[]> => {
      const state = await requireRun(readingThrough(client), name);
      const { run, seq } = await act(client, state, say);
      begun = [state];
      return [{ run, seq, state }];
    };
    if (!options.detach) return finishRuns(context, await followRuns(terminal, host, { folder, json }, begin), json);
    const client = await connectAlways(host, folder, false);
    try {
      const [done] = await begin(client);
      if (json) printJson(terminal, { type: 'recorded', run: done?.run, seq: done?.seq });
      return exitCodes.done;
    } finally {
      client.dispose();
    }
  } catch (error) {
    if (json) printJson(terminal, errorResult(error, begun));
    throw error;
  }
}

const readingThrough = (client: EngineClient) => ({
  run: async (name: string) => (await client.request('run', { run: name })).state,
  runs: async (limit: number) => (await client.request('runs', { limit })).runs,
});

/** `reactor approve`: takes the tree that is the candidate now, allows a permission once, answers a question, or lets a landing try again. */
export const approveCommand = (context: CommandContext, name: string, options: ApproveOptions): Promise<number> =>
  actAndFollow(context, name, options, async (client, state, say) => {
    const pending = pick(state, options.id);
    if (pending === null) {
      if (state.parked === null) throw nothingWaits(state);
      say(`${state.task}: ${safeLine(state.parked.reason)}; going on with it.`);
      return await client.request('resume', { run: state.run });
    }
    const tree = pending.kind === 'review' ? reviewedTree(state, pending, options.tree) : null;
    if (options.edited && tree !== null) {
      const revised = await client.request('revise', { run: state.run, tree, rejected: [], edited: true });
      say(`${state.task}: tree ${shortOid(revised.tree)} has your edits; testing it.`);
      return revised;
    }
    const candidate = state.attempts.findLast((a) => a.attempt === pending.attempt)?.candidate ?? null;
    const what =
      tree === null
        ? safeLine(pending.title)
        : `attempt ${pending.attempt}, tree ${shortOid(tree)}${candidate === null ? '' : `, ${diffSummary(candidate)}`}`;
    say(`Approving ${state.task}: ${what}`);
    const answers = options.answer?.map((answer) => [answer]);
    if (pending.kind === 'question' && answers === undefined) {
      throw new UserFacingError('configuration', `${state.task} asks: ${safeLine(pending.title)}. An answer is needed to go on.`, {
        actions: [`reactor approve ${state.task} --answer "…"`],
      });
    }
    return await client.request('answer', {
      run: state.run,
      id: pending.id,
      decision: 'approved',
      tree,
      comment: options.comment ?? null,
      ...(answers === undefined ? {} : { answers }),
      ...(options.always === true ? { always: true } : {}),
    });
  });

/** `reactor reject`: with a comment the work goes on from there; without one the change is not taken and the run ends. */
export const rejectCommand = (context: CommandContext, name: string, options: RejectOptions): Promise<number> =>
  actAndFollow(context, name, options, async (client, state, say) => {
    const pending = pick(state, options.id);
    if (pending === null && state.parked === null) throw nothingWaits(state);
    if (options.file !== undefined) return await rejectInPart(client, state, pending, options.file, say);
    const comment = options.comment?.trim() || null;
    say(`Rejecting ${state.task}${pending === null ? '' : `: ${safeLine(pending.title)}`}`);
    return await client.request('answer', { run: state.run, id: pending?.id ?? null, decision: 'rejected', tree: null, comment });
  });

/** Takes the candidate without some files or hunks: a new candidate, tested again and then up for review. */
async function rejectInPart(
  client: EngineClient,
  state: RunState,
  pending: PendingApproval | null,
  files: readonly string[],
  say: (line: string) => void,
): Promise<{ readonly run: string; readonly seq: number }> {
  if (pending?.kind !== 'review' || pending.tree === null) {
    throw new UserFacingError('notPossibleNow', `${state.task} has no change that waits for review, so no file of it can be rejected.`, {
      actions: [`reactor show ${state.task}`],
    });
  }
  const changed = state.attempts.findLast((a) => a.attempt === pending.attempt)?.candidate?.files ?? [];
  const isFile = (text: string): boolean => changed.some(({ path }) => path === text);
  const rejected = files.map((file) => (isFile(file) ? { path: file, hunks: null } : rejectedPart(file)));
  const { run, tree, seq } = await client.request('revise', { run: state.run, tree: pending.tree, rejected });
  say(`${state.task}: tree ${shortOid(tree)} is without ${files.map(safeLine).join(', ')}; testing it.`);
  return { run, seq };
}

/** `FILE` or `FILE:1,3`, where there is no file of that whole name: hunks are counted from 1, as `show --diff` prints them. */
function rejectedPart(text: string): { path: string; hunks: number[] | null } {
  const [, path = text, numbers] = /^(.+):(\d+(?:,\d+)*)$/.exec(text) ?? [];
  if (numbers === undefined) return { path: text, hunks: null };
  const hunks = numbers.split(',').map((n) => Number(n) - 1);
  if (hunks.some((hunk) => hunk < 0)) {
    throw new UserFacingError('configuration', `${safeLine(text)}: hunks are counted from 1.`, { actions: ['reactor show RUN --diff'] });
  }
  return { path, hunks };
}

/** `reactor resume`: lets a parked run try again, with another budget when it had used its own up. */
export const resumeCommand = (context: CommandContext, name: string, options: ResumeOptions): Promise<number> =>
  actAndFollow(context, name, options, async (client, state, say) => {
    const budget = options.budget === undefined ? {} : { budgetUsd: budgetOf(options.budget) };
    const message = options.message === undefined ? {} : { message: options.message };
    const done = await client.request('resume', { run: state.run, ...budget, ...message });
    say(`${state.task} goes on.`);
    return done;
  });

const nothingWaits = (state: RunState): UserFacingError => {
  const review = currentAttempt(state)?.review ?? null;
  const now = review === null ? `it is at work (${standingWords[state.phase]})` : `it was ${review.decision} by ${personOf(review.by)}`;
  const how = state.phase === 'ended' ? `it has ended (${state.concluded?.reason ?? 'ended'})` : now;
  return new UserFacingError('notPossibleNow', `Nothing of ${state.task} waits for you: ${safeLine(how)}. Nothing was changed.`, {
    actions: [`reactor show ${state.task}`, 'reactor status'],
  });
};

function pick(state: RunState, id: string | undefined): PendingApproval | null {
  if (id !== undefined) {
    const named = state.pending.find((p) => p.id === id);
    if (named !== undefined) return named;
    throw new UserFacingError('notPossibleNow', `Nothing of ${state.task} waits with the id ${id}. Nothing was changed.`, {
      actions: ['reactor status'],
    });
  }
  if (state.pending.length <= 1) return state.pending[0] ?? null;
  const ids = state.pending.map((p) => `${p.id} (${safeLine(p.title)})`).join(', ');
  throw new UserFacingError('configuration', `${state.pending.length} things of ${state.task} wait: ${ids}. Nothing was changed.`, {
    actions: [`name one: --id ${state.pending[0]?.id}`],
  });
}

/** The candidate's full tree. A tree that was named has to be the beginning of it. */
function reviewedTree(state: RunState, pending: PendingApproval, named: string | undefined): string | null {
  if (named === undefined || pending.tree === null) return pending.tree;
  const wanted = named.toLowerCase();
  if (wanted.length >= 4 && pending.tree.startsWith(wanted)) return pending.tree;
  throw new UserFacingError(
    'notPossibleNow',
    `The candidate of ${state.task} is tree ${shortOid(pending.tree)} now, not ${named.slice(0, 40)}. Nothing was approved: look at the present diff first.`,
    { actions: [`reactor show ${state.task} --diff`, `reactor approve ${state.task} --tree ${shortOid(pending.tree)}`] },
  );
}
