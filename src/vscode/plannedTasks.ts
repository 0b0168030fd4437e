import { dirname, join, relative, sep } from 'node:path';
import type * as vscodeTypes from 'vscode';
import { Emitter, type Event } from '../base/event.ts';
import { type Disposable, DisposableStore } from '../base/lifecycle.ts';
import { errorText } from '../base/log.ts';
import type { TaskEntry } from '../core/model/taskEntry.ts';
import type { TaskPlace } from './editorHost.ts';
import type { HostContext } from './hostContext.ts';
import type { RepositoryModel } from './repositoryModel.ts';

export interface PlannedTask {
  /** The settings file, as people call it. */
  readonly file: string;
  readonly uri: vscodeTypes.Uri;
  readonly place: TaskPlace;
}

/** Whether a written task is the one that stood at the place when it was shown. */
export const isTaskOf = ({ id, title }: TaskPlace, entry: TaskEntry): boolean =>
  id === (entry.id ?? null) && title.trim() === (entry.title?.trim() ?? entry.prompt.trim().split('\n')[0] ?? '');

/** One folder of the workspace and the settings file that applies to it, in it or above it. */
interface Watched {
  readonly model: RepositoryModel;
  readonly folder: string;
  readonly store: DisposableStore;
  readonly directories: Set<string>;
  /** How often the file was looked for: only the last look counts. */
  looks: number;
  file: string | null;
  places: readonly TaskPlace[];
}

/** Tasks that stand in the settings files of the workspace's folders and were never run. A file is read again when it changes on disk. */
export class PlannedTasks implements Disposable {
  readonly #context: Omit<HostContext, 'extension'>;
  readonly #store = new DisposableStore();
  readonly #changed: Emitter<void>;
  readonly #changedFile: Emitter<void>;
  readonly #watched = new Map<string, Watched>();

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
    const { Uri } = this.#context.vscode;
    // Folders below one file share it.
    const files = new Map(
      [...this.#watched.values()].flatMap((one) => (one.model === model && one.file !== null ? [[one.file, one]] : [])),
    );
    const isNameless = [...files.values()].some(({ places }) => places.some(({ id }) => id === null));
    const titles = new Set(isNameless ? [...model.runs.values()].map(({ spec }) => spec.title) : []);
    return [...files].flatMap(([path, { places }]) =>
      places
        .filter(({ id, title }) => (id === null ? !titles.has(title) : model.lastRunOf(id) === null))
        .map((place) => ({ file: relative(model.place.folder, path) || path, uri: Uri.file(path), place })),
    );
  }

  #sync(): void {
    const { list } = this.#context.repositories;
    const wanted = list.flatMap((model) => model.folders.map((folder) => ({ model, folder })));
    for (const [folder, { store, model }] of this.#watched) {
      if (wanted.some((one) => one.folder === folder && one.model === model)) continue;
      store.dispose();
      this.#watched.delete(folder);
    }
    for (const { model, folder } of wanted) {
      if (this.#watched.has(folder)) continue;
      const one: Watched = { model, folder, store: new DisposableStore(), directories: new Set(), looks: 0, file: null, places: [] };
      this.#watched.set(folder, one);
      this.#quietly(this.#begin(one));
    }
  }

  async #begin(one: Watched): Promise<void> {
    const { topLevel } = await this.#context.host.facts(one.folder);
    for (const directory of upTo(one.folder, topLevel ?? one.folder)) this.#watch(one, directory);
    await this.#read(one);
  }

  #watch(one: Watched, directory: string): void {
    if (one.store.isDisposed || one.directories.has(directory)) return;
    one.directories.add(directory);
    const { vscode } = this.#context;
    const pattern = new vscode.RelativePattern(vscode.Uri.file(directory), 'reactor.{yaml,yml}');
    const watcher = one.store.add(vscode.workspace.createFileSystemWatcher(pattern));
    for (const happened of [watcher.onDidChange, watcher.onDidCreate, watcher.onDidDelete]) {
      one.store.add(
        happened(() => {
          this.#changedFile.fire();
          this.#quietly(this.#read(one));
        }),
      );
    }
  }

  async #read(one: Watched): Promise<void> {
    const { host, vscode } = this.#context;
    one.looks += 1;
    const look = one.looks;
    // One with errors may still have tasks that can be listed.
    const file = await host.config(one.folder).then(
      (found) => found.file,
      () => one.file ?? join(one.folder, 'reactor.yaml'),
    );
    if (file !== null) this.#watch(one, dirname(file));
    // A file that is not there has no tasks.
    const bytes =
      file === null
        ? new Uint8Array()
        : await Promise.resolve(vscode.workspace.fs.readFile(vscode.Uri.file(file))).catch(() => new Uint8Array());
    const places = await host.taskPlaces(new TextDecoder().decode(bytes));
    if (one.looks !== look || one.store.isDisposed) return;
    const isSame = one.file === file && JSON.stringify(one.places) === JSON.stringify(places);
    one.file = file;
    one.places = places;
    if (!isSame) this.#changed.fire();
  }

  #quietly(work: Promise<void>): void {
    work.catch((error: unknown) => this.#context.host.log.log('warn', 'reactor.yaml could not be read', { error: errorText(error) }));
  }

  dispose(): void {
    for (const { store } of this.#watched.values()) store.dispose();
    this.#watched.clear();
    this.#store.dispose();
  }
}

/** The folder and those above it, up to `top`. */
function* upTo(folder: string, top: string): Generator<string> {
  yield folder;
  for (let at = folder; at.startsWith(top + sep); ) {
    at = dirname(at);
    yield at;
  }
}
