import { type Place, placeOf, placeText } from '../../core/landing/line.ts';
import { predictedText } from '../../core/landing/predicted.ts';
import { bytesText, elapsedText, shortOid } from '../../core/projections/figures.ts';
import { type ResultRow, resultRow } from '../../core/projections/runResult.ts';
import { attemptText, runCostText, runElapsedText } from '../../core/projections/runWords.ts';
import { isUnsandboxed } from '../../core/projections/unsandboxed.ts';
import { heldText } from '../../core/projections/waitText.ts';
import type { Phase, RunState } from '../../core/run/state.ts';
import type { CellMessage, InboxItem, Status } from '../../protocol/messages.ts';
import { markOf } from './runMark.ts';
import { safeLine } from './safeText.ts';
import { type Piece, renderLine, type Style, tone } from './style.ts';
import { type Column, tableLines, tableWidth } from './table.ts';
import { wrapText } from './textWidth.ts';

/** A run in a list: its result so far, and where it stands. */
export interface StatusRow extends ResultRow {
  readonly phase: Phase;
  readonly title: string;
  /** Where it stands in the line of its target; null when it is in none. */
  readonly line: Place | null;
  /** What it waits for before it starts; not there when it has a place. */
  readonly queued?: string;
}

/** @param runs the open runs, among which it may wait for its turn to land */
export const statusRow = (state: RunState, runs: readonly RunState[]): StatusRow => ({
  ...resultRow(state),
  phase: state.phase,
  title: state.spec.title,
  line: placeOf(state, runs),
  ...(state.queued === null ? {} : { queued: state.queued.text }),
});

/** Below the title. */
const reasonIndent = 10;

const heading = (text: string, style: Style): string => renderLine([tone('strong', text)], style);

/** What needs a person, then what runs; or one sentence when nothing does. */
export function statusLines(status: Status, style: Style, now: number): string[] {
  if (status.runs.length === 0 && status.inbox.length === 0)
    return ['Nothing runs and nothing waits for you. Start with: reactor run --prompt "…"'];
  return [
    ...inboxLines(status.inbox, style, now),
    ...(status.inbox.length > 0 && status.runs.length > 0 ? [''] : []),
    ...runLines(status, style, now),
  ];
}

function inboxLines(inbox: readonly InboxItem[], style: Style, now: number): string[] {
  if (inbox.length === 0) return [];
  return [
    heading(`NEEDS YOU  ${inbox.length}`, style),
    ...inbox.flatMap((item) => {
      const tree = item.tree === null ? '' : `, tree ${shortOid(item.tree)}`;
      const since = `  waits ${elapsedText(now - item.at)}`;
      return [
        renderLine([tone('warn', '  ◇ '), tone('strong', item.task), ` ${kindText(item)}${safeLine(item.title)}${tree}${since}`], style),
        renderLine([tone('dim', `      ${commandFor(item)}`)], style),
      ];
    }),
  ];
}

/** What is asked for, unless the title says so itself. */
const kindText = ({ kind, title }: InboxItem): string => (kind === 'parked' || title.startsWith(kind) ? '' : `${kind}: `);

const commandFor = ({ kind, task }: InboxItem): string => {
  switch (kind) {
    case 'review':
      return `reactor show ${task} --diff · reactor approve ${task}`;
    case 'permission':
      return `reactor approve ${task} · reactor reject ${task}`;
    case 'question':
      return `reactor approve ${task} --answer "…" · reactor reject ${task}`;
    case 'parked':
      return `reactor show ${task} · reactor resume ${task} · reactor kill ${task}`;
  }
};

function runLines({ runs }: Status, style: Style, now: number): string[] {
  const warnings = runs
    .filter(({ predicted }) => predicted.length > 0)
    .map((state) => renderLine([tone('warn', '  ! '), tone('strong', state.task), ` ${safeLine(predictedText(state))}`], style));
  return runs.length === 0 ? [] : [heading(`RUNS  ${runs.length}`, style), ...runTable(runs, style, now), ...warnings];
}

const markPiece = (state: RunState, runs: readonly RunState[]): Piece => {
  const { mark, word, tone: colour } = markOf(state);
  return tone(colour, `${mark} ${placeText(placeOf(state, runs)) || word}${isUnsandboxed(state) ? ', unsandboxed' : ''}`);
};

/** Runs as a table; newest or oldest first as given. */
export function runTable(runs: readonly RunState[], style: Style, now: number): string[] {
  const columns: Column<RunState>[] = [
    { title: 'TASK', piece: (state) => tone('strong', state.task) },
    { title: 'TITLE', piece: (state) => safeLine(state.spec.title), flexible: true },
    { title: 'STATE', piece: (state) => markPiece(state, runs) },
    { title: 'ATTEMPT', piece: (state) => attemptText(state).replace('attempt ', '') },
    { title: 'TIME', piece: (state) => runElapsedText(state, now), alignRight: true },
    { title: 'COST', piece: runCostText, alignRight: true },
  ];
  const why: Column<RunState> = { title: 'WAITS FOR', piece: (state) => safeLine(heldText(state)) };
  const waits = runs.some((state) => heldText(state) !== '');
  if (waits && tableWidth(runs, [...columns, why]) <= style.columns) return tableLines(runs, [...columns, why], style);
  const [titles = '', ...rows] = tableLines(runs, columns, style);
  return [titles, ...rows.flatMap((row, index) => [row, ...reasonLines(runs[index], style)])];
}

/** Why a run waits, below its row, where there is no room beside it. */
function reasonLines(state: RunState | undefined, style: Style): string[] {
  const reason = state === undefined ? '' : heldText(state);
  const indent = ' '.repeat(reasonIndent);
  const lines = reason === '' ? [] : wrapText(`waits: ${safeLine(reason)}`, style.columns - reasonIndent);
  return lines.map((line) => renderLine([tone('dim', `${indent}${line}`)], style));
}

/** '8001', with what the app under test has '8001 + 8002, 8003'. */
const portsText = ({ port, appPorts }: CellMessage): string => [port ?? '-', appPorts.join(', ')].filter((text) => text !== '').join(' + ');

export function cellLines(cells: readonly CellMessage[], style: Style): string[] {
  if (cells.length === 0) return ['No cell is there: nothing runs.'];
  const columns: Column<CellMessage>[] = [
    { title: 'TASK', piece: (cell) => tone('strong', cell.task) },
    { title: 'STATE', piece: (cell) => (cell.unsandboxed ? `${cell.phase}, unsandboxed` : cell.phase) },
    { title: 'PORT', piece: portsText, alignRight: true },
    { title: 'PID', piece: (cell) => (cell.pid === null ? '-' : String(cell.pid)), alignRight: true },
    { title: 'MEMORY', piece: (cell) => (cell.rssBytes === null ? '-' : bytesText(cell.rssBytes)), alignRight: true },
    { title: 'BRANCH', piece: (cell) => safeLine(cell.branch) },
    { title: 'WORKTREE', piece: (cell) => safeLine(cell.worktree), flexible: true },
  ];
  return tableLines(cells, columns, style);
}
