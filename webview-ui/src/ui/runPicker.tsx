import { lanes, pickedRun, pickRun } from '../panelState.ts';
import { laneMark } from './statusMark.tsx';

/** The choice of the run that a tab is about. */
export function RunPicker() {
  return (
    <div class="picker">
      <span class="faint" aria-hidden="true">
        Run
      </span>
      <vscode-single-select
        aria-label="Run"
        value={pickedRun.value ?? ''}
        onChange={(event) => {
          if (event.currentTarget.value !== '') pickRun(event.currentTarget.value);
        }}
      >
        {lanes.value.map((lane) => (
          <vscode-option key={lane.run} value={lane.run} selected={lane.run === pickedRun.value} description={lane.title}>
            {lane.task} · {laneMark(lane).word} · {lane.run}
          </vscode-option>
        ))}
      </vscode-single-select>
    </div>
  );
}
