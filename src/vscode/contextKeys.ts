import { type Disposable, DisposableStore } from '../base/lifecycle.ts';
import { errorText } from '../base/log.ts';
import { seriousProblems } from './fixActions.ts';
import { Gathered } from './gathered.ts';
import type { HostContext } from './hostContext.ts';
import { pendingReview } from './text/runWords.ts';

const GATHER_MS = 100;
const MOST_PROBLEM_FILES = 500;

/** What menus, welcome views and the palette go by. Each key is set only when it changes. */
export class ContextKeys implements Disposable {
  readonly #context: HostContext;
  readonly #store = new DisposableStore();
  readonly #last = new Map<string, unknown>();
  readonly #update: Gathered;
  #lookedForServer = false;
  #problemFiles = '[]';

  constructor(context: HostContext) {
    this.#context = context;
    const { repositories } = context;
    this.#update = this.#store.add(new Gathered(context.host.clock, GATHER_MS, () => this.update()));
    this.#store.add(repositories.onDidChange(() => this.#update.soon()));
    this.#store.add(this.#update.withRuns(repositories));
    const { languages } = context.vscode;
    this.#store.add(languages.onDidChangeDiagnostics(() => this.#update.soon()));
    this.set('reactor.loaded', true);
  }

  set(key: string, value: unknown): void {
    if (this.#last.has(key) && this.#last.get(key) === value) return;
    this.#last.set(key, value);
    void this.#context.vscode.commands.executeCommand('setContext', key, value);
  }

  update(): void {
    const { repositories } = this.#context;
    const runs = repositories.list.flatMap((model) => [...model.runs.values()]);
    this.set('reactor.repository', repositories.missing ?? 'ok');
    this.set('reactor.hasRuns', runs.length > 0);
    this.set(
      'reactor.hasOpenRuns',
      runs.some(({ phase }) => phase !== 'ended'),
    );
    this.set(
      'reactor.hasReview',
      runs.some((run) => run.phase !== 'ended' && pendingReview(run) !== null),
    );
    this.set(
      'reactor.hasPermission',
      runs.some(({ pending }) => pending.some(({ kind }) => kind === 'permission')),
    );
    this.set(
      'reactor.needsYou',
      repositories.list.some(({ inbox }) => inbox.length > 0),
    );
    this.set(
      'reactor.hasParked',
      runs.some(({ parked }) => parked !== null),
    );
    this.set(
      'reactor.hasKept',
      runs.some(({ attempts }) => attempts.some(({ candidate }) => candidate !== null)),
    );
    this.set(
      'reactor.hasWorktree',
      runs.some(({ cell }) => cell?.hasWorktree === true),
    );
    this.#setProblemFiles();
    if (runs.length === 0 && repositories.missing === null) this.#lookForServer();
  }

  /** Where Fix with Reactor makes sense in the editor's menu. */
  #setProblemFiles(): void {
    const { languages } = this.#context.vscode;
    const files = languages
      .getDiagnostics()
      .filter(([uri, problems]) => uri.scheme === 'file' && seriousProblems(this.#context.vscode, problems).length > 0)
      .slice(0, MOST_PROBLEM_FILES)
      .map(([uri]) => uri.fsPath);
    const key = JSON.stringify(files);
    if (key === this.#problemFiles) return;
    this.#problemFiles = key;
    void this.#context.vscode.commands.executeCommand('setContext', 'reactor.problemFiles', files);
  }

  /** Once, where nothing has run yet: the first thing that may be missing. */
  #lookForServer(): void {
    if (this.#lookedForServer) return;
    this.#lookedForServer = true;
    this.lookForServer().catch((error: unknown) =>
      this.#context.host.log.log('warn', 'the agent server was not looked for', { error: errorText(error) }),
    );
  }

  async lookForServer(): Promise<void> {
    const [first] = this.#context.repositories.list;
    if (first === undefined) return;
    const found = await this.#context.host.locateAgentServer(first.place.folder);
    this.set('reactor.agentServer', found === null ? 'missing' : 'ok');
  }

  dispose(): void {
    this.#store.dispose();
  }
}
