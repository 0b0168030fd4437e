import { totalTokens } from '../../core/model/tokens.ts';
import { sumText } from '../../core/projections/costs/sumText.ts';
import type { AttemptTree, ChargeGroup, RunTree, TaskTree } from '../../core/projections/costs/taskCosts.ts';
import { countText, elapsedText, plural } from '../../core/projections/figures.ts';
import { safeLine } from './safeText.ts';
import { type Piece, renderLine, type Style, tone } from './style.ts';

interface Branch {
  readonly pieces: readonly Piece[];
  readonly below: readonly Branch[];
}

/** A task's costs as a tree: its runs, their attempts, what each model was called for, and the arithmetic. */
export function taskTreeLines(tree: TaskTree, style: Style): string[] {
  const root: Branch = {
    pieces: [tone('strong', tree.task), `  ${safeLine(tree.title)}  `, tone('strong', sumText(tree.sum))],
    below: tree.runs.map(runBranch),
  };
  return [renderLine(root.pieces, style), ...linesBelow(root, '', style)];
}

const linesBelow = ({ below }: Branch, indent: string, style: Style): string[] =>
  below.flatMap((branch, index) => {
    const isLast = index === below.length - 1;
    return [
      renderLine([tone('dim', `${indent}${isLast ? '└─ ' : '├─ '}`), ...branch.pieces], style),
      ...linesBelow(branch, `${indent}${isLast ? '   ' : '│  '}`, style),
    ];
  });

const spent = (sum: RunTree['sum']): string => `${countText(totalTokens(sum.tokens))} tok  ${sumText(sum)}`;

const runBranch = ({ run, status, rejected, durationMs, sum, attempts }: RunTree): Branch => ({
  pieces: [
    `${run}  ${rejected === true ? 'rejected' : status}  ${plural(attempts.length, 'attempt')}  ${elapsedText(durationMs)}  ${spent(sum)}`,
  ],
  below: attempts.map(attemptBranch),
});

const attemptBranch = ({ attempt, outcome, durationMs, sum, groups }: AttemptTree): Branch => ({
  pieces: [`attempt ${attempt}  ${outcome}  ${elapsedText(durationMs)}  ${spent(sum)}`],
  below: groups.map(groupBranch),
});

function groupBranch({ model, operations, sum, price, lines, roundingUsd }: ChargeGroup): Branch {
  const kinds = operations.map(([operation, count]) => `${count} ${operation}`).join(', ');
  const rows = lines.map(({ kind, tokens, perMillionUsd, usd }) => [names[kind], countText(tokens), perMillionUsd, usd] as const);
  const width = (column: 0 | 1 | 2) => Math.max(0, ...rows.map((row) => row[column].length));
  const arithmetic = rows.map(
    ([name, tokens, unit, amount]): Branch => ({
      pieces: [`${name.padEnd(width(0))}  ${tokens.padStart(width(1))} × $${unit.padEnd(width(2))} / 1M = $${amount}`],
      below: [],
    }),
  );
  return {
    pieces: [tone('accent', safeLine(model)), `  ${plural(sum.calls, 'call')} (${kinds})  ${exactText(sum)}${sourceText(price, sum)}`],
    below: [
      ...arithmetic,
      ...(roundingUsd === '0' ? [] : [{ pieces: [`rounded call by call: $${roundingUsd}`], below: [] }]),
      ...notes(sum, price),
    ],
  };
}

/** To the last digit, so that the lines below add up to it. */
const exactText = (sum: ChargeGroup['sum']): string =>
  sum.unpricedCalls > 0 ? sumText(sum) : `${sum.estimatedCalls > 0 ? '~' : ''}$${sum.usd}`;

const names = { input: 'input', output: 'output', reasoning: 'reasoning', cacheRead: 'cache read', cacheWrite: 'cache write' } as const;

function sourceText(price: ChargeGroup['price'], { unpricedCalls }: ChargeGroup['sum']): string {
  if (unpricedCalls > 0 || price === null) return '';
  const tier = price.aboveTokens === null ? '' : `, above ${countText(price.aboveTokens)} tokens`;
  const from = price.from === null ? '' : ` from ${price.from}`;
  return `  ${price.source} prices${from}${tier}`;
}

function notes(sum: ChargeGroup['sum'], price: ChargeGroup['price']): Branch[] {
  const { tokens, unpricedCalls, estimatedCalls, usd } = sum;
  const counts = (Object.keys(names) as (keyof typeof names)[]).filter((kind) => tokens[kind] > 0);
  const used = counts.map((kind) => `${countText(tokens[kind])} ${names[kind]}`).join(', ');
  const say = (text: string): Branch => ({ pieces: [tone('dim', text)], below: [] });
  return [
    ...(unpricedCalls > 0 ? [say(`no price is known for this model: ${used}`)] : []),
    ...(unpricedCalls === 0 && price === null && usd !== '0' ? [say(`the amount is the agent server's own: ${used}`)] : []),
    ...(estimatedCalls > 0 ? [say('tokens not reported: worked out from the length of the texts')] : []),
  ];
}
