import { type CommandEvidence, event } from '../../core/journal/events.ts';
import { commitMessage, stepMessage, withTrailers } from '../../core/run/commitMessage.ts';
import { hookCommand, MERGE_HOOK, messageCommand, readMessage } from '../../core/run/hookCommands.ts';
import { endsSteps, stepsCommitted } from '../../core/run/nextStep.ts';
import { isGreen, type RunState } from '../../core/run/state.ts';
import type { Cell } from '../cell.ts';
import { GitRefused } from '../gitRefused.ts';
import { layOut } from '../layOut.ts';
import type { RunContext } from '../runContext.ts';
import { runInCell } from '../runInCell.ts';
import { modelsOf } from './commit.ts';

const MOST_WORDS = 1_000;

/**
 * Lets the repository's hooks have their word on the message of the commit, in the cell; what they made of it is what is committed, however often
 * that is tried. Done twice they are asked twice.
 * @returns false when the server went away.
 * @throws GitRefused with the words of the hook that refuses it.
 */
export async function settleMessage(context: RunContext, cell: Cell, attempt: number, signal: AbortSignal): Promise<boolean> {
  const { repository, ids } = context.deps;
  const proposed = proposedMessage(context, attempt);
  const mark = `reactor-${ids.short()}-${context.state.seq}`;
  const command = messageCommand(await repository.hooks(), proposed, mark);
  if (command === null) {
    await context.record(event('attempt/messageSettled', { attempt, message: proposed }));
    return true;
  }
  const evidence = await runHook(context, cell, { command, name: `attempt-${attempt}-message` }, signal);
  if (evidence === null) return false;
  const said = readMessage(evidence.tail, mark);
  const refuse = (who: string, words: string): GitRefused =>
    new GitRefused(`${who} refused the message “${proposed.split('\n')[0]}”: ${words}`, true);
  if (said !== null && 'hook' in said) throw refuse(said.hook, wordsOf(said.words, evidence));
  if (!isGreen(evidence)) throw refuse('a hook', wordsOf(evidence.tail, evidence));
  if (said === null) throw refuse('Reactor', 'as the hooks left it, it is longer than 8 kB');
  if (withTrailers(said.message, []).trim() === '') throw refuse('a hook', 'it left nothing of it');
  await context.record(event('attempt/messageSettled', { attempt, message: said.message }));
  return true;
}

/** What is committed next of this attempt: a step, or all of its work. */
function proposedMessage(context: RunContext, attempt: number): string {
  const { state } = context;
  return isStep(state, attempt) ? stepMessage(state, attempt, stepsCommitted(state) + 1) : commitMessage(state, attempt, modelsOf(context));
}

function isStep(state: RunState, attempt: number): boolean {
  const current = state.attempts.find((a) => a.attempt === attempt);
  if (!current?.candidate) throw new Error('nothing to commit');
  return state.spec.tcr === 'step' && current.revised === null && !endsSteps(state, current.candidate.tree);
}

/**
 * Lets the repository's hook for merges have its word on the tree that would land.
 * @returns null when the server went away.
 * @throws GitRefused with the words of the hook.
 */
export async function askMergeHook(context: RunContext, cell: Cell, tree: string, signal: AbortSignal): Promise<CommandEvidence | null> {
  const { landing, cell: at } = context.state;
  const command = hookCommand(await context.deps.repository.hooks(), MERGE_HOOK) ?? 'true';
  await layOut(context, tree, 'the merged tree', signal);
  const evidence = await runHook(context, cell, { command, name: 'landing-hook' }, signal);
  if (evidence === null || isGreen(evidence)) return evidence;
  const merge = `the merge of ${at?.branch ?? context.run} into ${landing?.target}`;
  throw new GitRefused(`${MERGE_HOOK} refused ${merge}: ${wordsOf(evidence.tail, evidence)}`, true);
}

async function runHook(
  context: RunContext,
  cell: Cell,
  request: { readonly command: string; readonly name: string },
  signal: AbortSignal,
): Promise<CommandEvidence | null> {
  const timeoutMs = context.state.spec.limits.testTimeoutMs;
  const evidence = await runInCell(context, cell.server.client, { ...request, timeoutMs, isGate: true }, signal);
  return evidence.end === 'serverGone' || evidence.end === 'aborted' ? null : evidence;
}

const wordsOf = (said: string, { end, durationMs, reason }: CommandEvidence): string => {
  if (end === 'timedOut') return `it did not end within ${Math.round(durationMs / 1000)} s`;
  const words = said.trim();
  return reason ?? (words === '' ? 'it says nothing' : words.slice(-MOST_WORDS));
};
