import type { QueueCode } from '../journal/events.ts';
import { bytesText, plural } from '../projections/figures.ts';
import type { Dependency } from './dependencies.ts';

/** A run that wants a cell. */
export interface WaitingRun {
  readonly run: string;
  readonly submission: string;
  readonly priority: number;
  /** Most runs of its submission at work at once; null for no limit of its own. */
  readonly parallel: number | null;
  /** Order in which runs were asked for. */
  readonly seq: number;
  /** It had a cell before and goes on with what it began: such runs come first. */
  readonly hasBegun: boolean;
  /** A cell that is ready waits for it, so that it takes no further memory. */
  readonly hasCell: boolean;
  /** Leased ports that it needs. */
  readonly ports: number;
  readonly dependencies: readonly Dependency[];
}

/** A run that holds a place. */
export interface PlacedRun {
  readonly submission: string;
  /** Its server is not up yet, so that its memory is not taken yet. */
  readonly isStarting: boolean;
  /** Leased ports that it has. */
  readonly ports: number;
}

/** What the machine and the settings allow at this moment. */
export interface Capacity {
  /** Cells side by side in the repository. */
  readonly cells: number;
  /** Cells that may be starting at once. */
  readonly starts: number;
  /** Memory that is free, in bytes. */
  readonly freeBytes: number;
  /** Memory that a cell takes, in bytes; 0 when it is not to be looked at. */
  readonly cellBytes: number;
  /** Range of the ports that are leased. */
  readonly ports: { readonly from: number; readonly to: number };
}

export interface StartPlan {
  /** Runs to start now, in this order. */
  readonly starts: readonly string[];
  /** Runs that can never start, with why. */
  readonly refused: readonly { readonly run: string; readonly reason: string }[];
  /** All others, with what they wait for. */
  readonly waits: readonly { readonly run: string; readonly code: QueueCode; readonly text: string }[];
}

/**
 * Decides which runs get a place. Those that go on come first, then by priority; submissions of the same priority take turns, so that a
 * long list does not hold up a single task. The order inside a submission is its own.
 * @param turns when each submission was last served, or first came, as a number that grows.
 */
export function planStarts(
  waiting: readonly WaitingRun[],
  placed: readonly PlacedRun[],
  capacity: Capacity,
  turns: ReadonlyMap<string, number>,
): StartPlan {
  const refused: { run: string; reason: string }[] = [];
  const waits: { run: string; code: QueueCode; text: string }[] = [];
  const ready: WaitingRun[] = [];
  for (const one of waiting) {
    const failed = one.dependencies.find(({ state }) => state === 'failed');
    const open = one.dependencies.filter(({ state }) => state === 'open' || state === 'parked');
    if (failed !== undefined)
      refused.push({ run: one.run, reason: `${failed.task}, which it comes after, did not land: ${failed.reason}` });
    else if (open.length > 0)
      waits.push({ run: one.run, code: open.every(({ state }) => state === 'parked') ? 'person' : 'after', text: afterText(open) });
    else ready.push(one);
  }
  const room = new Room(placed, capacity);
  const starts: string[] = [];
  let line = 0;
  for (const one of inTurn(ready, turns)) {
    const obstacle = room.take(one);
    if (obstacle === null) {
      starts.push(one.run);
      continue;
    }
    line += 1;
    const place = obstacle.code === 'memory' && line === 1 ? '' : `${ordinal(line)} in line, `;
    waits.push({ run: one.run, code: obstacle.code, text: `${place}${obstacle.text}` });
  }
  return { starts, refused, waits };
}

interface Obstacle {
  readonly code: QueueCode;
  readonly text: string;
}

/** The places that are left while a plan is made. */
class Room {
  readonly #capacity: Capacity;
  readonly #ofSubmission = new Map<string, number>();
  #cells = 0;
  #starting = 0;
  #ports = 0;
  /** What kept the first run back keeps all that follow: nobody overtakes. */
  #shut: Obstacle | null = null;

  constructor(placed: readonly PlacedRun[], capacity: Capacity) {
    this.#capacity = capacity;
    for (const one of placed) this.#add(one);
  }

  /** Takes a place, or says what is in the way. */
  take({ submission, parallel, hasCell, ports }: WaitingRun): Obstacle | null {
    const own = this.#ofSubmission.get(submission) ?? 0;
    if (parallel !== null && own >= parallel) return { code: 'limit', text: `limit of ${parallel} side by side` };
    this.#shut ??= this.#obstacle(hasCell, ports);
    if (this.#shut !== null) return this.#shut;
    this.#add({ submission, isStarting: !hasCell, ports });
    return null;
  }

  #obstacle(hasCell: boolean, ports: number): Obstacle | null {
    const { cells, starts, freeBytes, cellBytes, ports: range } = this.#capacity;
    if (this.#cells >= cells) return { code: 'limit', text: `limit of ${cells} side by side` };
    if (hasCell) return null;
    // With none placed nothing would become free: then it is tried, and says what is wrong.
    if (this.#cells > 0 && this.#ports + ports > range.to - range.from + 1)
      return { code: 'limit', text: `the ports ${range.from} to ${range.to} are taken by the cells there are` };
    if (this.#starting >= starts) return { code: 'starting', text: `${plural(this.#starting, 'cell is', 'cells are')} starting` };
    // Those that are starting have not taken theirs yet.
    const free = Math.max(0, freeBytes - this.#starting * cellBytes);
    if (cellBytes > 0 && free < cellBytes) return { code: 'memory', text: `needs about ${bytesText(cellBytes)}, ${bytesText(free)} free` };
    return null;
  }

  #add({ submission, isStarting, ports }: PlacedRun): void {
    this.#cells += 1;
    this.#ports += ports;
    if (isStarting) this.#starting += 1;
    this.#ofSubmission.set(submission, (this.#ofSubmission.get(submission) ?? 0) + 1);
  }
}

const rankOf = (one: WaitingRun): number => (one.hasBegun ? Number.POSITIVE_INFINITY : one.priority);
const compareRank = (a: number, b: number): number => (a === b ? 0 : b - a);

/** All of the runs in the order in which they would be served one by one. */
function inTurn(ready: readonly WaitingRun[], turns: ReadonlyMap<string, number>): WaitingRun[] {
  const lists = new Map<string, WaitingRun[]>();
  for (const one of ready) lists.set(one.submission, [...(lists.get(one.submission) ?? []), one]);
  const heads = [...lists].map(([submission, runs]) => ({
    turn: turns.get(submission) ?? 0,
    runs: runs.sort((a, b) => compareRank(rankOf(a), rankOf(b)) || a.seq - b.seq),
  }));
  const order: WaitingRun[] = [];
  let turn = Math.max(0, ...turns.values());
  while (order.length < ready.length) {
    let next: { readonly list: (typeof heads)[number]; readonly run: WaitingRun } | null = null;
    for (const list of heads) {
      const run = list.runs[0];
      if (run !== undefined && (next === null || goesBefore(list.turn, run, next.list.turn, next.run))) next = { list, run };
    }
    if (next === null) break;
    order.push(next.run);
    next.list.runs.shift();
    turn += 1;
    next.list.turn = turn;
  }
  return order;
}

function goesBefore(turn: number, run: WaitingRun, otherTurn: number, other: WaitingRun): boolean {
  const rank = compareRank(rankOf(run), rankOf(other));
  if (rank !== 0) return rank < 0;
  return turn === otherTurn ? run.seq < other.seq : turn < otherTurn;
}

function afterText(open: readonly Dependency[]): string {
  const names = open.map(({ task, state }) => (state === 'parked' ? `${task}, which waits for a person` : task));
  return `after ${names.join(' and ')}`;
}

/** '1st', '2nd', '3rd', '11th'. */
function ordinal(n: number): string {
  const suffix = n % 100 >= 11 && n % 100 <= 13 ? 'th' : (['th', 'st', 'nd', 'rd'][n % 10] ?? 'th');
  return `${n}${suffix}`;
}
