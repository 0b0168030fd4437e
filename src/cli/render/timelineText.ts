import { elapsedText } from '../../core/projections/figures.ts';
import { isGreen, type RunState } from '../../core/run/state.ts';
import { markOf } from './runMark.ts';
import { textWidth } from './textWidth.ts';

/** The stretches of a run in order: 'boot 0.4 s', 'agent 3.1 s', 'test ✗ 0.8 s', 'reverted', … */
export function timelineSpans(state: RunState): string[] {
  const spans: string[] = [];
  const first = state.attempts[0];
  if (state.startedAt !== null && first !== undefined) {
    const base = state.base === null || state.base.remembered ? 0 : state.base.evidence.durationMs;
    spans.push(`boot ${elapsedText(first.startedAt - state.startedAt - base)}`);
  }
  if (state.base !== null) spans.push(state.base.remembered ? 'base known' : testSpan('base', state.base.evidence));
  for (const attempt of state.attempts) {
    if (attempt.executed !== null) spans.push(`agent ${elapsedText(attempt.executed.durationMs)}`);
    if (attempt.violations.length > 0) spans.push('violation');
    if (attempt.test !== null) spans.push(testSpan('test', attempt.test.evidence));
    if (attempt.review !== null) spans.push(attempt.review.decision);
    if (attempt.closed !== null) spans.push(attempt.closed.how);
    if (attempt.commit !== null) spans.push('commit');
  }
  if (state.waitedMs >= 1000) spans.push(`waited ${elapsedText(state.waitedMs)}`);
  if (state.phase === 'ended' || state.phase === 'parked') spans.push(markOf(state).word);
  return spans;
}

const testSpan = (name: string, evidence: Parameters<typeof isGreen>[0]): string =>
  `${name} ${isGreen(evidence) ? '✓' : '✗'} ${elapsedText(evidence.durationMs)}`;

/** The spans joined by arrows, broken into lines of at most `columns`. */
export function timelineLines(state: RunState, indent: string, columns: number): string[] {
  const lines: string[] = [];
  let line = '';
  for (const span of timelineSpans(state)) {
    const longer = line === '' ? span : `${line} → ${span}`;
    if (line !== '' && textWidth(indent + longer) > columns - 2) {
      lines.push(`${indent}${line} →`);
      line = span;
    } else line = longer;
  }
  return line === '' ? lines : [...lines, indent + line];
}
