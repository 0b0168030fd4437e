import type { RunState } from '../../core/run/state.ts';
import { attemptText, courseText, markOf, runCostText, runElapsedText, tokensText } from './runWords.ts';
import { safeLine } from './safeText.ts';
import { type Piece, renderLine, type Style, tone } from './style.ts';
import { fitText, textWidth } from './textWidth.ts';

/** Widths that a group of runs shares, so that their lines align. */
export interface RunColumns {
  readonly task: number;
  readonly title: number;
}

export function columnsFor(states: readonly RunState[], style: Style): RunColumns {
  const longest = (texts: readonly string[], most: number) => Math.min(most, Math.max(0, ...texts.map(textWidth)));
  const task = longest(
    states.map((state) => state.task),
    24,
  );
  const room = Math.max(10, Math.min(40, Math.floor((style.columns - task - 16) / 2.6)));
  return { task, title: longest(states.map(titleOf), room) };
}

const titleOf = (state: RunState): string => safeLine(state.spec.title);

/** `  TASK-001 Add slugify    ● executing  attempt 1 of 3  12 s  $0.0121  edit src/a.ts`, at most as wide as the stream. */
export function runLine(state: RunState, columns: RunColumns, style: Style, now: number, activity: string): string {
  const { mark, word, tone: colour } = markOf(state);
  const facts = [attemptText(state), runElapsedText(state, now), state.messages > 0 ? tokensText(state) : '', runCostText(state)];
  const rest = [...facts, state.phase === 'ended' ? '' : safeLine(activity)].filter((text) => text !== '');
  return renderLine([...runHead(state, columns), tone(colour, `${mark} ${fitText(word, 9)}`), '  ', rest.join('  ')], style);
}

const runHead = (state: RunState, columns: RunColumns): Piece[] => [
  '  ',
  tone('strong', fitText(state.task, columns.task)),
  ' ',
  fitText(titleOf(state), columns.title),
  '  ',
];

/** The closing line of one run: how it ended, in how many attempts, at what cost. */
export function closingLine(state: RunState, columns: RunColumns, style: Style, now: number): string {
  const { mark, word, tone: colour } = markOf(state);
  const course = courseText(state);
  const tries = state.attempts.length;
  const story = course.includes('→') ? course : tries === 0 ? 'no attempt' : `attempt ${tries}`;
  const facts = [story, runElapsedText(state, now), state.messages > 0 ? tokensText(state) : '', runCostText(state)];
  const text = facts.filter((fact) => fact !== '').join('  ');
  return renderLine([...runHead(state, columns), tone(colour, `${mark} ${fitText(word, 9)}`), '  ', text], style);
}
