import { plural, shortOid } from '../../core/projections/figures.ts';
import { statusOf } from '../../core/projections/runResult.ts';
import { endOf } from '../../core/projections/runWords.ts';
import type { RunState } from '../../core/run/state.ts';
import { diffStatLines, diffSummary } from './diffStat.ts';
import { nextHints } from './nextHints.ts';
import { closingLines } from './runLine.ts';
import { safeLine } from './safeText.ts';
import { renderLine, type Style, tone, uncut } from './style.ts';
import { textWidth, wrapText } from './textWidth.ts';
import { timelineLines } from './timelineText.ts';

/** How a group of runs came out: a line, a timeline and the change of each, what moved, and what to do next. */
export function summaryLines(states: readonly RunState[], style: Style, now: number): string[] {
  const closing = closingLines(states, style, now);
  const indent = ' '.repeat(closing.task + 3);
  const lines = states.flatMap((state, index) => [closing.lines[index] ?? '', ...detailLines(state, indent, style)]);
  return [...lines, ...targetLines(states, style), ...hintLines(states, style)];
}

function detailLines(state: RunState, indent: string, style: Style): string[] {
  const timeline = timelineLines(state, indent, Math.min(style.columns, 100)).map((line) => renderLine([tone('dim', line)], style));
  const status = statusOf(state);
  const reason = status === 'landed' ? [] : reasonLines(state, indent, style);
  const candidate = state.attempts.findLast((a) => a.candidate !== null)?.candidate ?? null;
  const change =
    candidate === null || candidate.filesTotal === 0
      ? []
      : [
          renderLine(
            [indent, diffSummary(candidate), ...(isTaken(state) ? [] : [', kept in ', safeLine(candidate.keptRef)])],
            uncut(style),
          ),
          ...diffStatLines(candidate, `${indent}  `, style, 6),
        ];
  const warnings = state.warnings.flatMap((warning) =>
    wrapText(safeLine(warning), style.columns - textWidth(indent) - 2).map((line, index) =>
      renderLine([indent, index === 0 ? tone('warn', '! ') : '  ', line], style),
    ),
  );
  return [...reason, ...timeline, ...change, ...warnings];
}

const isTaken = (state: RunState): boolean => ['landed', 'committed'].includes(statusOf(state));

function reasonLines(state: RunState, indent: string, style: Style): string[] {
  const reason = state.concluded?.reason ?? state.parked?.reason ?? state.deferred ?? state.pending[0]?.title ?? state.queued?.text ?? '';
  return reason === ''
    ? []
    : wrapText(safeLine(reason), style.columns - textWidth(indent)).map((line) => renderLine([indent, line], style));
}

function targetLines(states: readonly RunState[], style: Style): string[] {
  const reverted = states.flatMap((state) => state.attempts).filter((a) => a.closed?.how === 'reverted').length;
  const counts = (['landed', 'committed', 'rejected', 'failed', 'parked', 'cancelled', 'error', 'running'] as const)
    .map((status) => ({ status, count: states.filter((state) => endOf(state) === status).length }))
    .filter(({ count }) => count > 0)
    .map(({ status, count }) => `${count} ${status}`);
  const tally = [...counts, ...(reverted > 0 ? [`${plural(reverted, 'attempt')} reverted`] : [])].join(' · ');
  const landings = states.flatMap((state) => (state.landing?.landed ? [state.landing.landed] : []));
  const targets = [...new Set(landings.map((landing) => landing.target))];
  if (targets.length === 0) return [renderLine(['  ', tally], style)];
  return targets.map((target, index) => {
    const moves = landings.filter((landing) => landing.target === target);
    const move = `${shortOid(moves[0]?.from ?? '')} → ${shortOid(moves.at(-1)?.to ?? '')}`;
    return renderLine(['  ', tone('strong', safeLine(target)), `  ${move}`, index === 0 ? `  ${tally}` : ''], style);
  });
}

function hintLines(states: readonly RunState[], style: Style): string[] {
  const hints = states.flatMap(nextHints);
  if (hints.length === 0) return [];
  const shown = hints.slice(0, 8);
  const width = Math.max(...shown.map((hint) => textWidth(hint.command)));
  return [
    renderLine([tone('dim', '  Next:')], style),
    ...shown.map(({ command, effect }) =>
      renderLine(['    ', tone('accent', command), ' '.repeat(width - textWidth(command)), `  ${effect}`], style),
    ),
  ];
}
