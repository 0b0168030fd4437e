import type * as vscodeTypes from 'vscode';
import { type Disposable, DisposableStore } from '../../base/lifecycle.ts';
import { errorText } from '../../base/log.ts';
import type { HostContext } from '../hostContext.ts';
import { markOf } from '../text/runWords.ts';
import { suggestions } from './schemaCompletion.ts';
import { yamlPlace } from './yamlPlace.ts';

const QUIET_MS = 300;
const YAML_EXTENSION = 'redhat.vscode-yaml';

export const isSettingsFile = (document: Pick<vscodeTypes.TextDocument, 'uri'>): boolean =>
  document.uri.scheme === 'file' && /(^|[/\\])reactor\.ya?ml$/.test(document.uri.path);

/** What helps to write reactor.yaml: errors, completion, and "Run" above its tasks. */
export class SettingsLanguage implements Disposable {
  readonly #context: HostContext;
  readonly #store = new DisposableStore();
  readonly #diagnostics: vscodeTypes.DiagnosticCollection;
  readonly #waiting = new Map<string, Disposable>();
  readonly #lensesChanged: vscodeTypes.EventEmitter<void>;

  constructor(context: HostContext) {
    this.#context = context;
    const { vscode, repositories } = context;
    this.#diagnostics = this.#store.add(vscode.languages.createDiagnosticCollection('reactor'));
    this.#lensesChanged = this.#store.add(new vscode.EventEmitter<void>());
    const { workspace } = vscode;
    this.#store.add(workspace.onDidOpenTextDocument((document) => this.#soon(document)));
    this.#store.add(workspace.onDidChangeTextDocument(({ document }) => this.#soon(document)));
    this.#store.add(workspace.onDidCloseTextDocument(({ uri }) => this.#diagnostics.delete(uri)));
    this.#store.add(
      repositories.onDidChangeRun(({ run }) => (run.phase === 'queued' || run.phase === 'ended' ? this.#lensesChanged.fire() : undefined)),
    );
    for (const document of workspace.textDocuments) this.#soon(document);
  }

  get onDidChangeCodeLenses(): vscodeTypes.Event<void> {
    return this.#lensesChanged.event;
  }

  #soon(document: vscodeTypes.TextDocument): void {
    if (!isSettingsFile(document)) return;
    const key = document.uri.toString();
    this.#waiting.get(key)?.dispose();
    const run = (): void => {
      this.#waiting.delete(key);
      this.check(document).catch((error: unknown) =>
        this.#context.host.log.log('error', 'reactor.yaml could not be checked', { error: errorText(error) }),
      );
    };
    this.#waiting.set(key, this.#context.host.clock.schedule(QUIET_MS, run));
  }

  async check(document: vscodeTypes.TextDocument): Promise<void> {
    const { vscode, host } = this.#context;
    const problems = await host.checkSettings(document.getText());
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

  async lenses(document: vscodeTypes.TextDocument): Promise<vscodeTypes.CodeLens[]> {
    const { vscode, host, repositories } = this.#context;
    const places = await host.taskPlaces(document.getText());
    const model = repositories.of(document.uri);
    const lenses = places.map(({ index, id, line }) => {
      const last = id === null ? null : (model?.lastRunOf(id) ?? null);
      const title = last === null ? '$(play) Run' : `$(play) Run again · ${markOf(last).word}`;
      const range = new vscode.Range(line - 1, 0, line - 1, 0);
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

  /** Left to the YAML extension where it is installed: it reads the same schema. */
  async completions(document: vscodeTypes.TextDocument, position: vscodeTypes.Position): Promise<vscodeTypes.CompletionItem[]> {
    const { vscode, host } = this.#context;
    if (vscode.extensions.getExtension(YAML_EXTENSION) !== undefined) return [];
    const place = yamlPlace(document.getText(), position.line, position.character);
    return suggestions(await host.settingsSchema(), place).map(({ text, kind, description, insert }) => {
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
