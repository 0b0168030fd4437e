import { dirname } from 'node:path';
import type * as vscodeTypes from 'vscode';
import { UserFacingError } from '../../base/userFacingError.ts';
import type { RunRequest } from '../../core/model/runRequest.ts';
import { plural } from '../../core/projections/figures.ts';
import { type ListedTask, taskRequest } from '../../core/run/taskRequest.ts';
import { problemText, seriousProblems } from '../fixActions.ts';
import type { HostContext } from '../hostContext.ts';
import { isTaskOf, type PlannedTask, type PlannedTasks } from '../plannedTasks.ts';
import type { RepositoryModel } from '../repositoryModel.ts';
import { plainLine, withoutIcons } from '../text/plainText.ts';
import { isSettingsFile } from '../yaml/taskFiles.ts';
import { hasAgentServer } from './agentServerCheck.ts';
import { estimateTask } from './estimates.ts';
import { planRun } from './planRun.ts';
import { askPrompt, selectionOf, textAt, withContext } from './promptInput.ts';
import { startRuns } from './startRuns.ts';
import { isNode, type Targets, type WorkPlace } from './target.ts';
import { askPrompts, openTaskList, runTaskList } from './taskLists.ts';

/** Of a whole file, so that a prompt stays one. */
const MOST_PROBLEMS = 20;

/** Every way to begin work. */
export class Running {
  readonly #context: HostContext;
  readonly #targets: Targets;
  readonly #planned: PlannedTasks;

  constructor(context: HostContext, targets: Targets, planned: PlannedTasks) {
    this.#context = context;
    this.#targets = targets;
    this.#planned = planned;
  }

  /** Prompt, then how. @param prompt skips the first step, for other extensions and keybindings */
  async task(given: unknown): Promise<void> {
    const at = await this.#place();
    if (at === null) return;
    const { model } = at;
    const prompt = typeof given === 'string' && given.trim() !== '' ? given : null;
    const asked =
      prompt === null
        ? await askPrompt(this.#context, 'Run Reactor Task', selectionOf(this.#context.vscode), this.#planned.of(model))
        : { prompt };
    if (asked === null) return;
    if ('planned' in asked) return this.#startPlanned(model, [asked.planned]);
    await this.#plan(at, asked.prompt);
  }

  /** A dry run: what a task will likely cost, from past runs. */
  async estimate(): Promise<void> {
    const at = await this.#place();
    if (at !== null) await estimateTask(this.#context, at, this.#planned);
  }

  /** The selection is the prompt when it is prose of an untitled document, else the context of one. */
  async onSelection(): Promise<void> {
    const { vscode } = this.#context;
    const editor = vscode.window.activeTextEditor;
    if (editor === undefined) {
      await vscode.window.showInformationMessage('Select some text in an editor first.');
      return;
    }
    const at = await this.#place(editor.document.uri);
    if (at === null) return;
    const isProse = editor.document.isUntitled || /^(markdown|plaintext)$/.test(editor.document.languageId);
    const text = editor.document.getText(editor.selection.isEmpty ? undefined : editor.selection).trim();
    if (isProse && text !== '') return this.#plan(at, text);
    const asked = await askPrompt(this.#context, 'Run Reactor Task on Selection', selectionOf(vscode), []);
    if (asked !== null && 'prompt' in asked) await this.#plan(at, asked.prompt);
  }

  /** Fix with Reactor from the editor's menu or the palette: the problems at the cursor, or the file's when there is none. */
  async fixHere(): Promise<void> {
    const { vscode } = this.#context;
    const editor = vscode.window.activeTextEditor;
    const problems = editor === undefined ? [] : seriousProblems(vscode, vscode.languages.getDiagnostics(editor.document.uri));
    const here = problems.filter(({ range }) => editor !== undefined && range.intersection(editor.selection) !== undefined);
    const [first] = here.length > 0 ? here : problems;
    if (editor === undefined || first === undefined) {
      await vscode.window.showInformationMessage('The file in front has no problem to fix.');
      return;
    }
    const wanted = here.length > 0 ? here : problems.slice(0, MOST_PROBLEMS);
    const span = wanted.reduce((range, problem) => range.union(problem.range), first.range);
    await this.fixDiagnostic(editor.document.uri, span, wanted.map(problemText));
  }

  /** Fix with Reactor: the diagnostic and the lines it is about are the prompt. */
  async fixDiagnostic(uri: vscodeTypes.Uri, range: vscodeTypes.Range, messages: readonly string[]): Promise<void> {
    const { vscode } = this.#context;
    const at = await this.#place(uri);
    if (at === null) return;
    const document = await vscode.workspace.openTextDocument(uri);
    const around = new vscode.Range(Math.max(0, range.start.line - 5), 0, Math.min(document.lineCount - 1, range.end.line + 5), 10_000);
    const place = `${vscode.workspace.asRelativePath(uri, false)}:${range.start.line + 1}`;
    const prompt = `Fix this problem at ${place}:\n${messages.map((message) => `- ${message}`).join('\n')}`;
    await this.#plan(at, withContext(prompt, textAt(vscode, document, around)));
  }

  async #plan(at: WorkPlace, prompt: string): Promise<void> {
    const planned = await planRun(this.#context, at, `Run: ${withoutIcons(plainLine(prompt, 60))}`, [prompt]);
    if (planned !== null) await startRuns(this.#context, at.model, [{ ...planned.settings, prompt, folder: at.folder }]);
  }

  /** Several at once: tasks of reactor.yaml that are ticked, or prompts typed one after the other. */
  async inParallel(): Promise<void> {
    const { vscode } = this.#context;
    const at = await this.#place();
    if (at === null) return;
    const { model, folder } = at;
    const planned = this.#planned.of(model);
    if (planned.length > 0) {
      const type = { label: '$(edit) Type prompts instead', picked: false, task: null };
      const rows = planned.map((task) => ({
        label: withoutIcons(`${task.place.id ?? ''} ${plainLine(task.place.title, 80)}`.trim()),
        picked: true,
        task,
      }));
      const chosen = await vscode.window.showQuickPick([...rows, type], {
        title: 'Run Tasks in Parallel',
        canPickMany: true,
        ignoreFocusOut: true,
      });
      if (chosen === undefined || chosen.length === 0) return;
      if (chosen.every(({ task }) => task !== null))
        return this.#startPlanned(
          model,
          chosen.flatMap(({ task }) => task ?? []),
        );
    }
    const asked = await askPrompts(this.#context);
    if (asked === null) return;
    const { prompts } = asked;
    const written = (settings: Omit<ListedTask, 'prompt'>): ListedTask[] => prompts.map((prompt) => ({ prompt, ...settings }));
    if (asked.inList) return openTaskList(this.#context, at, written({}));
    const plan = await planRun(this.#context, at, `Run ${plural(prompts.length, 'task')} in parallel`, prompts);
    if (plan === null) return;
    if (plan.inList) return openTaskList(this.#context, at, written(plan.settings));
    const requests = prompts.map((prompt) => ({ ...plan.settings, prompt, folder }));
    await startRuns(this.#context, model, requests);
  }

  /** A new list of tasks in an editor, to be written and run there. */
  async newList(): Promise<void> {
    const at = await this.#place();
    if (at !== null) await openTaskList(this.#context, at, []);
  }

  /** All tasks of the list in front, or of the one whose title bar was pressed. */
  async list(argument: unknown): Promise<void> {
    const { vscode } = this.#context;
    const uri = argument instanceof vscode.Uri ? argument : vscode.window.activeTextEditor?.document.uri;
    if (uri !== undefined) await this.planned(uri);
  }

  /** A task of reactor.yaml or of a list: from its row, or from the link above it in the file (`uri` and index; without one, all of the file). */
  async planned(argument: unknown, index?: unknown): Promise<void> {
    if (isNode(argument) && argument.kind === 'planned') {
      const { model } = argument;
      if (await hasAgentServer(this.#context, model)) await this.#startPlanned(model, [argument]);
      return;
    }
    const uri = argument as vscodeTypes.Uri | undefined;
    if (uri === undefined) return;
    if (!isSettingsFile({ uri })) {
      const at = await this.#place(uri.scheme === 'file' ? uri : undefined);
      if (at !== null) await runTaskList(this.#context, at, uri, typeof index === 'number' ? index : undefined);
      return;
    }
    const model = await this.#model(uri);
    if (model === null) return;
    const document = await this.#context.vscode.workspace.openTextDocument(uri);
    // The file on disk is what holds, for the engine too.
    if (document.isDirty) await document.save();
    const folder = dirname(uri.fsPath);
    const requests = (await this.#context.host.config(folder)).config.tasks.map((task) => taskRequest(task, folder));
    const wanted = typeof index === 'number' ? requests.slice(index, index + 1) : requests;
    if (wanted.length > 0) await startRuns(this.#context, model, wanted);
  }

  /** Each as it was shown: its place in the file alone would start another task after a line was moved. */
  async #startPlanned(model: RepositoryModel, tasks: readonly Pick<PlannedTask, 'uri' | 'place'>[]): Promise<void> {
    const requests: RunRequest[] = [];
    for (const { uri, place } of tasks) {
      const folder = dirname(uri.fsPath);
      const { config } = await this.#context.host.config(folder);
      const entry = config.tasks[place.index];
      if (entry === undefined || !isTaskOf(place, entry))
        throw new UserFacingError('configuration', 'reactor.yaml has changed meanwhile. Nothing was started; choose the task again.');
      requests.push(taskRequest(entry, folder));
    }
    if (requests.length > 0) await startRuns(this.#context, model, requests);
  }

  /** The repository and the folder of it to work in; null when there is none, none was chosen, or no agent could start there. */
  async #place(uri?: vscodeTypes.Uri): Promise<WorkPlace | null> {
    const model = await this.#model(uri);
    const folder = model === null ? null : await this.#targets.folder(model, uri);
    return model === null || folder === null ? null : { model, folder };
  }

  /** The repository to work in; null when there is none or no agent could start in it, which the person is told. */
  async #model(uri?: vscodeTypes.Uri): Promise<RepositoryModel | null> {
    const model = await this.#targets.repository(uri?.scheme === 'file' ? uri : undefined);
    return model !== null && (await hasAgentServer(this.#context, model)) ? model : null;
  }
}
