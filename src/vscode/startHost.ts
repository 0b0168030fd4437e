import type * as vscodeTypes from 'vscode';
import { DisposableStore } from '../base/lifecycle.ts';
import { errorText } from '../base/log.ts';
import type { ViewId } from './commandIds.ts';
import { Answers } from './commands/answers.ts';
import { CellPlaces } from './commands/cellPlaces.ts';
import { commandTable } from './commands/commandTable.ts';
import { Keeping } from './commands/keeping.ts';
import { showProblem } from './commands/problem.ts';
import { Running } from './commands/running.ts';
import { Targets } from './commands/target.ts';
import { ContextKeys } from './contextKeys.ts';
import type { EditorHost } from './editorHost.ts';
import type { HostApi, Views } from './hostApi.ts';
import type { HostContext } from './hostContext.ts';
import { MoneySettings } from './moneySettings.ts';
import { BudgetAlerts } from './notice/budgetAlerts.ts';
import { Notifications } from './notice/notifications.ts';
import { StatusBar } from './notice/statusBar.ts';
import { restorePanel } from './panel/openPanel.ts';
import { PlannedTasks } from './plannedTasks.ts';
import { Repositories } from './repositories.ts';
import { CandidateEdits } from './review/candidateEdits.ts';
import { FileMarks } from './review/fileMarks.ts';
import { ReviewedFiles } from './review/reviewedFiles.ts';
import { Reviews } from './review/reviews.ts';
import { ReviewThreads } from './review/reviewThreads.ts';
import { TreeFiles } from './review/treeFiles.ts';
import { lastCandidate } from './text/runWords.ts';
import { CellsTree } from './tree/cellsTree.ts';
import { KeptFocus } from './tree/keptFocus.ts';
import { NeedsYouTree } from './tree/needsYouTree.ts';
import { TasksTree } from './tree/tasksTree.ts';
import type { TreeNode } from './tree/treeNode.ts';
import { ViewHeads } from './tree/viewHeads.ts';
import type { Vscode } from './vscodeValue.ts';
import { SettingsLanguage } from './yaml/settingsLanguage.ts';

export interface HostDeps {
  readonly vscode: Vscode;
  readonly extension: HostContext['extension'];
  readonly host: EditorHost;
  readonly views: Views;
  /** The log, as the editor shows it. */
  readonly output: () => vscodeTypes.OutputChannel;
}

/** Puts the whole editor's side together, and begins to read the repositories. */
export function startHost({ vscode, extension, host, views, output }: HostDeps): HostApi {
  const store = new DisposableStore();
  const repositories = store.add(new Repositories(vscode, host));
  const context: HostContext = { vscode, extension, host, repositories };
  const files = new TreeFiles(context);
  const reviewed = store.add(new ReviewedFiles(context));
  const planned = store.add(new PlannedTasks(context));
  const needsYou = store.add(new NeedsYouTree(context, reviewed));
  const cells = store.add(new CellsTree(context));
  const tasks = store.add(new TasksTree(context, planned));
  const trees: Record<ViewId, vscodeTypes.TreeDataProvider<TreeNode>> = {
    'reactor.needsYou': needsYou,
    'reactor.cells': cells,
    'reactor.tasks': tasks,
  };
  const keys = store.add(new ContextKeys(context));
  const reviews = store.add(new Reviews(context));
  const threads = store.add(new ReviewThreads(context, files));
  const edits = store.add(new CandidateEdits(context));
  const language = store.add(new SettingsLanguage(context));
  store.add(new Notifications(context));
  store.add(new BudgetAlerts(context));
  const statusBar = store.add(new StatusBar(context));
  const focus = store.add(new KeptFocus(context, () => views['reactor.tasks'].visible));
  const heads = store.add(new ViewHeads(context, views, needsYou));
  store.add(
    planned.onDidChangeFile(() => {
      statusBar.readLimit();
      heads.readLimits();
    }),
  );
  store.add(store.add(new MoneySettings(context)).onDidChange(() => statusBar.readLimit()));
  store.add(vscode.window.registerFileDecorationProvider(new FileMarks(context, reviewed)));
  let doctorChannel: vscodeTypes.OutputChannel | null = null;
  const doctorOutput = (): vscodeTypes.OutputChannel => {
    doctorChannel ??= store.add(vscode.window.createOutputChannel('Reactor Doctor'));
    return doctorChannel;
  };
  const catchUp = (): void => {
    threads.catchUp();
    reviewed.catchUp();
  };
  store.add(vscode.window.onDidChangeWindowState(({ focused }) => (focused ? catchUp() : undefined)));
  const targets = new Targets(
    context,
    (view) => views[view].selection,
    () => reviews.fronts(),
  );
  const table = commandTable({
    context,
    keys,
    targets,
    running: new Running(context, targets, planned),
    answers: new Answers(context, targets, (model, run) => threads.toSend(model, run)),
    keeping: new Keeping(context, targets),
    places: new CellPlaces(context, targets),
    reviews,
    reviewed,
    threads,
    edits,
    tasks,
    catchUp,
    output,
    doctorOutput,
  });
  keys.set('reactor.tasksFlat', !tasks.grouped);

  // Said where it is looked for, as long as it is so: what is missing in each view, what is old in the first that is unfolded.
  const say = (): void => {
    const { problem, readOnly } = repositories;
    const first = Object.values(views).find(({ visible }) => visible) ?? views['reactor.tasks'];
    for (const view of Object.values(views)) view.message = problem ?? (view === first ? (readOnly ?? '') : '');
  };
  store.add(repositories.onDidChange(say));
  for (const view of Object.values(views)) store.add(view.onDidChangeVisibility(say));
  cells.setVisible(views['reactor.cells'].visible);
  store.add(views['reactor.cells'].onDidChangeVisibility(({ visible }) => cells.setVisible(visible)));
  store.add(views['reactor.needsYou'].onDidChangeCheckboxState(({ items }) => void tick(context, reviewed, items)));
  store.add(
    repositories.onDidChangeRun(({ model, run }) => {
      const tree = lastCandidate(run)?.candidate.tree;
      if (tree === undefined) return;
      reviewed
        .carryOver(model, run.run, tree)
        .catch((error: unknown) => host.log.log('warn', 'ticks could not be kept', { error: errorText(error) }));
    }),
  );
  repositories.scan().catch((error: unknown) => host.log.log('error', 'the repositories could not be read', { error: errorText(error) }));

  return {
    async run(command, args) {
      focus.commandBegins(args[0]);
      try {
        return await (table[command] as (...given: readonly unknown[]) => unknown)(...args);
      } catch (error) {
        await showProblem(context, error);
        return undefined;
      } finally {
        focus.commandEnds();
      }
    },
    tree: (view) => trees[view],
    restorePanel: (panel, state) =>
      restorePanel({ vscode, context: extension, host, comments: threads }, panel, state, async (folder) => {
        await repositories.scan();
        return repositories.of(vscode.Uri.file(folder));
      }),
    files,
    lenses: (document) => language.lenses(document),
    onDidChangeLenses: language.onDidChangeCodeLenses,
    completions: (document, position) => language.completions(document, position),
    dispose: () => store.dispose(),
  };
}

type Ticked = readonly (readonly [TreeNode, vscodeTypes.TreeItemCheckboxState])[];

async function tick({ vscode, host }: HostContext, reviewed: ReviewedFiles, items: Ticked): Promise<void> {
  try {
    for (const [node, state] of items) {
      if (node.kind !== 'file') continue;
      const isReviewed = state === vscode.TreeItemCheckboxState.Checked;
      await reviewed.set(node.model, node.run, node.tree, [{ path: node.file.path, reviewed: isReviewed }]);
    }
  } catch (error) {
    host.log.log('error', 'a tick could not be kept', { error: errorText(error) });
  }
}
