import { useSignal } from '@preact/signals';
import { useLayoutEffect, useRef } from 'preact/hooks';
import { spanTitle } from '../../../src/core/projections/timelineSpan.ts';
import { pickedLane, pickedSpan, spansVersion, storeOf } from '../panelState.ts';
import { hostNow } from '../ui/browserClock.ts';
import { useSize } from '../ui/canvasSize.ts';
import { callCostText, durationText, timeText } from '../ui/format.ts';
import { MarkIcon, spanMark } from '../ui/statusMark.tsx';
import { pickSpan } from './timelineActions.ts';

const rowHeight = 22;

/** The spans of the picked run as a table: the timeline's twin for people who do not look at pictures. Only the rows in sight exist. */
export function SpanTable() {
  const box = useRef<HTMLDivElement>(null);
  const size = useSize(box);
  const scrollTop = useSignal(0);
  const lane = pickedLane.value;
  const store = lane === null ? null : storeOf(lane.run);
  const count = spansVersion.value >= 0 && store !== null ? store.count : 0;
  const first = Math.max(0, Math.floor(scrollTop.value / rowHeight) - 5);
  const last = Math.min(count, first + Math.ceil(size.height / rowHeight) + 10);
  const picked = pickedSpan.value ?? 0;
  // Read before the rows change: the one that has the focus may be about to leave the document, and keys would go nowhere after it.
  const hadFocus = box.current?.contains(document.activeElement) ?? false;
  const reveal = (index: number | null): void => {
    const target = box.current;
    if (target === null || index === null || size.height === 0) return;
    const top = index * rowHeight;
    if (top < target.scrollTop) target.scrollTop = top;
    else if (top + 2 * rowHeight > target.scrollTop + size.height) target.scrollTop = top + 2 * rowHeight - size.height;
    // Not left to the scroll event, which comes a frame later: until then the picked row would not exist.
    scrollTop.value = target.scrollTop;
  };
  useLayoutEffect(() => reveal(pickedSpan.value), [lane?.run, pickedSpan.value, size.height]);
  useLayoutEffect(() => {
    const target = box.current;
    if (target === null || !hadFocus) return;
    const row = target.querySelector<HTMLElement>(`[data-span="${picked}"]`);
    if (row !== null) row.focus({ preventScroll: true });
    else if (!target.contains(document.activeElement)) target.focus({ preventScroll: true });
  });
  if (lane === null || store === null) return null;
  const onKeyDown = (event: KeyboardEvent): void => {
    const step = steps[event.key];
    if (step === undefined) return;
    event.preventDefault();
    const next = Math.min(count - 1, Math.max(0, step(picked, count)));
    pickSpan(lane.run, next);
    reveal(next);
  };
  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: keys of the rows inside, also when the one with the focus is scrolled away
    <div
      ref={box}
      class="span-table"
      tabIndex={-1}
      onScroll={(event) => {
        scrollTop.value = event.currentTarget.scrollTop;
      }}
      onKeyDown={onKeyDown}
    >
      <table aria-label={`Spans of ${lane.task}`} aria-rowcount={count + 1}>
        <thead>
          <tr aria-rowindex={1}>
            <th scope="col">Span</th>
            <th scope="col">State</th>
            <th scope="col">Attempt</th>
            <th scope="col">Began</th>
            <th scope="col">Took</th>
            <th scope="col">Cost</th>
            <th scope="col">What</th>
          </tr>
        </thead>
        <tbody>
          <tr class="filler" style={{ height: `${first * rowHeight}px` }}>
            <td class="gap" colSpan={7} />
          </tr>
          {Array.from({ length: Math.max(0, last - first) }, (_, offset) => {
            const span = store.span(first + offset);
            if (span === null) return null;
            const mark = spanMark(span.kind, span.status);
            return (
              <tr
                key={span.index}
                data-span={span.index}
                aria-rowindex={span.index + 2}
                aria-selected={pickedSpan.value === span.index}
                tabIndex={span.index === picked || (first > picked && offset === 0) ? 0 : -1}
                class={pickedSpan.value === span.index ? 'picked' : ''}
                onClick={() => pickSpan(lane.run, span.index)}
              >
                <td>{spanTitle(span.kind)}</td>
                <td>
                  <MarkIcon mark={mark} /> {mark.word}
                </td>
                <td class="number">{span.attempt === 0 ? '' : span.attempt}</td>
                <td class="number">{timeText(span.start)}</td>
                <td class="number">{durationText((span.end ?? hostNow()) - span.start)}</td>
                <td class="number">{callCostText(span)}</td>
                <td class="clip">{span.label}</td>
              </tr>
            );
          })}
          <tr class="filler" style={{ height: `${Math.max(0, count - last) * rowHeight}px` }}>
            <td class="gap" colSpan={7} />
          </tr>
        </tbody>
      </table>
    </div>
  );
}

const page = 20;
const steps: Readonly<Record<string, (at: number, count: number) => number>> = {
  ArrowDown: (at) => at + 1,
  ArrowUp: (at) => at - 1,
  PageDown: (at) => at + page,
  PageUp: (at) => at - page,
  Home: () => 0,
  End: (_, count) => count - 1,
};
