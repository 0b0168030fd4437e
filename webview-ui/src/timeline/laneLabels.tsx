import type { Lane } from '../../../src/protocol/panelShapes.ts';
import { pickedRun, pickRun } from '../panelState.ts';
import { now } from '../ui/browserClock.ts';
import { durationText, plural, totalText } from '../ui/format.ts';
import { laneMark, MarkIcon } from '../ui/statusMark.tsx';
import { laneHeight } from './laneMetrics.ts';

/** Names of the lanes that can be seen, beside the canvas. */
export function LaneLabels({ lanes, first, offset }: { lanes: readonly Lane[]; first: number; offset: number }) {
  return (
    <div class="lane-labels" role="listbox" aria-label="Runs">
      {lanes.map((lane, index) => (
        <LaneLabel key={lane.run} lane={lane} top={(first + index) * laneHeight - offset} />
      ))}
    </div>
  );
}

/** A sign, since the word has no room beside a long state; the title of the lane says what it means. */
const Unsandboxed = () => (
  <>
    <span class="unseen">, unsandboxed</span>
    <vscode-icon name="unlock" size={14} class="tone-wait" />
  </>
);

const triesText = ({ attempts, attemptLimit, endedAt }: Lane): string => {
  if (endedAt !== null) return attempts === 0 ? 'no attempt' : plural(attempts, 'attempt');
  return attempts === 0 ? 'no attempt yet' : `attempt ${attempts} of ${attemptLimit}`;
};

function LaneLabel({ lane, top }: { lane: Lane; top: number }) {
  const mark = laneMark(lane);
  const isPicked = pickedRun.value === lane.run;
  const elapsed = durationText((lane.endedAt ?? lane.parkedAt ?? now.value) - (lane.startedAt ?? lane.requestedAt));
  return (
    <div
      id={`lane-${lane.run}`}
      class={isPicked ? 'lane-label picked' : 'lane-label'}
      role="option"
      tabIndex={-1}
      aria-selected={isPicked}
      title={`${lane.task}: ${lane.title}\n${mark.word}${lane.reason === '' ? '' : `: ${lane.reason}`}${lane.boundary === '' ? '' : `\n${lane.boundary}`}`}
      style={{ transform: `translateY(${top}px)`, height: `${laneHeight - 1}px` }}
      onClick={() => pickRun(lane.run)}
      onKeyDown={(event) => {
        if (event.key === 'Enter') pickRun(lane.run);
      }}
    >
      <div class="lane-name">
        <MarkIcon mark={mark} />
        <b>{lane.task}</b>
        <span class="faint clip">{mark.word}</span>
        {lane.unsandboxed ? <Unsandboxed /> : null}
      </div>
      <div class="clip">{lane.title}</div>
      <div class="faint clip figures">
        {elapsed} · {triesText(lane)} · {totalText(lane.cost)}
      </div>
    </div>
  );
}
