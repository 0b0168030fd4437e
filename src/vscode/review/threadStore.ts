import type * as vscodeTypes from 'vscode';
import { z } from 'zod';
import type { Clock } from '../../base/clock.ts';
import { takeLater } from './laterWins.ts';
import { StoredThread } from './storedThread.ts';

const KEY = 'reactor.threads';
/** Kept at most; those changed longest ago go first. */
const MOST_KEPT = 500;

const KeptThread = z.object({ at: z.number(), removed: z.boolean(), thread: StoredThread });
type KeptThread = z.infer<typeof KeptThread>;

/** Threads in the order they were begun, shared by the windows of one person: of two changes of a thread the later one counts. */
export class ThreadStore {
  readonly #memory: vscodeTypes.Memento;
  readonly #clock: Pick<Clock, 'now'>;
  readonly #kept = new Map<string, KeptThread>();

  /** @param memory one that is the same in all windows */
  constructor(memory: vscodeTypes.Memento, clock: Pick<Clock, 'now'>) {
    this.#memory = memory;
    this.#clock = clock;
    this.catchUp();
  }

  get(id: string): StoredThread | null {
    const kept = this.#kept.get(id);
    return kept === undefined || kept.removed ? null : kept.thread;
  }
  of(repository: string, run: string): StoredThread[] {
    return this.#all().filter((thread) => thread.repository === repository && thread.run === run);
  }
  runsOf(repository: string): Set<string> {
    return new Set(
      this.#all()
        .filter((thread) => thread.repository === repository)
        .map(({ run }) => run),
    );
  }
  add(thread: StoredThread): void {
    this.#put(thread, false);
  }
  change(id: string, change: Partial<StoredThread>): void {
    const before = this.get(id);
    if (before !== null) this.#put({ ...before, ...change }, false);
  }
  /** Where it stands now, which each window finds by itself: no change of anybody's. */
  place(id: string, place: Partial<Pick<StoredThread, 'tree' | 'line' | 'endLine' | 'outdated'>>): void {
    const kept = this.#kept.get(id);
    if (kept !== undefined) this.#kept.set(id, { ...kept, thread: { ...kept.thread, ...place } });
  }
  remove(id: string): void {
    const before = this.get(id);
    if (before !== null) this.#put(before, true);
  }

  /** Takes over what other windows have kept. @returns the threads they changed or removed, as they were kept */
  catchUp(): StoredThread[] {
    const stored = z.array(KeptThread).safeParse(this.#memory.get(KEY, []));
    const others = (stored.success ? stored.data : []).map((kept) => [kept.thread.id, kept] as const);
    return [...takeLater(this.#kept, others)].flatMap((id) => this.#kept.get(id)?.thread ?? []);
  }

  /** To be called after `catchUp`, or what other windows have kept is lost. */
  async save(): Promise<void> {
    const oldest = [...this.#kept].sort(([, a], [, b]) => a.at - b.at).slice(0, Math.max(0, this.#kept.size - MOST_KEPT));
    for (const [id] of oldest) this.#kept.delete(id);
    await this.#memory.update(KEY, [...this.#kept.values()]);
  }

  #all(): StoredThread[] {
    return [...this.#kept.values()].flatMap(({ thread, removed }) => (removed ? [] : [thread]));
  }

  /** Later than what it replaces, whatever the clock says. */
  #put(thread: StoredThread, removed: boolean): void {
    const before = this.#kept.get(thread.id)?.at ?? 0;
    this.#kept.set(thread.id, { at: Math.max(this.#clock.now(), before + 1), removed, thread });
  }
}
