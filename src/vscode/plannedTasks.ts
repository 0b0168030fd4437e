import { relative } from 'node:path';
import type * as vscodeTypes from 'vscode';
import { Emitter, type Event } from '../base/event.ts';
import { type Disposable, DisposableStore } from '../base/lifecycle.ts';
import { errorText } from '../base/log.ts';
import type { TaskPlace } from './editorHost.ts';
import type { HostContext } from './hostContext.ts';
import type { RepositoryModel } from './repositoryModel.ts';

export interface PlannedTask {
  /** The settings file, as people call it. */
  readonly file: string;
  readonly uri: vscodeTypes.Uri;
  readonly place: TaskPlace;
}

/** Tasks that stand in reactor.yaml and were never run. The file is read again when it changes on disk. */
export class PlannedTasks implements Disposable {
  readonly #context: Omit<HostContext, 'extension'>;
  readonly #store = new DisposableStore();
  readonly #changed: Emitter<void>;
  readonly #changedFile: Emitter<void>;
  readonly #files = new Map<string, { readonly uri: vscodeTypes.Uri; readonly places: readonly TaskPlace[]; readonly watch: Disposable }>();

  constructor(context: Omit<HostContext, 'extension'>) {
    this.#context = context;
    const onError = (error: unknown): void => context.host.log.log('error', 'a view failed', { error: errorText(error) });
    this.#changed = this.#store.add(new Emitter<void>(onError));
    this.#changedFile = this.#store.add(new Emitter<void>(onError));
    this.#store.add(context.repositories.onDidChange(() => this.#sync()));
    this.#sync();
  }

  get onDidChange(): Event<void> {
    return this.#changed.event;
  }
  /** A settings file has changed, in its tasks or otherwise. */
  get onDidChangeFile(): Event<void> {
    return this.#changedFile.event;
  }

  of(model: RepositoryModel): PlannedTask[] {
    const known = this.#files.get(model.place.id);
    if (known === undefined) return [];
    const { uri, places } = known;
    const file = relative(model.place.folder, uri.fsPath) || uri.fsPath;
    const prompts = new Set(places.some(({ id }) => id === null) ? [...model.runs.values()].map(({ spec }) => spec.title) : []);
    return places
      .filter(({ id, title }) => (id === null ? !prompts.has(title) : model.lastRunOf(id) === null))
      .map((place) => ({ file, uri, place }));
  }

  #sync(): void {
    const { repositories, vscode } = this.#context;
    for (const [id, { watch }] of this.#files) {
      if (repositories.byId(id) !== null) continue;
      watch.dispose();
      this.#files.delete(id);
    }
    for (const model of repositories.list) {
      if (this.#files.has(model.place.id)) continue;
      const uri = vscode.Uri.joinPath(vscode.Uri.file(model.place.folder), 'reactor.yaml');
      const store = new DisposableStore();
      const watcher = store.add(
        vscode.workspace.createFileSystemWatcher(new vscode.RelativePattern(vscode.Uri.file(model.place.folder), 'reactor.yaml')),
      );
      for (const happened of [watcher.onDidChange, watcher.onDidCreate, watcher.onDidDelete])
        store.add(happened(() => this.#onFile(model, uri, store)));
      this.#files.set(model.place.id, { uri, places: [], watch: store });
      this.#read(model, uri, store);
    }
  }

  #onFile(model: RepositoryModel, uri: vscodeTypes.Uri, watch: Disposable): void {
    this.#changedFile.fire();
    this.#read(model, uri, watch);
  }

  #read(model: RepositoryModel, uri: vscodeTypes.Uri, watch: Disposable): void {
    const { host, vscode } = this.#context;
    const read = async (): Promise<void> => {
      // A file that is not there has no tasks.
      const bytes = await Promise.resolve(vscode.workspace.fs.readFile(uri)).catch(() => new Uint8Array());
      const places = await host.taskPlaces(new TextDecoder().decode(bytes));
      const before = this.#files.get(model.place.id);
      if (before === undefined || JSON.stringify(before.places) === JSON.stringify(places)) return;
      this.#files.set(model.place.id, { uri, places, watch });
      this.#changed.fire();
    };
    read().catch((error: unknown) => host.log.log('warn', 'reactor.yaml could not be read', { error: errorText(error) }));
  }

  dispose(): void {
    for (const { watch } of this.#files.values()) watch.dispose();
    this.#files.clear();
    this.#store.dispose();
  }
}
