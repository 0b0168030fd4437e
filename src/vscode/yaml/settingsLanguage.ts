import type * as vscodeTypes from 'vscode';
import { type Disposable, DisposableStore } from '../../base/lifecycle.ts';
import { errorText } from '../../base/log.ts';
import type { RunState } from '../../core/run/state.ts';
import type { SettingsProblem, TaskPlace } from '../editorHost.ts';
import type { HostContext } from '../hostContext.ts';
import { markOf } from '../text/runWords.ts';
import { type Suggestion, suggestions } from './schemaCompletion.ts';
import { isSettingsFile, isTaskList } from './taskFiles.ts';
import { type YamlPlace, yamlPlace } from './yamlPlace.ts';

const QUIET_MS = 300;
const YAML_EXTENSION = 'redhat.vscode-yaml';

type Document = vscodeTypes.TextDocument;

/** What helps to write reactor.yaml and lists of tasks: errors, completion, and "Run" above the tasks. */
export class SettingsLanguage implements Disposable {
  readonly #context: HostContext;
  readonly #store = new DisposableStore();
  readonly #diagnostics: vscodeTypes.DiagnosticCollection;
  readonly #waiting = new Map<string, Disposable>();
  readonly #lensesChanged: vscodeTypes.EventEmitter<void>;
  /** Where each task stood last. */
  readonly #words = new Map<string, string>();
  /** Lists of tasks that are open, by address: one stays one while what is written in it can't be read. */
  readonly #lists = new Map<string, Document>();

  constructor(context: HostContext) {
    this.#context = context;
    const { vscode, repositories } = context;
    this.#diagnostics = this.#store.add(vscode.languages.createDiagnosticCollection('reactor'));
    this.#lensesChanged = this.#store.add(new vscode.EventEmitter<void>());
    const { workspace } = vscode;
    this.#store.add(workspace.onDidOpenTextDocument((document) => this.#soon(document)));
    this.#store.add(workspace.onDidChangeTextDocument(({ document }) => this.#soon(document)));
    this.#store.add(workspace.onDidCloseTextDocument((document) => this.#closed(document)));
    this.#store.add(repositories.onDidChangeRun(({ run }) => this.#redraw(run)));
    for (const document of workspace.textDocuments) this.#soon(document);
  }

  get onDidChangeCodeLenses(): vscodeTypes.Event<void> {
    return this.#lensesChanged.event;
  }

  /** The links say where each task stands. */
  #redraw(run: RunState): void {
    const { word } = markOf(run);
    if (this.#words.get(run.task) === word) return;
    this.#words.set(run.task, word);
    this.#lensesChanged.fire();
  }

  #closed({ uri }: Document): void {
    this.#diagnostics.delete(uri);
    if (this.#lists.delete(uri.toString())) this.#tellLists();
  }

  /** Where the editor's title bar and the palette offer to run all tasks. */
  #tellLists(): void {
    const paths = [...this.#lists.values()].map(({ uri }) => (uri.scheme === 'file' ? uri.fsPath : uri.path));
    void this.#context.vscode.commands.executeCommand('setContext', 'reactor.taskLists', paths);
  }

  #soon(document: Document): void {
    if (!isSettingsFile(document) && !isTaskList(document)) return;
    const key = document.uri.toString();
    this.#waiting.get(key)?.dispose();
    const run = (): void => {
      this.#waiting.delete(key);
      this.check(document).catch((error: unknown) =>
        this.#context.host.log.log('error', 'a file of tasks could not be checked', { error: errorText(error) }),
      );
    };
    this.#waiting.set(key, this.#context.host.clock.schedule(QUIET_MS, run));
  }

  async check(document: Document): Promise<void> {
    const { vscode } = this.#context;
    const problems = (await this.#problemsOf(document)).filter(({ line }) => !isStillEmpty(document, line));
    const found = problems.map(({ line, column, message }) => {
      const at = Math.min(line, document.lineCount) - 1;
      const { text } = document.lineAt(at);
      const start = Math.min(column - 1, text.length);
      const word = /^[\w.-]+/.exec(text.slice(start))?.[0].length ?? 1;
      const diagnostic = new vscode.Diagnostic(new vscode.Range(at, start, at, start + word), message, vscode.DiagnosticSeverity.Error);
      diagnostic.source = 'Reactor';
      return diagnostic;
    });
    this.#diagnostics.set(document.uri, found);
  }

  async #problemsOf(document: Document): Promise<readonly SettingsProblem[]> {
    const { host, repositories } = this.#context;
    const text = document.getText();
    if (isSettingsFile(document)) return host.checkSettings(text);
    const key = document.uri.toString();
    // Another tool's file of the same name has no tasks of ours in it.
    const isOurs = this.#lists.has(key) || document.uri.scheme === 'untitled' || (await host.taskPlaces(text)).length > 0;
    if (!isOurs) return [];
    if (!this.#lists.has(key)) {
      this.#lists.set(key, document);
      this.#tellLists();
    }
    return host.checkTasks(text, (task) => repositories.list.some((model) => model.lastRunOf(task) !== null));
  }

  async lenses(document: Document): Promise<vscodeTypes.CodeLens[]> {
    const { vscode, host, repositories } = this.#context;
    const places = await host.taskPlaces(document.getText());
    const [only, another] = repositories.list;
    const model = repositories.of(document.uri) ?? (another === undefined ? only : undefined);
    const lenses = places.map(({ index, id, line }) => {
      const last = id === null ? null : (model?.lastRunOf(id) ?? null);
      const range = new vscode.Range(line - 1, 0, line - 1, 0);
      // A task has one open run at a time: then there is nothing to start.
      if (model !== undefined && last !== null && last.phase !== 'ended') {
        const shown = { repository: model.place.id, run: last.run };
        return new vscode.CodeLens(range, { title: `$(pulse) ${markOf(last).word}`, command: 'reactor.showTimeline', arguments: [shown] });
      }
      const title = last === null ? '$(play) Run' : `$(play) Run again · ${markOf(last).word}`;
      return new vscode.CodeLens(range, { title, command: 'reactor.runPlanned', arguments: [document.uri, index] });
    });
    const [first] = places;
    if (places.length < 2 || first === undefined) return lenses;
    const all = new vscode.CodeLens(new vscode.Range(first.line - 1, 0, first.line - 1, 0), {
      title: `$(run-all) Run all ${places.length} in parallel`,
      command: 'reactor.runPlanned',
      arguments: [document.uri],
    });
    return [...lenses, all];
  }

  /** Settings are left to the YAML extension where it is installed: it reads the same schema. */
  async completions(document: Document, position: vscodeTypes.Position): Promise<vscodeTypes.CompletionItem[]> {
    const { vscode, host } = this.#context;
    const isSettings = isSettingsFile(document);
    if (isSettings && vscode.extensions.getExtension(YAML_EXTENSION) !== undefined) return [];
    const written = yamlPlace(document.getText(), position.line, position.character);
    const isBareList = typeof written.path[0] === 'number';
    const place = isBareList ? { ...written, path: ['tasks', ...written.path] } : written;
    const line = document.lineAt(position.line).text.slice(0, position.character);
    const found = isAfter(place)
      ? taskSuggestions(await host.taskPlaces(document.getText()), Number(place.path[1]), line)
      : suggestions(await host.settingsSchema(), place);
    const offered = isSettings || place.path.length > 0 ? found : found.filter(({ text }) => text === 'tasks');
    return offered.map(({ text, kind, description, insert }) => {
      const item = new vscode.CompletionItem(
        text,
        kind === 'setting' ? vscode.CompletionItemKind.Property : vscode.CompletionItemKind.EnumMember,
      );
      item.insertText = insert;
      item.documentation = description;
      return item;
    });
  }

  dispose(): void {
    for (const waiting of this.#waiting.values()) waiting.dispose();
    this.#store.dispose();
  }
}

/** The prompt of a list that was opened to be written: nothing is wrong before it is. */
const isStillEmpty = ({ uri, lineCount, lineAt }: Document, line: number): boolean =>
  uri.scheme === 'untitled' && line <= lineCount && /^\s*(?:- +)?prompt:\s*$/.test(lineAt(line - 1).text);

/** Where a task says what it comes after, in brackets or below it. */
const isAfter = ({ path, setting }: YamlPlace): boolean =>
  path[0] === 'tasks' && (path.length === 2 ? setting === 'after' : path.length === 4 && path[2] === 'after');

/** The other tasks of the file, by their names. @param line what stands before the cursor */
function taskSuggestions(places: readonly TaskPlace[], own: number, line: string): Suggestion[] {
  const isBare = /after:\s*$/.test(line);
  return places.flatMap(({ index, id, title }): Suggestion[] =>
    id === null || index === own ? [] : [{ text: id, kind: 'value', description: title, insert: isBare ? `[${id}]` : id }],
  );
}
