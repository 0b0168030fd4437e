import { dollarsText, type Estimate, type EstimatedFigure, type PlannedTask, together } from '../../core/projections/costs/estimate.ts';
import { countText, plural } from '../../core/projections/figures.ts';
import { safeLine } from './safeText.ts';
import { type Piece, renderLine, type Style, tone } from './style.ts';

export interface EstimatedTask {
  /** Its id; null when it will be given out. */
  readonly task: string | null;
  readonly planned: PlannedTask;
  readonly estimate: Estimate;
}

/** What tasks will likely use and cost, how sure that is and what it rests on. */
export function estimateLines(tasks: readonly EstimatedTask[], style: Style): string[] {
  const line = (...pieces: Piece[]) => renderLine(pieces, style);
  const total = together(tasks.map(({ estimate }) => estimate.usd));
  const unknown = tasks.filter(({ estimate }) => estimate.usd === null).length;
  return [
    ...tasks.flatMap(({ task, planned, estimate }) => [
      line(
        tone('strong', task === null ? safeLine(planned.title) : `${task} ${safeLine(planned.title)}`),
        tone('dim', `  ${planned.category}`),
      ),
      ...factsOf(planned, estimate).map(([name, text]) => line(tone('dim', `  ${name.padEnd(12)}`), text)),
    ]),
    ...(tasks.length < 2
      ? []
      : [
          line(
            tone('strong', `${plural(tasks.length, 'task')} together  `),
            total === null ? `can't be said: ${plural(unknown, 'task')} without a known cost` : figureText(total, dollarsText),
          ),
        ]),
    line(tone('dim', 'Nothing was started, and nothing is spent.')),
  ];
}

const figureText = ({ median, bounds }: EstimatedFigure, text: (value: number) => string): string =>
  `≈ ${text(median)}${bounds === null ? '' : `  (80 %: ${text(bounds.low)} to ${text(bounds.high)})`}`;

function factsOf({ model }: PlannedTask, estimate: Estimate): (readonly [string, string])[] {
  const { tokens, usd, attempts, runs, alike, unpricedRuns, confidence } = estimate;
  if (tokens === null) return [['estimate', 'no history: no run of this repository has ended yet']];
  const cost =
    usd !== null
      ? figureText(usd, dollarsText)
      : alike.includes('model')
        ? 'unpriced: no price is known for this model'
        : `no history with ${model ?? 'the model of your OpenCode configuration'}`;
  const same = alike.length === 0 ? 'with other models' : `with the same ${listText(alike)}`;
  return [
    ['tokens', figureText(tokens, (value) => countText(value))],
    ['cost', cost],
    ['attempts', `${attempts ?? 0} in the middle run`],
    ['based on', `${plural(runs, 'past run')} ${same}`],
    ['confidence', confidence],
    ...(usd !== null && unpricedRuns > 0 ? [['unpriced', `${plural(unpricedRuns, 'run')} of these not in the cost`] as const] : []),
  ];
}

const listText = (words: readonly string[]): string =>
  words.length < 2 ? words.join('') : `${words.slice(0, -1).join(', ')} and ${words.at(-1) ?? ''}`;
