import type { Entry } from '../../core/journal/entry.ts';
import { type ConversationItem, conversationItem, conversationTypes, matchesQuery } from '../../core/projections/conversation.ts';
import { TimelineFold } from '../../core/projections/timelineFold.ts';
import type { PanelModel } from './panelDeps.ts';

/** Entries read from the journal at a time. Between two pages the host does other work. */
const PAGE = 1000;

/**
 * What the panel keeps of one run: the fold of its timeline and where its conversation stands in the journal. Reads the journal page by
 * page, then takes entries as they come. Texts are read again when they are asked for.
 */
export class RunRecord {
  readonly run: string;
  readonly timeline = new TimelineFold();
  readonly #model: PanelModel;
  readonly #said: number[] = [];
  /** Entries that came while the journal was being read. */
  #waiting: Entry[] | null = null;
  #read = false;
  /** The journal may have more than the page that is being read now. */
  #isOutdated = false;

  constructor(run: string, model: PanelModel) {
    this.run = run;
    this.#model = model;
  }

  /** Whether everything is known up to the last entry that came. */
  get isRead(): boolean {
    return this.#read;
  }

  /** Entries may have passed by: until the journal was read to its end again, there may be a gap behind what is known. */
  outdate(): void {
    this.#read = false;
    this.#isOutdated = true;
  }

  /**
   * Reads what the journal has beyond what is known. `page` is called after each part. Stops early, without an error, when aborted.
   * @param pause lets other work happen between two parts
   */
  async catchUp(page: () => void, pause: () => Promise<void>, signal: AbortSignal): Promise<void> {
    if (this.#waiting !== null) return;
    this.#waiting = [];
    // Until the end is reached there may be a gap, which nothing may be folded behind.
    this.#read = false;
    try {
      for (;;) {
        this.#isOutdated = false;
        const entries = await this.#model.entries({ from: this.timeline.seq + 1, run: this.run, limit: PAGE });
        for (const entry of entries) this.#fold(entry);
        if (signal.aborted) return;
        if (entries.length < PAGE && !this.#isOutdated) break;
        page();
        await pause();
      }
      for (const entry of this.#waiting) this.#fold(entry);
      this.#read = true;
    } finally {
      this.#waiting = null;
    }
    page();
  }

  /** Takes an entry as it is appended. @returns whether it was folded at once */
  add(entry: Entry): boolean {
    if (this.#waiting !== null) this.#waiting.push(entry);
    else if (this.#read) this.#fold(entry);
    return this.#waiting === null && this.#read;
  }

  #fold(entry: Entry): void {
    if (entry.seq <= this.timeline.seq) return;
    this.timeline.add(entry);
    if (conversationTypes.has(entry.type)) this.#said.push(entry.seq);
  }

  /** The entries that tell of a span: the one it began with and the last one that changed it. Empty when there is no such span. */
  async entriesOf(index: number): Promise<Entry[]> {
    const span = this.timeline.spans[index];
    if (span === undefined) return [];
    const found: Entry[] = [];
    for (const seq of new Set([span.firstSeq, span.seq])) {
      const [entry] = await this.#model.entries({ from: seq, run: this.run, limit: 1 });
      if (entry?.seq === seq) found.push(entry);
    }
    return found;
  }

  /** The last `limit` items before a sequence number (null: of all), oldest first, and whether there are more before them. */
  async conversation(before: number | null, limit: number): Promise<{ items: ConversationItem[]; more: boolean }> {
    const end = before === null ? this.#said.length : lowerBound(this.#said, before);
    const start = Math.max(0, end - limit);
    const [first, last] = [this.#said[start], this.#said[end - 1]];
    if (first === undefined || last === undefined || end === 0) return { items: [], more: false };
    const items: ConversationItem[] = [];
    for (let from = first; from <= last; ) {
      const entries = await this.#model.entries({ from, run: this.run, limit: PAGE });
      for (const entry of entries) if (entry.seq <= last) items.push(...itemsOf(entry));
      const tail = entries.at(-1);
      if (tail === undefined) break;
      from = tail.seq + 1;
    }
    return { items, more: start > 0 };
  }

  /** The last `limit` items that have every word of the query, oldest first. */
  async search(query: string, limit: number, pause: () => Promise<void>): Promise<{ items: ConversationItem[]; more: boolean }> {
    const found: ConversationItem[] = [];
    for (let from = 1; ; ) {
      const entries = await this.#model.entries({ from, run: this.run, limit: PAGE });
      found.push(...entries.flatMap(itemsOf).filter((item) => matchesQuery(item, query)));
      const tail = entries.at(-1);
      if (tail === undefined || entries.length < PAGE) break;
      from = tail.seq + 1;
      await pause();
    }
    return { items: found.slice(-limit), more: found.length > limit };
  }
}

const itemsOf = (entry: Entry): ConversationItem[] => {
  const item = conversationTypes.has(entry.type) ? conversationItem(entry) : null;
  return item === null ? [] : [item];
};

/** The first place whose value is not below `value`. */
function lowerBound(sorted: readonly number[], value: number): number {
  let low = 0;
  let high = sorted.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((sorted[middle] ?? 0) < value) low = middle + 1;
    else high = middle;
  }
  return low;
}
