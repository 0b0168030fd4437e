import type { Entry } from '../journal/entry.ts';
import type { CommandEvidence, DomainEvent, EventData } from '../journal/events.ts';
import { readEvent } from '../journal/readEvent.ts';
import { isGreen } from '../run/state.ts';
import { elapsedText, linesText, plural } from './figures.ts';
import type { Span, SpanKind, SpanStatus } from './timelineSpan.ts';

type Open = Partial<Record<SpanKind, number>>;
const longestLabel = 120;

/**
 * Folds the entries of one run, in order, into the spans of its lane. Spans are only added and changed in place, so that a reader
 * that has the lane up to some entry needs the changed ones only (`takeChanged`). Deterministic: the same entries give the same lane.
 */
export class TimelineFold {
  readonly #spans: Span[] = [];
  readonly #changed = new Set<number>();
  readonly #gates = new Map<string, number>();
  #open: Open = {};
  #attempt = 0;
  #seq = 0;
  #lastAt = 0;
  #unknown = 0;

  get spans(): readonly Span[] {
    return this.#spans;
  }
  /** Sequence number of the last entry folded in; entries up to it are ignored when they come again. */
  get seq(): number {
    return this.#seq;
  }
  /** Entries of unknown type, skipped. */
  get unknownCount(): number {
    return this.#unknown;
  }

  /** The spans added or changed since the last call, by index. */
  takeChanged(): Span[] {
    const indices = [...this.#changed].sort((a, b) => a - b);
    this.#changed.clear();
    return indices.flatMap((index) => this.#spans[index] ?? []);
  }

  add(entry: Entry): void {
    if (entry.seq <= this.#seq) return;
    this.#seq = entry.seq;
    const event = readEvent(entry);
    if (event === null) this.#unknown += 1;
    else if (!this.#addPhase(event, entry)) this.#addAttempt(event, entry);
    this.#lastAt = entry.at;
  }

  #addPhase(event: DomainEvent, entry: Entry): boolean {
    switch (event.type) {
      case 'run/requested':
        this.#begin('queued', entry, event.data.spec.title);
        return true;
      case 'run/started':
      case 'run/resumed':
        this.#end('queued', entry, 'done');
        this.#end('parked', entry, 'done');
        this.#begin('boot', entry, 'starting the cell');
        return true;
      case 'cell/serverSpawned':
        if (this.#open.boot === undefined) this.#begin('boot', entry, 'starting the agent server');
        return true;
      case 'cell/serverFailed':
        this.#end('boot', entry, 'bad', event.data.message);
        return true;
      case 'cell/ready':
        this.#end('boot', entry, 'good', `ready after ${elapsedText(event.data.bootMs)}`);
        return true;
      case 'cell/setupFinished':
        this.#command('setup', entry, event.data.evidence);
        return true;
      case 'base/tested':
        if (event.data.remembered) this.#instant('baseTest', entry, entry.at, 'good', 'green before; not tested again');
        else this.#command('baseTest', entry, event.data.evidence);
        return true;
      case 'run/parked':
        this.#closeAll(entry, 'interrupted', ['gate', 'attempt']);
        this.#begin('parked', entry, event.data.reason, 'waiting');
        return true;
      case 'run/recovered':
        this.#closeAll(entry, 'interrupted', ['attempt', 'queued']);
        return true;
      case 'approval/requested':
        this.#gates.set(event.data.id, this.#begin('gate', entry, event.data.title, 'waiting'));
        return true;
      case 'approval/answered':
        this.#answer(event.data.id, entry, event.data.decision === 'approved' ? 'good' : 'bad');
        return true;
      case 'approval/withdrawn':
        this.#answer(event.data.id, entry, 'interrupted');
        return true;
      case 'landing/queued':
        this.#begin('landing', entry, `in line for ${event.data.target}`);
        return true;
      case 'landing/started':
        if (this.#open.landing === undefined) this.#begin('landing', entry, `onto ${event.data.target}`);
        else this.#note('landing', entry, `onto ${event.data.target}`);
        return true;
      case 'landing/batched':
        this.#note('landing', entry, `onto ${event.data.target}, together with ${event.data.runs.length - 1} more`);
        return true;
      case 'landing/cleared':
        this.#note('landing', entry, `without ${plural(event.data.files, 'ignored file')} from since the agent began`);
        return true;
      case 'landing/tested':
        this.#command('test', entry, event.data.evidence);
        return true;
      case 'landing/landed':
        this.#end('landing', entry, 'good', `landed on ${event.data.target}`);
        return true;
      case 'landing/refused':
        this.#end('landing', entry, 'bad', event.data.message);
        return true;
      case 'run/concluded':
        this.#closeAll(entry, event.data.status === 'landed' || event.data.status === 'committed' ? 'good' : 'interrupted', []);
        this.#begin('teardown', entry, 'ending the cell');
        return true;
      case 'run/finished':
        this.#closeAll(entry, 'done', []);
        return true;
      default:
        return false;
    }
  }

  #addAttempt(event: DomainEvent, entry: Entry): void {
    switch (event.type) {
      case 'attempt/started':
        this.#attempt = event.data.attempt;
        this.#begin('attempt', entry, `attempt ${event.data.attempt}`);
        this.#begin('execute', entry, 'the agent works');
        return;
      case 'message/finished':
        this.#message(event.data.message, entry);
        return;
      case 'attempt/executed':
        this.#end('execute', entry, event.data.end === 'done' ? 'done' : 'bad', event.data.reason ?? `${event.data.steps} model calls`);
        return;
      case 'attempt/candidateBuilt':
        this.#note('attempt', entry, changeLabel(event.data));
        return;
      case 'attempt/violated':
        this.#note('attempt', entry, `attempt ${event.data.attempt}: ${event.data.violations.map(({ detail }) => detail).join('; ')}`);
        return;
      case 'attempt/revised':
        this.#note('attempt', entry, `attempt ${event.data.attempt}: revised`);
        return;
      case 'attempt/tested':
        this.#command('test', entry, event.data.evidence);
        this.#note('attempt', entry, `attempt ${event.data.attempt}: ${isGreen(event.data.evidence) ? 'green' : 'red'}`);
        return;
      case 'attempt/reverted':
        this.#instant('revert', entry, this.#lastAt, 'bad', event.data.reason);
        this.#end('attempt', entry, 'bad', `attempt ${event.data.attempt}: reverted`);
        return;
      case 'attempt/interrupted':
        this.#end('execute', entry, 'interrupted', event.data.reason);
        this.#end('attempt', entry, 'interrupted', `attempt ${event.data.attempt}: interrupted`);
        return;
      case 'attempt/stepCommitted':
        this.#instant('commit', entry, this.#lastAt, 'good', `step ${event.data.step}: ${event.data.commit.slice(0, 7)}`);
        this.#end('attempt', entry, 'good', `attempt ${event.data.attempt}: step ${event.data.step} committed`);
        return;
      case 'attempt/committed':
        this.#instant('commit', entry, this.#lastAt, 'good', event.data.commit.slice(0, 7));
        this.#end('attempt', entry, 'good', `attempt ${event.data.attempt}: committed`);
        return;
      default:
        return;
    }
  }

  /** Tools of earlier versions were recorded with how long they took only: those are laid end to end, the last one ending with the message. */
  #message(message: EventData<'message/finished'>['message'], entry: Entry): void {
    const failed = message.error !== null;
    const cost = message.costUsd === null ? null : Number(message.costUsd);
    const { startedAt, endedAt, estimated } = message;
    this.#push('model', entry, startedAt, endedAt, failed ? 'bad' : 'done', message.error ?? message.model, cost, estimated);
    let start = message.endedAt - message.tools.reduce((sum, tool) => sum + tool.durationMs, 0);
    start = Math.max(start, message.startedAt);
    for (const tool of message.tools) {
      const began = tool.startedAt ?? start;
      const end = tool.startedAt === undefined ? Math.min(start + tool.durationMs, message.endedAt) : began + tool.durationMs;
      this.#push('tool', entry, began, end, tool.status === 'error' ? 'bad' : 'done', `${tool.tool}: ${tool.title}`);
      start = Math.max(start, end);
    }
  }

  #command(kind: SpanKind, entry: Entry, evidence: CommandEvidence): void {
    const label =
      evidence.end === 'exited' ? `${evidence.command} (exit ${evidence.exitCode ?? '?'})` : `${evidence.command} (${evidence.end})`;
    this.#instant(kind, entry, entry.at - evidence.durationMs, isGreen(evidence) ? 'good' : 'bad', label);
  }

  #push(
    kind: SpanKind,
    entry: Entry,
    start: number,
    end: number | null,
    status: SpanStatus,
    label: string,
    costUsd: number | null = 0,
    isEstimated?: true,
  ): number {
    const index = this.#spans.length;
    // The writer's clock may have jumped; a span never ends before it starts.
    const safeEnd = end === null ? null : Math.max(start, end);
    this.#spans.push({
      index,
      kind,
      status,
      start,
      end: safeEnd,
      attempt: this.#attempt,
      firstSeq: entry.seq,
      seq: entry.seq,
      label: cut(label),
      costUsd,
      ...(isEstimated === undefined ? {} : { isEstimated }),
    });
    this.#changed.add(index);
    return index;
  }

  #instant(kind: SpanKind, entry: Entry, start: number, status: SpanStatus, label: string): void {
    this.#push(kind, entry, Math.min(start, entry.at), entry.at, status, label);
  }

  #begin(kind: SpanKind, entry: Entry, label: string, status: SpanStatus = 'running'): number {
    if (kind !== 'gate') this.#end(kind, entry, 'interrupted');
    const index = this.#push(kind, entry, entry.at, null, status, label);
    if (kind !== 'gate') this.#open[kind] = index;
    return index;
  }

  #end(kind: SpanKind, entry: Entry, status: SpanStatus, label?: string): void {
    const index = this.#open[kind];
    if (index === undefined) return;
    delete this.#open[kind];
    this.#close(index, entry, status, label);
  }

  #close(index: number, entry: Entry, status: SpanStatus, label?: string): void {
    const span = this.#spans[index];
    if (span === undefined) return;
    this.#replace({ ...span, status, end: Math.max(span.start, entry.at), seq: entry.seq, label: cut(label ?? span.label) });
  }

  #note(kind: SpanKind, entry: Entry, label: string): void {
    const span = this.#spans[this.#open[kind] ?? -1];
    if (span !== undefined) this.#replace({ ...span, seq: entry.seq, label: cut(label) });
  }

  #replace(span: Span): void {
    this.#spans[span.index] = span;
    this.#changed.add(span.index);
  }

  #answer(id: string, entry: Entry, status: SpanStatus): void {
    const index = this.#gates.get(id);
    if (index === undefined) return;
    this.#gates.delete(id);
    this.#close(index, entry, status);
  }

  #closeAll(entry: Entry, status: SpanStatus, except: readonly SpanKind[]): void {
    for (const kind of Object.keys(this.#open) as SpanKind[]) if (!except.includes(kind)) this.#end(kind, entry, status);
    if (except.includes('gate')) return;
    for (const id of [...this.#gates.keys()]) this.#answer(id, entry, 'interrupted');
  }
}

const cut = (text: string): string => {
  const line = text.replace(/\s+/g, ' ').trim();
  return line.length <= longestLabel ? line : `${line.slice(0, longestLabel - 1)}…`;
};

/** 'attempt 1: 2 files +12 −3' */
const changeLabel = ({ attempt, filesTotal, added, removed }: EventData<'attempt/candidateBuilt'>): string =>
  `attempt ${attempt}: ${filesTotal === 0 ? 'nothing changed' : `${plural(filesTotal, 'file')} ${linesText(added, removed)}`}`;
