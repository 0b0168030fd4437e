import { basename, sep } from 'node:path';
import type * as vscodeTypes from 'vscode';
import { exponentialBackoff } from '../base/backoff.ts';
import { Emitter, type Event } from '../base/event.ts';
import { type Disposable, DisposableStore } from '../base/lifecycle.ts';
import { errorText } from '../base/log.ts';
import { UserFacingError } from '../base/userFacingError.ts';
import type { RunState } from '../core/run/state.ts';
import type { EditorHost } from './editorHost.ts';
import { RepositoryModel } from './repositoryModel.ts';
import type { Vscode } from './vscodeValue.ts';

const retryDelay = exponentialBackoff(5000, 60_000);

/** Why there is no repository to work with, or null when there is one. */
export type NoRepository = 'noFolder' | 'notARepository';

/** The innermost of the folders that a file or folder is in. */
export function folderAround(folders: readonly string[], { fsPath }: vscodeTypes.Uri): string | null {
  const around = folders.filter((folder) => fsPath === folder || fsPath.startsWith(folder + sep));
  return around.toSorted((a, b) => b.length - a.length)[0] ?? null;
}

/** The repositories of the workspace's folders, each once, whatever folder of it is open. */
export class Repositories implements Disposable {
  readonly #vscode: Vscode;
  readonly #host: EditorHost;
  readonly #store = new DisposableStore();
  readonly #changed: Emitter<void>;
  readonly #changedRun: Emitter<{ readonly model: RepositoryModel; readonly run: RunState }>;
  readonly #changedInbox: Emitter<RepositoryModel>;
  readonly #reset: Emitter<RepositoryModel>;
  readonly #models = new Map<string, { readonly model: RepositoryModel; readonly store: DisposableStore }>();
  #births: DisposableStore | null = null;
  #scanning: Promise<void> | null = null;
  #missing: NoRepository | null = 'noFolder';
  /** By the repository or the folder. */
  readonly #problems = new Map<string, string>();
  #retry: Disposable | null = null;

  constructor(vscode: Vscode, host: EditorHost) {
    this.#vscode = vscode;
    this.#host = host;
    const onError = (error: unknown): void => host.log.log('error', 'a view failed', { error: errorText(error) });
    this.#changed = this.#store.add(new Emitter<void>(onError));
    this.#changedRun = this.#store.add(new Emitter<{ readonly model: RepositoryModel; readonly run: RunState }>(onError));
    this.#changedInbox = this.#store.add(new Emitter<RepositoryModel>(onError));
    this.#reset = this.#store.add(new Emitter<RepositoryModel>(onError));
    this.#store.add(vscode.workspace.onDidChangeWorkspaceFolders(() => this.#rescan()));
  }

  /** The list, or why it is empty, has changed. */
  get onDidChange(): Event<void> {
    return this.#changed.event;
  }
  get onDidChangeRun(): Event<{ readonly model: RepositoryModel; readonly run: RunState }> {
    return this.#changedRun.event;
  }
  get onDidChangeInbox(): Event<RepositoryModel> {
    return this.#changedInbox.event;
  }
  get onDidReset(): Event<RepositoryModel> {
    return this.#reset.event;
  }

  get list(): readonly RepositoryModel[] {
    return [...this.#models.values()].map(({ model }) => model);
  }
  get missing(): NoRepository | null {
    return this.#missing;
  }
  /** A line on a repository that can only be read; null when there is none such. */
  get readOnly(): string | null {
    return this.list.find(({ readOnly }) => readOnly !== null)?.readOnly ?? null;
  }
  /** A sentence about a repository that can't be read; null when all can. */
  get problem(): string | null {
    const [first] = this.#problems.values();
    return first ?? null;
  }
  byId(id: string): RepositoryModel | null {
    return this.#models.get(id)?.model ?? null;
  }

  /** The repository of a file or folder in the workspace; the only one when there is just one. */
  of(uri: vscodeTypes.Uri | undefined): RepositoryModel | null {
    const { list } = this;
    if (uri === undefined || list.length === 1) return list.length === 1 ? (list[0] ?? null) : null;
    const folder = folderAround(
      list.flatMap(({ folders }) => folders),
      uri,
    );
    return list.find(({ folders }) => folder !== null && folders.includes(folder)) ?? null;
  }

  /** Finds the repositories and reads them, once; later calls wait for the same. Never throws: what is wrong stands in `problem`. */
  scan(): Promise<void> {
    this.#scanning ??= this.#scan();
    return this.#scanning;
  }

  /** Looks again: a repository may have been made, a broken one mended, a journal have been written without an engine. */
  async rescan(): Promise<void> {
    const before = this.#scanning;
    const mine = (before ?? Promise.resolve()).then(() => this.#scan());
    this.#scanning = mine;
    await mine;
  }

  #rescan(): void {
    this.rescan().catch((error: unknown) => this.#host.log.log('error', 'the folders could not be read', { error: errorText(error) }));
  }

  async #scan(): Promise<void> {
    const folders = this.#vscode.workspace.workspaceFolders ?? [];
    const seen = new Map<string, { readonly name: string; readonly folders: string[] }>();
    let missing: NoRepository | null = folders.length === 0 ? 'noFolder' : 'notARepository';
    this.#problems.clear();
    for (const { uri } of folders) {
      if (uri.scheme !== 'file') continue;
      const facts = await this.#host.facts(uri.fsPath).catch((error: unknown) => this.#tell(uri.fsPath, error, 'notARepository'));
      if (facts === null || facts === undefined) continue;
      missing = null;
      const known = seen.get(facts.commonDir);
      if (known === undefined) seen.set(facts.commonDir, { name: basename(facts.topLevel ?? facts.commonDir), folders: [uri.fsPath] });
      else known.folders.push(uri.fsPath);
    }
    for (const [id, { model, store }] of this.#models) {
      if (seen.get(id)?.folders.includes(model.place.folder)) continue;
      this.#models.delete(id);
      store.dispose();
    }
    for (const [id, { name, folders }] of seen) {
      const [folder = ''] = folders;
      const known = this.#models.get(id);
      const model = known?.model ?? this.#add(new RepositoryModel({ id, name, folder }, this.#host));
      model.folders = folders;
      if (known === undefined) continue;
      // They stand in the order of the workspace's folders.
      this.#models.delete(id);
      this.#models.set(id, known);
    }
    this.#missing = seen.size > 0 ? null : missing;
    await this.#read(this.list, 1);
    this.#watchForBirth(seen.size > 0 ? [] : folders);
    this.#changed.fire();
  }

  /** Those that can't be read now, or only be read, are tried again, later each time, until all is well. */
  async #read(models: readonly RepositoryModel[], attempt: number): Promise<void> {
    this.#retry?.dispose();
    this.#retry = null;
    const failed: RepositoryModel[] = [];
    await Promise.all(
      models.map(async (model) => {
        const before = model.readOnly;
        try {
          await model.refresh();
          if (model.readOnly !== null) failed.push(model);
          if (model.readOnly !== before) this.#changed.fire();
        } catch (error) {
          this.#tell(model.place.id, error);
          failed.push(model);
        }
      }),
    );
    if (failed.length === 0 || this.#store.isDisposed) return;
    this.#retry = this.#host.clock.schedule(retryDelay(attempt), () => {
      this.#read(
        failed.filter((model) => this.list.includes(model)),
        attempt + 1,
      ).catch((error: unknown) => this.#host.log.log('error', 'a repository could not be read', { error: errorText(error) }));
    });
  }

  #mended({ place }: RepositoryModel): void {
    if (this.#problems.delete(place.id)) this.#changed.fire();
  }

  #tell(where: string, error: unknown, expected?: string): null {
    if (error instanceof UserFacingError) {
      if (error.code !== expected) this.#problems.set(where, error.message);
    } else {
      this.#problems.set(where, 'A repository could not be read; the output channel “Reactor” has the details.');
      this.#host.log.log('error', 'a repository could not be read', { error: errorText(error) });
    }
    return null;
  }

  #add(model: RepositoryModel): RepositoryModel {
    const store = new DisposableStore();
    store.add(model);
    store.add(model.onDidChangeRun((run) => this.#changedRun.fire({ model, run })));
    store.add(model.onDidChangeInbox(() => this.#changedInbox.fire(model)));
    store.add(model.onDidReset(() => this.#reset.fire(model)));
    store.add(model.onDidChangeState((state) => (state === 'live' || state === 'resting' ? this.#mended(model) : undefined)));
    this.#models.set(model.place.id, { model, store });
    return model;
  }

  /** While there is none: `git init` is noticed. */
  #watchForBirth(folders: readonly vscodeTypes.WorkspaceFolder[]): void {
    this.#births?.dispose();
    this.#births = folders.length === 0 ? null : new DisposableStore();
    for (const folder of folders) {
      const pattern = new this.#vscode.RelativePattern(folder, '.git/HEAD');
      const watcher = this.#vscode.workspace.createFileSystemWatcher(pattern);
      this.#births?.add(watcher);
      this.#births?.add(watcher.onDidCreate(() => this.#rescan()));
      this.#births?.add(watcher.onDidChange(() => this.#rescan()));
    }
  }

  dispose(): void {
    this.#births?.dispose();
    this.#retry?.dispose();
    for (const { store } of this.#models.values()) store.dispose();
    this.#models.clear();
    this.#store.dispose();
  }
}
