import type * as vscodeTypes from 'vscode';
import { z } from 'zod';
import { StoredThread } from './storedThread.ts';

const KEY = 'reactor.threads';
/** Kept at most; the oldest go first. */
const MOST_KEPT = 500;

/** Threads in the order they were begun, kept with the workspace. */
export class ThreadStore {
  readonly #memory: vscodeTypes.Memento;
  readonly #threads: Map<string, StoredThread>;

  constructor(memory: vscodeTypes.Memento) {
    this.#memory = memory;
    const parsed = z.array(StoredThread).safeParse(memory.get(KEY, []));
    this.#threads = new Map((parsed.success ? parsed.data : []).map((thread) => [thread.id, thread]));
  }

  get size(): number {
    return this.#threads.size;
  }
  get(id: string): StoredThread | null {
    return this.#threads.get(id) ?? null;
  }
  of(repository: string, run: string): StoredThread[] {
    return [...this.#threads.values()].filter((thread) => thread.repository === repository && thread.run === run);
  }
  runsOf(repository: string): Set<string> {
    return new Set([...this.#threads.values()].filter((thread) => thread.repository === repository).map(({ run }) => run));
  }
  add(thread: StoredThread): void {
    this.#threads.set(thread.id, thread);
  }
  change(id: string, change: Partial<StoredThread>): void {
    const before = this.#threads.get(id);
    if (before !== undefined) this.#threads.set(id, { ...before, ...change });
  }
  remove(id: string): void {
    this.#threads.delete(id);
  }
  async save(): Promise<void> {
    for (const id of [...this.#threads.keys()].slice(0, Math.max(0, this.#threads.size - MOST_KEPT))) this.#threads.delete(id);
    await this.#memory.update(KEY, [...this.#threads.values()]);
  }
}
