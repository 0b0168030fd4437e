import { join } from 'node:path';
import type { CommandEvidence } from '../../core/journal/events.ts';
import { predictedText } from '../../core/landing/predicted.ts';
import { totalTokens } from '../../core/model/tokens.ts';
import { costText } from '../../core/model/usd.ts';
import { addedSecretText } from '../../core/policy/secrets/addedSecrets.ts';
import { countText, shortOid } from '../../core/projections/figures.ts';
import { runCostText, runElapsedText, tokensText } from '../../core/projections/runWords.ts';
import { boundaryText } from '../../core/projections/unsandboxed.ts';
import type { AttemptState, RunState } from '../../core/run/state.ts';
import { baseText } from '../../core/run/unborn.ts';
import { diffStatLines, diffSummary } from './diffStat.ts';
import { evidenceText, personOf } from './eventText.ts';
import { nextHints } from './nextHints.ts';
import { markOf } from './runMark.ts';
import { safeLine, safeText } from './safeText.ts';
import { type Piece, renderLine, type Style, tone, uncut } from './style.ts';
import { cutText, textWidth, wrapText } from './textWidth.ts';
import { timelineLines } from './timelineText.ts';

const tailLines = 15;
const factIndent = 11;
const factLines = 8;

/** Everything about a run for people: what was asked, each attempt with its evidence, and what to do next. */
export function runDetails(state: RunState, dataFolder: string, style: Style, now: number, place = ''): string[] {
  const { spec } = state;
  const { mark, word, tone: colour } = markOf(state);
  const line = (...pieces: Piece[]) => renderLine(pieces, style);
  const fact = (name: string, value: string | null) =>
    wrapText(safeLine(value ?? ''), style.columns - factIndent)
      .filter((text) => text !== '')
      .slice(0, factLines)
      .map((text, index) => renderLine([tone('dim', (index === 0 ? `  ${name}` : '').padEnd(factIndent)), text], uncut(style)));
  // The title gives way, not how the run stands.
  const titleRoom = Math.max(8, style.columns - textWidth(`${state.task}   ${mark} ${word}  ${state.run}`));
  const reason = state.concluded?.reason ?? state.parked?.reason ?? state.deferred ?? '';
  return [
    line(
      tone('strong', state.task),
      ' ',
      cutText(safeLine(spec.title), titleRoom),
      '  ',
      tone(colour, `${mark} ${word}`),
      `  ${state.run}`,
    ),
    ...fact('prompt', spec.prompt),
    ...fact('why', reason || place),
    ...fact('queued', state.queued?.text ?? null),
    ...fact('base', `${baseText(spec, shortOid)}${spec.target === null ? '' : `, to land on ${spec.target} (${spec.land})`}`),
    ...fact('test', spec.test),
    ...fact('setup', spec.setup),
    ...fact('boundary', boundaryText(state)),
    ...fact('model', spec.model),
    ...fact('branch', state.cell?.branch ?? null),
    ...fact('app ports', state.cell?.appPorts.join(', ') ?? null),
    ...fact('worktree', state.cell?.hasWorktree ? state.cell.worktree : null),
    ...fact('spent', [runElapsedText(state, now), tokensText(state), runCostText(state)].filter((text) => text !== '').join(', ')),
    ...timelineLines(state, '  ', Math.min(style.columns, 100)).map((text) => line(tone('dim', text))),
    ...(state.base === null
      ? []
      : evidenceLines(`base: tests ${evidenceText(state.base.evidence)}`, state.base.evidence, dataFolder, style)),
    ...state.attempts.flatMap((attempt) => attemptLines(attempt, dataFolder, style)),
    ...state.pending.map((asked) => line(tone('warn', '◇ waits for you: '), safeLine(asked.title))),
    ...[predictedText(state)].filter((text) => text !== '').map((text) => line(tone('warn', '! '), safeLine(text))),
    ...state.warnings.map((warning) => line(tone('warn', '! '), safeLine(warning))),
    ...nextHints(state)
      .filter(({ command }) => command !== `reactor show ${state.task}`)
      .map(({ command, effect }) => line('→ ', tone('accent', command), `  ${effect}`)),
  ];
}

function attemptLines(attempt: AttemptState, dataFolder: string, style: Style): string[] {
  const line = (...pieces: Piece[]) => renderLine(pieces, style);
  const { candidate, test, review, closed, commit, violations, executed } = attempt;
  const spent = `${countText(totalTokens(attempt.tokens))} tok, ${costText(attempt.cost)}`;
  return [
    line(tone('strong', `attempt ${attempt.attempt}`), `  ${spent}`),
    ...(executed === null || executed.end === 'done' ? [] : [line('  the agent stopped: ', safeLine(executed.reason ?? executed.end))]),
    ...violations.map(({ detail }) => line(tone('bad', '  security violation: '), safeLine(detail))),
    ...(candidate === null
      ? []
      : [
          // Whole, to be copied.
          renderLine(
            [`  ${diffSummary(candidate)}, tree ${shortOid(candidate.tree)}, kept in `, safeLine(candidate.keptRef)],
            uncut(style),
          ),
          ...diffStatLines(candidate, '    ', style),
          ...candidate.protected.map(({ path, why }) => line(tone('warn', '  needs a person: '), safeLine(`${path} ${why}`))),
          ...candidate.secrets.map((secret) =>
            line(tone('bad', '  held back, a secret in it: '), safeLine(addedSecretText(secret)), tone('dim', `  ${secret.id}`)),
          ),
        ]),
    ...(test === null ? [] : evidenceLines(`  tests ${evidenceText(test.evidence)}`, test.evidence, dataFolder, style)),
    ...(test === null || test.changedByTest.length === 0
      ? []
      : [line(tone('warn', '  changed by the test and not committed: '), test.changedByTest.map(safeLine).join(', '))]),
    ...(review === null
      ? []
      : [line(`  ${review.decision} by ${personOf(review.by)}`, review.comment === null ? '' : `: ${safeLine(review.comment)}`)]),
    ...(closed === null ? [] : [line(`  ${closed.how}: `, safeLine(closed.reason))]),
    ...(commit === null ? [] : [line(`  committed as ${shortOid(commit)}`)]),
  ];
}

function evidenceLines(title: string, evidence: CommandEvidence, dataFolder: string, style: Style): string[] {
  const isGreen = evidence.end === 'exited' && evidence.exitCode === 0;
  const head = renderLine(
    [title, evidence.outputFile === '' ? '' : tone('dim', `  ${join(dataFolder, evidence.outputFile)}`)],
    uncut(style),
  );
  if (isGreen) return [head];
  const tail = safeText(evidence.tail).trimEnd().split('\n').slice(-tailLines);
  return [
    head,
    ...tail.filter((text) => text !== '').map((text) => renderLine([tone('dim', '    | '), text.replaceAll('\t', '    ')], style)),
  ];
}
