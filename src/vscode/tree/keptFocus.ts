import { z } from 'zod';
import { type Disposable, DisposableStore } from '../../base/lifecycle.ts';
import { type ViewId, viewIds } from '../commandIds.ts';
import { isNode } from '../commands/target.ts';
import type { HostContext } from '../hostContext.ts';
import { isActive } from '../text/taskGroups.ts';

/** So long a list may take to become empty by what was done in it; later the person is somewhere else. */
const PATIENCE_MS = 10_000;

const PressedIn = z.object({ view: z.enum(viewIds) });

/**
 * Keeps the keyboard in the sidebar: the editor leaves it nowhere when the list it was in becomes empty. Whoever has answered the last thing, or
 * stopped the last cell, goes on among the tasks.
 */
export class KeptFocus implements Disposable {
  readonly #context: HostContext;
  readonly #areTasksShown: () => boolean;
  readonly #store = new DisposableStore();
  #view: ViewId | null = null;
  #patience: Disposable | null = null;

  /** @param areTasksShown nothing that the person has folded or left is opened for this */
  constructor(context: HostContext, areTasksShown: () => boolean) {
    this.#context = context;
    this.#areTasksShown = areTasksShown;
    const { window } = context.vscode;
    // The person has gone elsewhere.
    for (const gone of [window.onDidChangeTextEditorSelection, window.onDidChangeWindowState, window.tabGroups.onDidChangeTabs])
      this.#store.add(gone(() => this.#forget()));
    this.#store.add(context.repositories.onDidChangeInbox(() => this.#look()));
    this.#store.add(context.repositories.onDidChangeRun(() => this.#look()));
  }

  /** To be told of each command before it is run: it may ask, and take its time. @param first of its arguments */
  commandBegins(first: unknown): void {
    this.#forget();
    const pressed = PressedIn.safeParse(first);
    const view = pressed.success ? pressed.data.view : isNode(first) ? viewOf(first.kind) : null;
    // What is empty already has no keyboard to lose.
    this.#view = view !== null && this.#count(view) > 0 ? view : null;
  }

  /** To be told when it is done. */
  commandEnds(): void {
    if (this.#view !== null) this.#patience ??= this.#context.host.clock.schedule(PATIENCE_MS, () => this.#forget());
  }

  #look(): void {
    if (this.#view === null || this.#count(this.#view) > 0) return;
    this.#forget();
    if (!this.#areTasksShown()) return;
    void this.#context.vscode.commands.executeCommand('reactor.tasks.focus');
  }

  #count(view: ViewId): number {
    const { list } = this.#context.repositories;
    if (view === 'reactor.needsYou') return list.reduce((sum, { inbox }) => sum + inbox.length, 0);
    if (view === 'reactor.cells') return list.reduce((sum, { runs }) => sum + [...runs.values()].filter(isActive).length, 0);
    // What was run once stays among the tasks.
    return 1;
  }

  #forget(): void {
    this.#view = null;
    this.#patience?.dispose();
    this.#patience = null;
  }

  dispose(): void {
    this.#forget();
    this.#store.dispose();
  }
}

const viewOf = (kind: string): ViewId | null => (kind === 'ask' ? 'reactor.needsYou' : kind === 'cell' ? 'reactor.cells' : null);
