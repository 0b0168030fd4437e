import { isInLine } from '../../core/landing/line.ts';
import { attemptText, runCostText, runElapsedText, tokensText, triesText } from '../../core/projections/runWords.ts';
import { isUnsandboxed } from '../../core/projections/unsandboxed.ts';
import type { RunState } from '../../core/run/state.ts';
import { markOf } from './runMark.ts';
import { safeLine } from './safeText.ts';
import { type Piece, renderLine, type Style, tone } from './style.ts';
import { fitText, textWidth } from './textWidth.ts';

/** Widths that a group of runs shares, so that their lines align. */
export interface RunColumns {
  readonly task: number;
  readonly title: number;
}

const markWidth = 11;
const leastTitle = 12;
const narrowTitle = 8;
const mostTitle = 40;

/** Columns that leave room for `rest` more characters at the end of a line. */
function columnsFor(states: readonly RunState[], style: Style, rest: number, least: number): RunColumns {
  const longest = (texts: readonly string[], most: number) => Math.min(most, Math.max(0, ...texts.map(textWidth)));
  const task = longest(
    states.map((state) => state.task),
    24,
  );
  const room = Math.max(least, Math.min(mostTitle, style.columns - task - markWidth - 7 - rest));
  return { task, title: longest(states.map(titleOf), room) };
}

const titleOf = (state: RunState): string => safeLine(state.spec.title);

const joined = (facts: readonly string[]): string => facts.filter((fact) => fact !== '').join('  ');

const runHead = (state: RunState, columns: RunColumns): Piece[] => {
  const { mark, word, tone: colour } = markOf(state);
  const name: Piece[] = ['  ', tone('strong', fitText(state.task, columns.task)), ' ', fitText(titleOf(state), columns.title), '  '];
  return [...name, tone(colour, fitText(`${mark} ${word}`, markWidth)), '  '];
};

/** All facts where they fit behind the names, else the most important; `rest` is kept free behind them where there is room. */
function fittingFacts(
  states: readonly RunState[],
  style: Style,
  rest: number,
  factsOf: (isWhole: boolean) => readonly string[],
): { readonly facts: readonly string[]; readonly columns: RunColumns } {
  const laid = (isWhole: boolean) => {
    const facts = factsOf(isWhole);
    const width = Math.max(0, ...facts.map(textWidth));
    return { facts, width, columns: columnsFor(states, style, width + rest, isWhole ? leastTitle : narrowTitle) };
  };
  const whole = laid(true);
  return whole.columns.task + whole.columns.title + markWidth + 7 + whole.width <= style.columns ? whole : laid(false);
}

/** Room for what an agent does at the end of a live line. */
const activityWidth = 20;

const liveFacts = (state: RunState, now: number, hasAttempt: boolean): string =>
  joined([hasAttempt ? attemptText(state) : '', isUnsandboxed(state) ? 'unsandboxed' : '', runElapsedText(state, now), runCostText(state)]);

/**
 * Live lines, one per run and aligned: `  TASK-001 Add slugify  ● executing  attempt 1 of 3  12 s  $0.0121  edit src/a.ts`.
 * @param activities what each run does just now, by run
 */
export function liveLines(states: readonly RunState[], style: Style, now: number, activities: ReadonlyMap<string, string>): string[] {
  // On a narrow terminal the number of the attempt gives way, so that time and cost behind it are seen.
  const { facts, columns } = fittingFacts(states, style, activityWidth, (isWhole) => states.map((state) => liveFacts(state, now, isWhole)));
  return states.map((state, index) => {
    const activity = state.phase === 'ended' ? '' : (waitsInLine(state) ?? safeLine(activities.get(state.run) ?? ''));
    return renderLine([...runHead(state, columns), joined([facts[index] ?? '', activity])], style);
  });
}

/** Committed, and others land first. */
const waitsInLine = (state: RunState): string | null =>
  isInLine(state) && state.landing?.starts === 0 && !state.landing.batch ? `in line for ${safeLine(state.landing.target)}` : null;

const closingFacts = (state: RunState, now: number, hasTokens: boolean): string =>
  joined([triesText(state), runElapsedText(state, now), hasTokens && state.messages > 0 ? tokensText(state) : '', runCostText(state)]);

/** Closing lines, aligned: how each run ended, in how many attempts, at what cost. `task` is the width of the task's column. */
export function closingLines(
  states: readonly RunState[],
  style: Style,
  now: number,
): { readonly lines: readonly string[]; readonly task: number } {
  // On a narrow terminal tokens give way, so that the cost behind them is seen.
  const { facts, columns } = fittingFacts(states, style, 0, (isWhole) => states.map((state) => closingFacts(state, now, isWhole)));
  const lines = states.map((state, index) => renderLine([...runHead(state, columns), facts[index] ?? ''], style));
  return { lines, task: columns.task };
}
