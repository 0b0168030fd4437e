import { useComputed, useSignal } from '@preact/signals';
import { useEffect, useRef } from 'preact/hooks';
import { spanTitle } from '../../../src/core/projections/timelineSpan.ts';
import { send } from '../host.ts';
import {
  isFollowing,
  lanes,
  olderRuns,
  pickedLane,
  pickedSpan,
  spansVersion,
  standardTimelineShare,
  storeOf,
  timelineShare,
} from '../panelState.ts';
import { hostNow } from '../ui/browserClock.ts';
import { durationText, plural } from '../ui/format.ts';
import { goHome, useKeyboardHome } from '../ui/keyboardHome.ts';
import { lazily } from '../ui/lazily.tsx';
import { Split } from '../ui/split.tsx';
import { spanMark } from '../ui/statusMark.tsx';
import { LaneCanvas } from './laneCanvas.tsx';
import { SpanDetailView } from './spanDetailView.tsx';
import { SpanTable } from './spanTable.tsx';
import { fitLatest, fitPicked, toggleFollow, zoomBy } from './timelineActions.ts';

const CostLine = lazily(() => import('./costLine.tsx').then((module) => module.CostLine));

export function TimelineView() {
  const detail = useRef<HTMLDivElement>(null);
  const hasTable = useSignal(false);
  useKeyboardHome();
  return (
    <div class="view">
      <div class="bar wraps close" role="toolbar" aria-label="Timeline">
        <vscode-toolbar-button icon="zoom-in" label="Zoom in (+)" title="Zoom in (+)" onClick={() => zoomBy(0.7)} />
        <vscode-toolbar-button icon="zoom-out" label="Zoom out (−)" title="Zoom out (−)" onClick={() => zoomBy(1 / 0.7)} />
        <vscode-toolbar-button icon="screen-full" label="Latest work (0)" title="Show the latest work (0)" onClick={fitLatest} />
        <vscode-toolbar-button icon="target" label="Picked run (1)" title="Show all of the picked run (1)" onClick={fitPicked} />
        <span class="bar-gap" />
        <vscode-checkbox label="Follow live" checked={isFollowing.value} onChange={toggleFollow} />
        <vscode-checkbox
          label="As table"
          checked={hasTable.value}
          onChange={(event) => {
            hasTable.value = event.currentTarget.checked;
          }}
        />
        <span class="grow" />
        <Loading />
        {olderRuns.value > 0 ? (
          <vscode-button secondary onClick={() => send({ type: 'command', command: 'showOlder', run: null, tree: null })}>
            Show {plural(olderRuns.value, 'Older Run')}
          </vscode-button>
        ) : null}
      </div>
      <Split
        label="Divider of timeline and details"
        firstName="timeline"
        share={timelineShare}
        standard={standardTimelineShare}
        first={
          <div class="column">
            <LaneCanvas onOpen={() => detail.current?.focus()} />
            {hasTable.value ? <SpanTable /> : null}
            <CostLine />
          </div>
        }
        second={
          // biome-ignore lint/a11y/noStaticElementInteractions: Escape leads back to the timeline from anything in it
          <div
            class="detail-pane"
            ref={detail}
            tabIndex={-1}
            onKeyDown={(event) => {
              if (event.key === 'Escape') goHome();
            }}
          >
            <SpanDetailView />
          </div>
        }
      />
      <Announcement />
    </div>
  );
}

/** How far the lanes are read, while they are. */
function Loading() {
  const left = spansVersion.value >= 0 ? lanes.value.filter(({ run }) => !storeOf(run).isComplete).length : 0;
  return left === 0 ? null : <span class="faint">reading {plural(left, 'run')}…</span>;
}

/** Says what is picked to those who listen. */
function Announcement() {
  const words = useComputed(() => {
    const lane = pickedLane.value;
    if (lane === null) return '';
    const span = pickedSpan.value === null ? null : storeOf(lane.run).span(pickedSpan.value);
    if (span === null) return `${lane.task}, ${lane.title}`;
    const { word } = spanMark(span.kind, span.status);
    const attempt = span.attempt > 0 ? `, attempt ${span.attempt}` : '';
    const took = durationText((span.end ?? hostNow()) - span.start);
    return `${lane.task}${attempt}, ${spanTitle(span.kind)}, ${word}, ${took}, ${span.label}, ${span.index + 1} of ${storeOf(lane.run).count}`;
  });
  const line = useRef<HTMLDivElement>(null);
  useEffect(() => {
    if (line.current !== null) line.current.textContent = words.value;
  }, [words.value]);
  return <div ref={line} class="unseen" role="status" aria-live="polite" />;
}
