import { type SpanKind, type SpanStatus, spanKinds, spanRow, spanStatuses } from '../../../src/core/projections/timelineSpan.ts';
import type { SpanColumns } from '../../../src/protocol/panelShapes.ts';

/** One span as the views read it. */
export interface SpanView {
  readonly index: number;
  readonly kind: SpanKind;
  readonly status: SpanStatus;
  readonly start: number;
  /** Null while it goes on. */
  readonly end: number | null;
  readonly attempt: number;
  readonly label: string;
  readonly costUsd: number | null;
  readonly isEstimated: boolean;
}

const rows = 4;
const rowOfKind = spanKinds.map((kind) => spanRow(kind));

/** The spans of one run in columns that grow. Spans are addressed by their index, which never changes; `apply` adds and replaces. */
export class LaneStore {
  #kind = new Uint8Array(64);
  #status = new Uint8Array(64);
  #start = new Float64Array(64);
  #end = new Float64Array(64);
  #attempt = new Uint32Array(64);
  #cost = new Float64Array(64);
  #estimated = new Uint8Array(64);
  readonly #label: string[] = [];
  readonly #rows: number[][] = Array.from({ length: rows }, () => []);
  #count = 0;
  #version = 0;
  #costs: { version: number; at: Float64Array; usd: Float64Array } | null = null;
  /** Everything the journal had has arrived. */
  isComplete = false;

  get count(): number {
    return this.#count;
  }
  /** Changes with every change. */
  get version(): number {
    return this.#version;
  }
  /** Indices of the spans on one line of the lane, in the order in which they came. */
  row(row: number): readonly number[] {
    return this.#rows[row] ?? [];
  }
  get starts(): Float64Array {
    return this.#start;
  }
  /** NaN while a span goes on. */
  get ends(): Float64Array {
    return this.#end;
  }
  get kinds(): Uint8Array {
    return this.#kind;
  }
  get statuses(): Uint8Array {
    return this.#status;
  }

  span(index: number): SpanView | null {
    if (index < 0 || index >= this.#count) return null;
    const end = this.#end[index] ?? Number.NaN;
    const cost = this.#cost[index] ?? 0;
    return {
      index,
      kind: spanKinds[this.#kind[index] ?? 0] ?? 'attempt',
      status: spanStatuses[this.#status[index] ?? 0] ?? 'done',
      start: this.#start[index] ?? 0,
      end: Number.isNaN(end) ? null : end,
      attempt: this.#attempt[index] ?? 0,
      label: this.#label[index] ?? '',
      costUsd: Number.isNaN(cost) ? null : cost,
      isEstimated: this.#estimated[index] === 1,
    };
  }

  apply(columns: SpanColumns): void {
    const { index, kind, status, start, end, attempt, cost, estimated, label } = columns;
    for (let i = 0; i < index.length; i += 1) {
      const at = index[i] ?? 0;
      // Indices come without gaps; one beyond the end would make spans out of nothing.
      if (at > this.#count) continue;
      if (at === this.#count) this.#append(kind[i] ?? 0);
      this.#kind[at] = kind[i] ?? 0;
      this.#status[at] = status[i] ?? 0;
      this.#start[at] = start[i] ?? 0;
      this.#end[at] = end[i] ?? Number.NaN;
      this.#attempt[at] = attempt[i] ?? 0;
      this.#cost[at] = cost[i] ?? 0;
      this.#estimated[at] = estimated[i] ?? 0;
      this.#label[at] = label[i] ?? '';
    }
    this.#version += 1;
  }

  /** First start and last end of all spans; null when there are none. `now` stands for what goes on. */
  extent(now: number): { readonly from: number; readonly to: number } | null {
    if (this.#count === 0) return null;
    let from = Number.POSITIVE_INFINITY;
    let to = Number.NEGATIVE_INFINITY;
    for (let i = 0; i < this.#count; i += 1) {
      from = Math.min(from, this.#start[i] ?? from);
      const end = this.#end[i] ?? Number.NaN;
      to = Math.max(to, Number.isNaN(end) ? now : end);
    }
    return { from, to };
  }

  /** What the run had cost by each moment. Calls without a price add nothing. */
  costs(): { readonly at: Float64Array; readonly usd: Float64Array } {
    if (this.#costs?.version === this.#version) return this.#costs;
    const calls = this.row(2).filter((i) => (this.#cost[i] ?? 0) > 0);
    const isInOrder = calls.every((call, i) => i === 0 || (this.#end[calls[i - 1] ?? 0] ?? 0) <= (this.#end[call] ?? 0));
    if (!isInOrder) calls.sort((a, b) => (this.#end[a] ?? 0) - (this.#end[b] ?? 0));
    let sum = 0;
    const at = Float64Array.from(calls, (i) => this.#end[i] ?? 0);
    const usd = Float64Array.from(calls, (i) => {
      sum += this.#cost[i] ?? 0;
      return sum;
    });
    this.#costs = { version: this.#version, at, usd };
    return this.#costs;
  }

  #append(kind: number): void {
    if (this.#count === this.#kind.length) this.#grow();
    this.#rows[rowOfKind[kind] ?? 1]?.push(this.#count);
    this.#count += 1;
  }

  #grow(): void {
    const size = this.#count * 2;
    const wider = <T extends Uint8Array | Uint32Array | Float64Array>(old: T, fresh: T): T => {
      fresh.set(old);
      return fresh;
    };
    this.#kind = wider(this.#kind, new Uint8Array(size));
    this.#status = wider(this.#status, new Uint8Array(size));
    this.#start = wider(this.#start, new Float64Array(size));
    this.#end = wider(this.#end, new Float64Array(size));
    this.#attempt = wider(this.#attempt, new Uint32Array(size));
    this.#cost = wider(this.#cost, new Float64Array(size));
    this.#estimated = wider(this.#estimated, new Uint8Array(size));
  }
}
