import type * as vscodeTypes from 'vscode';
import type { CommandId } from '../commandIds.ts';
import type { ContextKeys } from '../contextKeys.ts';
import type { HostContext } from '../hostContext.ts';
import { openPanel } from '../panel/openPanel.ts';
import type { CandidateEdits } from '../review/candidateEdits.ts';
import type { ReviewedFiles } from '../review/reviewedFiles.ts';
import type { Reviews } from '../review/reviews.ts';
import type { ReviewComment, ReviewThreads } from '../review/reviewThreads.ts';
import { lastCandidate } from '../text/runWords.ts';
import type { TasksTree } from '../tree/tasksTree.ts';
import type { Answers } from './answers.ts';
import type { CellPlaces } from './cellPlaces.ts';
import { commentOnLine } from './commentOnLine.ts';
import { showAllowedHosts } from './hosts.ts';
import type { Keeping } from './keeping.ts';
import { showRecentPrompts } from './promptInput.ts';
import type { Running } from './running.ts';
import { openSettingsFile } from './settingsFile.ts';
import { isFileNode, isNode, type Targets } from './target.ts';

export interface CommandParts {
  readonly context: HostContext;
  readonly keys: ContextKeys;
  readonly targets: Targets;
  readonly running: Running;
  readonly answers: Answers;
  readonly keeping: Keeping;
  readonly places: CellPlaces;
  readonly reviews: Reviews;
  readonly reviewed: ReviewedFiles;
  readonly threads: ReviewThreads;
  readonly edits: CandidateEdits;
  readonly tasks: TasksTree;
  /** Takes over what the person has said of changes in other windows. */
  readonly catchUp: () => void;
  readonly output: () => vscodeTypes.OutputChannel;
  readonly doctorOutput: () => vscodeTypes.OutputChannel;
}

type Handler = (...args: never[]) => unknown;

/** What each command does. Arguments come from menus, links and other extensions and are looked at before they are used. */
export function commandTable(parts: CommandParts): Record<CommandId, Handler> {
  const { context, running, answers, keeping, places, threads, edits, tasks, targets } = parts;
  const thread = (target: vscodeTypes.CommentThread | vscodeTypes.CommentReply): vscodeTypes.CommentThread =>
    'thread' in target ? target.thread : target;
  return {
    'reactor.runTask': (given: unknown) => running.task(given),
    'reactor.recentPrompts': () => showRecentPrompts(),
    'reactor.runTasksInParallel': () => running.inParallel(),
    'reactor.newTaskList': () => running.newList(),
    'reactor.runTaskList': (argument: unknown) => running.list(argument),
    'reactor.runOnSelection': () => running.onSelection(),
    'reactor.fixDiagnostic': (uri: unknown, range?: vscodeTypes.Range, messages?: string[]) =>
      range === undefined || messages === undefined ? running.fixHere() : running.fixDiagnostic(uri as vscodeTypes.Uri, range, messages),
    'reactor.runPlanned': (argument: unknown, index: unknown) => running.planned(argument, index),
    'reactor.estimateTask': () => running.estimate(),
    'reactor.openPlannedTask': (argument: unknown) => openPlanned(context, argument),
    'reactor.reviewChanges': (argument: unknown) => reviewChanges(parts, argument),
    'reactor.openFileDiff': (node: unknown) => (isFileNode(node) ? parts.reviews.openFile(node) : undefined),
    'reactor.openEditableDiff': (node: unknown) => (isFileNode(node) ? parts.reviews.openEditable(node) : undefined),
    'reactor.rejectFile': (node: unknown, nodes: unknown) => edits.rejectFiles((Array.isArray(nodes) ? nodes : [node]).filter(isFileNode)),
    'reactor.toggleReviewed': (argument: unknown, nodes: unknown) => toggleReviewed(parts, argument, nodes),
    'reactor.testEdits': (argument: unknown) => testEdits(parts, argument),
    'reactor.approve': (argument: unknown) => answers.approve(argument),
    'reactor.requestChanges': (argument: unknown) => answers.requestChanges(argument),
    'reactor.reject': (argument: unknown) => answers.reject(argument),
    'reactor.answer': (argument: unknown) => answers.answer(argument),
    'reactor.allowOnce': (argument: unknown) => answers.allowOnce(argument),
    'reactor.deny': (argument: unknown) => answers.deny(argument),
    'reactor.stop': (argument: unknown, selected: unknown) => keeping.stop(argument, selected),
    'reactor.resume': (argument: unknown, selected: unknown) => keeping.resume(argument, selected),
    'reactor.restoreAttempt': (argument: unknown) => keeping.restore(argument),
    'reactor.openPanel': (argument: unknown) => showPanel(parts, argument),
    'reactor.showTimeline': (argument: unknown) => showPanel(parts, argument, 'timeline'),
    'reactor.showCosts': (argument: unknown) => showPanel(parts, argument, 'costs'),
    'reactor.setBudget': (argument: unknown) => keeping.budgets.set(argument),
    'reactor.cleanUp': () => keeping.cleanUp(),
    'reactor.showHosts': async () => {
      const model = await targets.repository();
      if (model !== null) await showAllowedHosts(context, model);
    },
    'reactor.doctor': () => doctor(parts),
    'reactor.openSettings': () => context.vscode.commands.executeCommand('workbench.action.openSettings', '@ext:reactor.reactor'),
    'reactor.openProjectSettings': async () => {
      const model = await targets.repository();
      if (model !== null) await openSettingsFile(context, model);
    },
    'reactor.showLog': () => parts.output().show(true),
    'reactor.openWorktree': (argument: unknown) => places.openWorktree(argument),
    'reactor.openWorktreeTerminal': (argument: unknown) => places.openTerminal(argument),
    'reactor.openServerLog': (argument: unknown) => places.openServerLog(argument),
    'reactor.copyBranch': (argument: unknown) => places.copyBranch(argument),
    'reactor.filterTasks': () => filterTasks(parts),
    'reactor.clearTaskFilter': () => {
      tasks.setFilter('');
      parts.keys.set('reactor.tasksFiltered', false);
    },
    'reactor.groupTasks': () => setGrouped(parts, true),
    'reactor.flattenTasks': () => setGrouped(parts, false),
    'reactor.refresh': async () => {
      await context.repositories.rescan();
      await parts.keys.lookForServer();
    },
    'reactor.comment.onLine': () => commentOnLine(context.vscode, threads),
    'reactor.comment.create': (reply: vscodeTypes.CommentReply) => threads.create(reply),
    'reactor.comment.edit': (comment: ReviewComment) => threads.edit(comment),
    'reactor.comment.save': (comment: ReviewComment) => threads.save(comment),
    'reactor.comment.cancel': (comment: ReviewComment) => threads.cancel(comment),
    'reactor.comment.delete': (target: vscodeTypes.CommentThread | ReviewComment) => threads.delete(target),
    'reactor.comment.resolve': (target: vscodeTypes.CommentThread | vscodeTypes.CommentReply) =>
      threads.setState(thread(target), 'resolved'),
    'reactor.comment.reopen': (target: vscodeTypes.CommentThread | vscodeTypes.CommentReply) => threads.setState(thread(target), 'open'),
  };
}

async function reviewChanges({ targets, reviews, catchUp }: CommandParts, argument: unknown): Promise<void> {
  const waiting = {
    fits: (state: Parameters<typeof lastCandidate>[0]) => lastCandidate(state) !== null,
    title: 'Review Changes',
    none: 'No agent has changed anything yet.',
  };
  const target = await targets.pick(argument, waiting);
  if (target === null) return;
  catchUp();
  await reviews.open(target.model, target.state, target.shown?.tree ?? null);
}

/** All become reviewed, or, when they are, none. */
async function toggleReviewed({ targets, reviewed }: CommandParts, argument: unknown, nodes: unknown): Promise<void> {
  const files = targets
    .rows(argument, nodes)
    .filter(isFileNode)
    .filter(({ reviewable }) => reviewable);
  const isReviewed = !files.every(({ model, run, file, tree }) => reviewed.has(model, run, file.path, tree));
  for (const { model, run, tree, file } of files) await reviewed.set(model, run, tree, [{ path: file.path, reviewed: isReviewed }]);
}

async function testEdits({ targets, edits }: CommandParts, argument: unknown): Promise<void> {
  const none = 'No change waits for your review.';
  const target = await targets.ask(argument, { kinds: ['review'], title: 'Test My Edits', none, always: false });
  if (target !== null) await edits.takeEdits(target.model, target.state);
}

async function showPanel({ context, targets, threads }: CommandParts, argument: unknown, tab?: 'timeline' | 'costs'): Promise<void> {
  const target = targets.direct(argument);
  const model = target?.model ?? (isNode(argument) ? argument.model : await targets.repository());
  if (model === null) return;
  const { vscode, extension, host } = context;
  openPanel({ vscode, context: extension, model, host, comments: threads }, tab, target?.state.run);
}

async function doctor({ context, targets, doctorOutput }: CommandParts): Promise<void> {
  const model = await targets.repository();
  if (model === null) return;
  const channel = doctorOutput();
  channel.clear();
  channel.show(true);
  channel.appendLine(`${model.place.name}: looking at what a run needs …`);
  channel.append(await context.host.doctor(model.place.folder));
}

async function filterTasks({ context, tasks, keys }: CommandParts): Promise<void> {
  const typed = await context.vscode.window.showInputBox({
    title: 'Filter Tasks',
    prompt: 'Words of the id, the title or the state',
    value: tasks.filter,
  });
  if (typed === undefined) return;
  tasks.setFilter(typed);
  keys.set('reactor.tasksFiltered', tasks.filter !== '');
}

async function setGrouped({ tasks, keys }: CommandParts, grouped: boolean): Promise<void> {
  await tasks.setGrouped(grouped);
  keys.set('reactor.tasksFlat', !grouped);
}

async function openPlanned({ vscode }: HostContext, argument: unknown): Promise<void> {
  if (!isNode(argument) || argument.kind !== 'planned') return;
  const at = argument.place.line - 1;
  await vscode.window.showTextDocument(await vscode.workspace.openTextDocument(argument.uri), {
    selection: new vscode.Range(at, 0, at, 0),
  });
}
