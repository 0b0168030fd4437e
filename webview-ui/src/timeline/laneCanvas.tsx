import { useComputed, useSignal } from '@preact/signals';
import { useEffect, useLayoutEffect, useRef } from 'preact/hooks';
import { isAnyRunning, lanes, pickedRun, pickedSpan, pickRun, spansVersion, storeOf } from '../panelState.ts';
import { hostNow, localOffset, now } from '../ui/browserClock.ts';
import { sized, useSize } from '../ui/canvasSize.ts';
import { theme } from '../ui/theme.ts';
import { drawAxis, drawTimeline } from './drawTimeline.ts';
import { HoverCard, type Hovered } from './hoverCard.tsx';
import { LaneLabels } from './laneLabels.tsx';
import { axisHeight, gutterWidth, laneHeight, rowAt } from './laneMetrics.ts';
import { spanAt } from './planRow.ts';
import { ticks } from './timeAxis.ts';
import { fitLatest, fitPicked, panBy, pickLane, pickSpan, shownView, stepSpan, toggleFollow, zoomBy } from './timelineActions.ts';

const tickGapPx = 84;

/** The lanes on a canvas, their names beside it, the axis above. Redrawn once per frame at most, when something has changed. */
export function LaneCanvas({ onOpen }: { onOpen: () => void }) {
  const scroller = useRef<HTMLDivElement>(null);
  const canvas = useRef<HTMLCanvasElement>(null);
  const axis = useRef<HTMLCanvasElement>(null);
  const size = useSize(scroller);
  const scrollTop = useSignal(0);
  const hovered = useSignal<Hovered | null>(null);
  const width = Math.max(10, size.width - gutterWidth);
  const first = useComputed(() => Math.floor(scrollTop.value / laneHeight));
  const visible = lanes.value.slice(first.value, first.value + Math.ceil(size.height / laneHeight) + 1);

  const frame = useRef(0);
  const draw = useRef(() => {});
  draw.current = () => {
    frame.current = 0;
    if (canvas.current === null || axis.current === null || size.height === 0) return;
    const shown = shownView();
    const base = {
      width,
      view: shown,
      ticks: ticks(shown, width, tickGapPx, localOffset(shown.from)),
      theme: theme.value,
    };
    const context = sized(canvas.current, width, size.height);
    const axisContext = sized(axis.current, width, axisHeight);
    if (context === null || axisContext === null) return;
    drawAxis(axisContext, { ...base, height: axisHeight });
    drawTimeline(context, {
      ...base,
      height: size.height,
      now: isAnyRunning.value ? now.value : hostNow(),
      showNow: isAnyRunning.value,
      lanes: visible.map((lane, index) => ({
        store: storeOf(lane.run),
        top: (first.value + index) * laneHeight - scrollTop.value,
        isPicked: lane.run === pickedRun.value,
        pickedSpan: lane.run === pickedRun.value ? pickedSpan.value : null,
        hoveredSpan: hovered.value?.run === lane.run ? hovered.value.index : null,
      })),
    });
  };
  // What the frame depends on is read here, so that a change asks for another one.
  const changes = [
    shownView(),
    spansVersion.value,
    theme.value,
    pickedRun.value,
    pickedSpan.value,
    hovered.value,
    scrollTop.value,
    now.value,
  ];
  useLayoutEffect(() => {
    if (frame.current === 0) frame.current = requestAnimationFrame(() => draw.current());
  }, [...changes, size, lanes.value]);
  useEffect(() => () => cancelAnimationFrame(frame.current), []);

  useEffect(() => {
    // The picked lane is kept in sight when it is picked by key.
    const at = lanes.value.findIndex(({ run }) => run === pickedRun.value);
    const box = scroller.current;
    // As long as the height is not known, every lane would seem to lie below it.
    if (box === null || at < 0 || size.height === 0) return;
    if (at * laneHeight < box.scrollTop) box.scrollTop = at * laneHeight;
    else if ((at + 1) * laneHeight > box.scrollTop + size.height) box.scrollTop = (at + 1) * laneHeight - size.height;
  }, [pickedRun.value, size.height]);

  const place = (event: MouseEvent): { x: number; y: number; at: number } => {
    const box = canvas.current?.getBoundingClientRect();
    const shown = shownView();
    const x = event.clientX - (box?.left ?? 0);
    return { x, y: event.clientY - (box?.top ?? 0), at: shown.from + (x / width) * (shown.to - shown.from) };
  };
  const find = (event: MouseEvent): Hovered | null => {
    const { x, y } = place(event);
    const lane = lanes.value[Math.floor((y + scrollTop.value) / laneHeight)];
    if (lane === undefined || x < 0) return null;
    const index = spanAt(storeOf(lane.run), rowAt((y + scrollTop.value) % laneHeight), shownView(), width, x, hostNow());
    return index === null ? null : { run: lane.run, index, x: event.clientX, y: event.clientY };
  };

  const drag = useRef<{ x: number; y: number; moved: boolean } | null>(null);
  const onPointerDown = (event: PointerEvent): void => {
    if (event.button !== 0) return;
    drag.current = { x: event.clientX, y: event.clientY, moved: false };
  };
  const onPointerMove = (event: PointerEvent): void => {
    const from = drag.current;
    if (from === null) {
      const next = find(event);
      if (next?.run !== hovered.value?.run || next?.index !== hovered.value?.index) hovered.value = next;
      return;
    }
    const [dx, dy] = [event.clientX - from.x, event.clientY - from.y];
    if (!from.moved && Math.abs(dx) + Math.abs(dy) < 4) return;
    if (!from.moved) canvas.current?.setPointerCapture(event.pointerId);
    hovered.value = null;
    panBy(-dx / width);
    if (scroller.current !== null) scroller.current.scrollTop -= dy;
    drag.current = { x: event.clientX, y: event.clientY, moved: true };
  };
  const onPointerUp = (event: PointerEvent): void => {
    const wasClick = drag.current !== null && !drag.current.moved;
    drag.current = null;
    if (!wasClick) return;
    const found = find(event);
    const lane = lanes.value[Math.floor((place(event).y + scrollTop.value) / laneHeight)];
    if (found !== null) pickSpan(found.run, found.index);
    else if (lane !== undefined) {
      pickRun(lane.run);
      pickedSpan.value = null;
    }
  };
  useEffect(() => {
    const target = canvas.current;
    if (target === null) return;
    // Not passive, so that the page does not scroll while it zooms.
    const onWheel = (event: WheelEvent): void => {
      event.preventDefault();
      hovered.value = null;
      const sideways = event.shiftKey ? event.deltaY : Math.abs(event.deltaX) > Math.abs(event.deltaY) ? event.deltaX : 0;
      if (sideways !== 0) panBy(sideways / 1000);
      else if (event.altKey && scroller.current !== null) scroller.current.scrollTop += event.deltaY;
      else zoomBy(Math.exp(Math.max(-1, Math.min(1, event.deltaY / 400))), place(event).at);
    };
    target.addEventListener('wheel', onWheel, { passive: false });
    return () => target.removeEventListener('wheel', onWheel);
  }, [width]);

  const onKeyDown = (event: KeyboardEvent): void => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const action = keys[event.key];
    if (action === undefined && event.key !== 'Enter') return;
    event.preventDefault();
    hovered.value = null;
    if (action === undefined) onOpen();
    else action();
  };

  return (
    <section class="lane-area">
      <div class="axis" aria-hidden="true">
        <canvas ref={axis} />
      </div>
      <div
        ref={scroller}
        class="lane-scroller"
        data-home
        // biome-ignore lint/a11y/noNoninteractiveTabindex: the timeline is one widget with keys of its own
        tabIndex={0}
        role="application"
        aria-roledescription="timeline"
        aria-label="Timeline of runs. Up and down pick a run, N and P the next and previous span, left and right move, plus and minus zoom, 0 shows the latest work, Enter opens the span."
        aria-activedescendant={pickedRun.value === null ? undefined : `lane-${pickedRun.value}`}
        onKeyDown={onKeyDown}
        onScroll={(event) => {
          scrollTop.value = event.currentTarget.scrollTop;
        }}
      >
        <div class="lane-space" style={{ height: `${lanes.value.length * laneHeight}px` }}>
          <div class="lane-window" style={{ height: `${size.height}px` }}>
            <LaneLabels lanes={visible} first={first.value} offset={scrollTop.value} />
            <canvas
              ref={canvas}
              class="lane-canvas"
              onPointerDown={onPointerDown}
              onPointerMove={onPointerMove}
              onPointerUp={onPointerUp}
              onPointerLeave={() => {
                hovered.value = null;
              }}
            />
          </div>
        </div>
      </div>
      <HoverCard hovered={hovered.value} />
    </section>
  );
}

const keys: Readonly<Record<string, () => void>> = {
  ArrowUp: () => pickLane(-1),
  ArrowDown: () => pickLane(1),
  ArrowLeft: () => panBy(-0.1),
  ArrowRight: () => panBy(0.1),
  PageUp: () => panBy(-0.9),
  PageDown: () => panBy(0.9),
  '+': () => zoomBy(0.7),
  '=': () => zoomBy(0.7),
  '-': () => zoomBy(1 / 0.7),
  '0': fitLatest,
  '1': fitPicked,
  n: () => stepSpan(1),
  p: () => stepSpan(-1),
  f: toggleFollow,
};
