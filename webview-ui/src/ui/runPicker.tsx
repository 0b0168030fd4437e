import '@vscode-elements/elements/dist/vscode-option/index.js';
import '@vscode-elements/elements/dist/vscode-single-select/index.js';
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
        label="Run"
        value={pickedRun.value ?? ''}
        onChange={(event) => {
          if (event.currentTarget.value !== '') pickRun(event.currentTarget.value);
        }}
      >
        {/* A list does not see that the text of an option has changed: one that says something else is another. */}
        {lanes.value.map((lane) => (
          <vscode-option
            key={`${lane.run} ${laneMark(lane).word} ${lane.title}`}
            value={lane.run}
            selected={lane.run === pickedRun.value}
            description={lane.run}
          >
            {lane.task} · {laneMark(lane).word} · {lane.title}
          </vscode-option>
        ))}
      </vscode-single-select>
    </div>
  );
}
