import { type Span, spanKinds, spanStatuses } from '../../core/projections/timelineSpan.ts';
import type { SpanColumns } from '../../protocol/panelShapes.ts';

/** Spans in columns, as they travel to the panel. */
export function spanColumns(spans: readonly Span[]): SpanColumns {
  const numbers = (pick: (span: Span) => number) => Float64Array.from(spans, pick);
  return {
    index: Uint32Array.from(spans, ({ index }) => index),
    kind: Uint8Array.from(spans, ({ kind }) => spanKinds.indexOf(kind)),
    status: Uint8Array.from(spans, ({ status }) => spanStatuses.indexOf(status)),
    start: numbers(({ start }) => start),
    end: numbers(({ end }) => end ?? Number.NaN),
    attempt: Uint32Array.from(spans, ({ attempt }) => attempt),
    cost: numbers(({ costUsd }) => costUsd ?? Number.NaN),
    estimated: Uint8Array.from(spans, ({ isEstimated }) => (isEstimated === undefined ? 0 : 1)),
    label: spans.map(({ label }) => label),
  };
}
