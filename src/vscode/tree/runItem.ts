import type * as vscodeTypes from 'vscode';
import { shortOid } from '../../core/projections/figures.ts';
import { attemptText, runCostText, runElapsedText, saysAlready, tokensText } from '../../core/projections/runWords.ts';
import { isUnsandboxed } from '../../core/projections/unsandboxed.ts';
import { heldText } from '../../core/projections/waitText.ts';
import type { RunState } from '../../core/run/state.ts';
import { plainLine } from '../text/plainText.ts';
import { joined, lastCandidate, markOf } from '../text/runWords.ts';
import type { Vscode } from '../vscodeValue.ts';
import { unsandboxedUri } from './cellUri.ts';
import type { NodeOf } from './treeNode.ts';

const title = (state: RunState, longest: number): string => `${state.task}  ${plainLine(state.spec.title, longest)}`;
const LONGEST_TITLE = 60;
/** What a cell does stands behind it, in a view that is some forty characters wide. */
const LONGEST_OF_CELL = 32;

/** A cell at work: `TASK-008  Structured logging   testing · 1m02s · attempt 1 of 3 · 1,830 tok · $0.1800`. */
export function cellItem(vscode: Vscode, key: string, state: RunState, activity: string, now: number, place = ''): vscodeTypes.TreeItem {
  const { icon, color, word: phase } = markOf(state);
  const word = place || phase;
  const drawn = new vscode.TreeItem(title(state, LONGEST_OF_CELL), vscode.TreeItemCollapsibleState.Collapsed);
  const doing = activity === '' || state.phase !== 'executing' ? word : `${word}: ${plainLine(activity, 40)}`;
  drawn.id = key;
  const boundary = isUnsandboxed(state) ? 'unsandboxed' : '';
  drawn.description = joined(
    doing,
    plainLine(heldText(state), 80),
    boundary,
    runElapsedText(state, now),
    attemptText(state),
    tokensText(state),
    runCostText(state),
  );
  drawn.iconPath = new vscode.ThemeIcon(icon, color === null ? undefined : new vscode.ThemeColor(color));
  if (boundary !== '') drawn.resourceUri = unsandboxedUri(vscode, state.run);
  drawn.contextValue = `cell.${state.phase}${lastCandidate(state) === null ? '' : '+candidate'}`;
  drawn.accessibilityInformation = { label: `${state.task}, ${plainLine(state.spec.title)}, ${drawn.description}` };
  return drawn;
}

/** A task by its last run: `TASK-006  Rename flag   c41d9e0 · attempt 1 · $0.0900`. */
export function taskItem(vscode: Vscode, node: NodeOf<'task'>, state: RunState, grouped: boolean, now: number): vscodeTypes.TreeItem {
  const { icon, color, word } = markOf(state);
  const drawn = new vscode.TreeItem(title(state, LONGEST_TITLE), vscode.TreeItemCollapsibleState.None);
  const landed = state.landing?.landed;
  const commit = landed ? shortOid(landed.to) : '';
  // Time that goes on is shown with the cells; here nothing moves while it is read.
  const time = state.phase === 'ended' ? runElapsedText(state, now) : '';
  const reason = state.parked?.reason ?? (state.phase === 'ended' && !landed ? (state.concluded?.reason ?? '') : heldText(state));
  drawn.id = node.key;
  const end = grouped || saysAlready(word, reason) ? '' : word;
  drawn.description = joined(end, commit, plainLine(reason, 80), attemptText(state), time, runCostText(state));
  drawn.iconPath = new vscode.ThemeIcon(icon, color === null ? undefined : new vscode.ThemeColor(color));
  drawn.contextValue = taskContext(state);
  drawn.accessibilityInformation = {
    label: `${state.task}, ${plainLine(state.spec.title)}, ${saysAlready(word, reason) ? '' : `${word}, `}${drawn.description}`,
  };
  drawn.command = {
    command: 'reactor.showTimeline',
    title: 'Show Timeline',
    arguments: [{ repository: node.model.place.id, run: state.run }],
  };
  return drawn;
}

/** `task.queued`, `task.running`, `task.parked.budget`, `task.ended`, each with `+candidate` when there is something to look at or restore. */
function taskContext(state: RunState): string {
  const where =
    state.phase === 'ended'
      ? 'ended'
      : state.parked !== null
        ? `parked.${state.parked.code}`
        : state.phase === 'queued'
          ? 'queued'
          : 'running';
  return `task.${where}${lastCandidate(state) === null ? '' : '+candidate'}`;
}
