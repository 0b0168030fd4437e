import { NETWORK } from '../../core/policy/networkPolicy.ts';
import { shortOid } from '../../core/projections/figures.ts';
import type { PendingApproval, RunState } from '../../core/run/state.ts';
import type { Params } from '../../protocol/messages.ts';
import { diffStatLines } from '../render/diffStat.ts';
import { safeLine, safeText } from '../render/safeText.ts';
import { renderLine, type Style, tone } from '../render/style.ts';
import { wrapText } from '../render/textWidth.ts';

export interface PromptDeps {
  /** One line from the person; null at the end of the input. */
  readonly ask: (question: string) => Promise<string | null>;
  readonly print: (line: string) => void;
  readonly diff: (state: RunState, pending: PendingApproval) => Promise<readonly string[]>;
  readonly style: Style;
}

/** `leave`: the person wants it parked. */
export type PromptOutcome = Params<'answer'> | 'leave';

/**
 * Shows what waits and asks until there is an answer. Only the words on the list decide: free text never approves, and neither does
 * an empty line. An approval of a review names the tree that was shown.
 */
export async function approvalPrompt(state: RunState, pending: PendingApproval, deps: PromptDeps): Promise<PromptOutcome> {
  const { print, style } = deps;
  // The detail of a review says its tree, which stands below the change.
  const detail = pending.kind === 'review' ? '' : safeText(pending.detail).trim();
  print(renderLine([tone('warn', '◇ '), tone('strong', state.task), ' ', safeLine(pending.title)], style));
  // Whole, however narrow the terminal is: it says what the answer allows.
  const lines = detail === '' ? [] : detail.split('\n').slice(0, 20);
  for (const line of lines.flatMap((text) => wrapText(text.replaceAll('\t', '  '), style.columns - 2)))
    print(renderLine(['  ', line], style));
  switch (pending.kind) {
    case 'review':
      return await askReview(state, pending, deps);
    case 'permission':
      return await askPermission(state, pending, deps);
    case 'question':
      return await askQuestions(state, pending, deps);
  }
}

const answer = (
  state: RunState,
  pending: PendingApproval,
  decision: 'approved' | 'rejected',
  comment: string | null,
): Params<'answer'> => ({
  run: state.run,
  id: pending.id,
  decision,
  tree: decision === 'approved' ? pending.tree : null,
  comment,
});

async function askReview(state: RunState, pending: PendingApproval, deps: PromptDeps): Promise<PromptOutcome> {
  const { ask, print, style } = deps;
  const candidate = state.attempts.findLast((a) => a.attempt === pending.attempt)?.candidate ?? null;
  for (const line of candidate === null ? [] : diffStatLines(candidate, '    ', style)) print(line);
  print(renderLine(['  tree ', shortOid(pending.tree ?? '')], style));
  for (;;) {
    const typed = await ask('  a approve · d diff · c comment · r reject · l leave parked > ');
    if (typed === null) return 'leave';
    switch (typed.trim().toLowerCase()) {
      case 'a':
      case 'approve':
        return answer(state, pending, 'approved', null);
      case 'd':
      case 'diff':
        for (const line of await deps.diff(state, pending)) print(line);
        break;
      case 'c':
      case 'comment': {
        const comment = (await ask('  What should change? (an empty line goes back) > '))?.trim() ?? '';
        if (comment !== '') return answer(state, pending, 'rejected', comment);
        break;
      }
      case 'r':
      case 'reject':
        return answer(state, pending, 'rejected', null);
      case 'l':
      case 'leave':
        return 'leave';
      default:
        if (typed.trim() !== '')
          print('  Nothing was decided. Type one letter: a takes the change, d shows it, c asks for changes, r rejects it.');
    }
  }
}

async function askPermission(state: RunState, pending: PendingApproval, deps: PromptDeps): Promise<PromptOutcome> {
  const asked = pending.permission;
  if (asked !== null) {
    deps.print(renderLine(['  ', tone('strong', safeLine(asked.permission)), ' ', asked.patterns.map(safeLine).join(', ')], deps.style));
  }
  const isHost = asked?.permission === NETWORK;
  const choices = isHost ? 'o allow for this run · a always allow · n deny' : 'o allow once · n deny';
  for (;;) {
    const typed = await deps.ask(`  ${choices} · l leave parked > `);
    if (typed === null) return 'leave';
    switch (typed.trim().toLowerCase()) {
      case 'o':
      case 'once':
        return answer(state, pending, 'approved', null);
      case 'a':
      case 'always':
        if (isHost) return { ...answer(state, pending, 'approved', null), always: true };
        deps.print('  Nothing was decided: only hosts can be allowed always here; `permissions` in reactor.yaml is for the rest.');
        break;
      case 'n':
      case 'deny': {
        const comment = (await deps.ask('  Tell the agent why, or what to do in place of it (optional) > '))?.trim() ?? '';
        return answer(state, pending, 'rejected', comment === '' ? null : comment);
      }
      case 'l':
      case 'leave':
        return 'leave';
      default:
        if (typed.trim() !== '') deps.print(`  Nothing was decided: type one of the letters ${isHost ? 'o, a, n, l' : 'o, n, l'}.`);
    }
  }
}

async function askQuestions(state: RunState, pending: PendingApproval, deps: PromptDeps): Promise<PromptOutcome> {
  const answers: string[][] = [];
  for (const question of pending.questions ?? [{ text: pending.title, header: '', options: [], multiple: false }]) {
    deps.print(renderLine(['  ', tone('strong', safeLine(question.text))], deps.style));
    for (const [index, option] of question.options.entries()) deps.print(renderLine([`    ${index + 1} `, safeLine(option)], deps.style));
    const how =
      question.options.length === 0
        ? 'your answer'
        : question.multiple
          ? 'numbers with commas, or your answer'
          : 'a number, or your answer';
    let chosen: string[] = [];
    while (chosen.length === 0) {
      const typed = await deps.ask(`  ${how}; l alone leaves it parked > `);
      if (typed === null || typed.trim() === 'l') return 'leave';
      chosen = chosenOptions(typed, question.options, question.multiple);
    }
    answers.push(chosen);
  }
  return { ...answer(state, pending, 'approved', null), answers };
}

/** The options a person named by number, or what they typed as it stands; empty for nothing typed or a number that is not on the list. */
export function chosenOptions(typed: string, options: readonly string[], multiple: boolean): string[] {
  const text = typed.trim();
  if (text === '') return [];
  const numbers = text.split(/[\s,]+/).map(Number);
  if (options.length === 0 || !numbers.every(Number.isInteger)) return [text];
  if (numbers.length > 1 && !multiple) return [];
  const named = numbers.map((n) => options[n - 1]);
  return named.every((option) => option !== undefined) ? named : [];
}
