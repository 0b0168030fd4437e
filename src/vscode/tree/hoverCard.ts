import type * as vscodeTypes from 'vscode';
import { predictedText } from '../../core/landing/predicted.ts';
import { totalTokens } from '../../core/model/tokens.ts';
import { costText, usdToNumber } from '../../core/model/usd.ts';
import { countText, linesText, plural, shortOid } from '../../core/projections/figures.ts';
import { runElapsedText } from '../../core/projections/runWords.ts';
import { boundaryText } from '../../core/projections/unsandboxed.ts';
import { waitText } from '../../core/projections/waitText.ts';
import type { AttemptState, RunState } from '../../core/run/state.ts';
import { baseText } from '../../core/run/unborn.ts';
import type { RepositoryModel } from '../repositoryModel.ts';
import { askedText } from '../text/askedText.ts';
import { plainLine, plainText } from '../text/plainText.ts';
import { joined, lastCandidate, markOf, testText } from '../text/runWords.ts';
import type { Vscode } from '../vscodeValue.ts';

const mostPrompt = 600;
const mostPromptLines = 12;
const mostAsked = 4000;
const mostAttempts = 5;

type CardModel = Pick<RepositoryModel, 'place' | 'runs'>;

/** Commands that a card may link to; nothing else in it can run anything. */
const linked = ['reactor.reviewChanges', 'reactor.showTimeline', 'reactor.openWorktree'];

/**
 * A run in one card: prompt, base, attempts, tokens and how the cost is made up. Text of people and models is escaped.
 * @param model the run's repository: links hand its id to their commands, and other runs may be in the way of this one
 */
export function hoverCard(vscode: Vscode, state: RunState, { place, runs }: CardModel, now: number): vscodeTypes.MarkdownString {
  const card = new vscode.MarkdownString(undefined, true);
  card.isTrusted = { enabledCommands: linked };
  const { word } = markOf(state);
  card
    .appendMarkdown('**')
    .appendText(`${state.task} ${plainLine(state.spec.title)}`)
    .appendMarkdown('**\n\n');
  card.appendText(joined(word, plainLine(boundaryText(state)), runElapsedText(state, now))).appendMarkdown('\n');
  card.appendCodeblock(promptText(plainText(state.spec.prompt)), 'text');
  for (const asked of state.pending) {
    if (asked.kind === 'review') continue;
    const text = [...askedText(asked)];
    const rest = text.length - mostAsked;
    card.appendText(asked.kind === 'permission' ? 'Asks to:' : 'Asks:').appendMarkdown('\n');
    card.appendCodeblock(rest <= 0 ? text.join('') : `${text.slice(0, mostAsked).join('')}… and ${plural(rest, 'more character')}`, 'text');
  }
  for (const line of lines(state, waitText(state, runs.values()))) card.appendText(line).appendMarkdown('\n\n');
  card.appendMarkdown(links(state, place.id));
  return card;
}

/** Its beginning, so that what came of it has room below. */
function promptText(prompt: string): string {
  const shown = [...prompt.split('\n').slice(0, mostPromptLines).join('\n')].slice(0, mostPrompt).join('');
  return shown.length < prompt.length ? `${shown}…` : prompt;
}

function lines(state: RunState, waits: string): string[] {
  const { spec, cell } = state;
  const shown = state.attempts.slice(-mostAttempts);
  const reason = state.concluded?.reason ?? state.parked?.reason ?? (waits === '' ? '' : `Waits: ${waits}`);
  return [
    `Base ${baseText(spec, shortOid)} · test: ${plainLine(spec.test)} · ${landingText(state)}`,
    ...(cell === null ? [] : [joined(cell.branch, cell.port === null ? '' : `:${cell.port}`)]),
    ...(state.attempts.length > shown.length ? [`… ${plural(state.attempts.length - shown.length, 'earlier attempt')}`] : []),
    ...shown.map(attemptLine),
    ...(state.messages === 0 ? [] : [tokensLine(state), costLine(state)]),
    ...(reason === '' ? [] : [plainLine(reason)]),
    ...[predictedText(state)].filter((text) => text !== '').map((text) => `Warning: ${plainLine(text)}`),
    ...state.warnings.slice(-3).map((warning) => `Warning: ${plainLine(warning)}`),
  ];
}

const landingText = ({ spec }: RunState): string =>
  spec.land === 'branch' || spec.target === null ? 'stays on its branch' : `lands on ${plainLine(spec.target)}`;

const attemptLine = (attempt: AttemptState): string => {
  const { candidate, closed, commit } = attempt;
  const change = candidate === null ? '' : `${plural(candidate.filesTotal, 'file')} ${linesText(candidate.added, candidate.removed)}`;
  const end = commit !== null ? `committed ${shortOid(commit)}` : (closed?.how ?? '');
  return joined(`Attempt ${attempt.attempt}`, attempt.test === null ? '' : testText(attempt), change, end);
};

function tokensLine({ tokens }: RunState): string {
  const { input, output, reasoning, cacheRead, cacheWrite } = tokens;
  const parts = [`${countText(input)} in`, `${countText(output)} out`];
  if (reasoning > 0) parts.push(`${countText(reasoning)} reasoning`);
  if (cacheRead > 0) parts.push(`${countText(cacheRead)} cache read`);
  if (cacheWrite > 0) parts.push(`${countText(cacheWrite)} cache written`);
  return `Tokens ${countText(totalTokens(tokens))} = ${parts.join(' + ')}`;
}

function costLine(state: RunState): string {
  const parts = state.attempts.map((a) => costText(a.cost));
  const sum = parts.length > 1 && parts.length <= mostAttempts ? ` = ${parts.join(' + ')}` : '';
  const limit = state.budgetUsd === null ? '' : ` of $${usdToNumber(state.budgetUsd).toFixed(2)}`;
  return `Cost ${costText(state.cost)}${limit}${sum}`;
}

function links(state: RunState, repository: string): string {
  const link = (title: string, command: string) =>
    `[${title}](command:${command}?${encodeURIComponent(JSON.stringify([{ repository, run: state.run }]))})`;
  const all = [link('$(pulse) Timeline', 'reactor.showTimeline')];
  if (lastCandidate(state) !== null) all.unshift(link('$(diff-multiple) Changes', 'reactor.reviewChanges'));
  if (state.cell?.hasWorktree) all.push(link('$(folder-opened) Worktree', 'reactor.openWorktree'));
  return all.join(' &nbsp; ');
}
