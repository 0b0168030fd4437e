import { spanTitle } from '../../../src/core/projections/timelineSpan.ts';
import { storeOf } from '../panelState.ts';
import { hostNow } from '../ui/browserClock.ts';
import { callCostText, durationText, timeText } from '../ui/format.ts';
import { MarkIcon, spanMark } from '../ui/statusMark.tsx';

/** A span under the pointer, and where the pointer is in the page. */
export interface Hovered {
  readonly run: string;
  readonly index: number;
  readonly x: number;
  readonly y: number;
}

const cardWidth = 320;

/** A few words on the span under the pointer. For the eye only: the keyboard's way is picking. */
export function HoverCard({ hovered }: { hovered: Hovered | null }) {
  const span = hovered === null ? null : storeOf(hovered.run).span(hovered.index);
  if (hovered === null || span === null) return null;
  const mark = spanMark(span.kind, span.status);
  const left = Math.min(hovered.x + 12, window.innerWidth - cardWidth - 8);
  const isLow = hovered.y > window.innerHeight - 120;
  return (
    <div
      class="hover-card"
      aria-hidden="true"
      style={{ left: `${Math.max(4, left)}px`, top: `${hovered.y + (isLow ? -92 : 18)}px`, maxWidth: `${cardWidth}px` }}
    >
      <div class="hover-head">
        <MarkIcon mark={mark} />
        <b>{spanTitle(span.kind)}</b>
        <span>{mark.word}</span>
        <span class="faint">{durationText((span.end ?? hostNow()) - span.start)}</span>
      </div>
      <div class="wrap">{span.label}</div>
      <div class="faint">
        {timeText(span.start)}
        {span.attempt > 0 ? ` · attempt ${span.attempt}` : ''}
        {span.kind === 'model' ? ` · ${callCostText(span)}` : ''}
      </div>
    </div>
  );
}
