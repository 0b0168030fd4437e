import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { runDetails } from '../../../../src/cli/render/runDetails.ts';
import { liveLines } from '../../../../src/cli/render/runLine.ts';
import { cellLines, runTable } from '../../../../src/cli/render/statusLines.ts';
import { event } from '../../../../src/core/journal/events.ts';
import type { SandboxMode } from '../../../../src/core/model/sandboxSpec.ts';
import { boundaryText } from '../../../../src/core/projections/unsandboxed.ts';
import { cellsOf } from '../../../../src/engine/queries.ts';
import { laneOf } from '../../../../src/vscode/panel/laneOf.ts';
import { FileMarks } from '../../../../src/vscode/review/fileMarks.ts';
import { ReviewedFiles } from '../../../../src/vscode/review/reviewedFiles.ts';
import { cellItem } from '../../../../src/vscode/tree/runItem.ts';
import { RunStory, specOf } from '../../../support/runStory.ts';
import { editorStory } from '../../../support/vscode/editorStory.ts';

const { context } = editorStory();
const marks = new FileMarks(context, new ReviewedFiles(context));
const sidebarMark = (state: ReturnType<typeof stateOf>): string | undefined => {
  const { resourceUri } = cellItem(context.vscode, 'key', state, '', 0);
  return resourceUri === undefined ? undefined : marks.provideFileDecoration(resourceUri)?.tooltip;
};

const style = { columns: 200, colours: false };
const spawned = (boundary: string | null) =>
  event('cell/serverSpawned', { process: { pid: 9, startTime: '1' }, port: 8000, start: 1, boundary });

const stateOf = (mode: SandboxMode, boundary: string | null, loosened?: { file: string; settings: string[] }) => {
  const { sandbox, ...spec } = specOf();
  const story = new RunStory({ ...spec, sandbox: { ...sandbox, mode }, ...(loosened === undefined ? {} : { loosened }) });
  return story.ready().tell(spawned(boundary)).state;
};

/** Where the word stands: table, cells, live line, details, panel, and in the sidebar a mark that no long title hides. */
const saidOf = (state: ReturnType<typeof stateOf>): boolean[] => [
  ...[
    runTable([state], style, 0),
    cellLines(cellsOf([state], null), style),
    liveLines([state], style, 0, new Map()),
    runDetails(state, '/d', style, 0),
  ].map((lines) => lines.join('\n').includes('unsandboxed')),
  laneOf(state).unsandboxed,
  sidebarMark(state) === 'unsandboxed: commands run as you',
];

describe('a cell without a boundary', () => {
  it('is shown as unsandboxed everywhere, whoever wanted it so', () => {
    assert.deepEqual(saidOf(stateOf('preferred', null)), [true, true, true, true, true, true]);
    assert.deepEqual(saidOf(stateOf('off', null)), [true, true, true, true, true, true]);
    assert.deepEqual(saidOf(stateOf('preferred', 'bubblewrap')), [false, false, false, false, false, false]);
  });

  it('is told with what the settings took from the boundary', () => {
    const loosened = { file: 'reactor.yaml', settings: ['sandbox: off'] };
    const said = 'unsandboxed: commands run as you; reactor.yaml loosens the boundary of cells: sandbox: off';
    const state = stateOf('off', null, loosened);
    assert.deepEqual([boundaryText(state), laneOf(state).boundary], [said, said]);
    assert.ok(runDetails(state, '/d', style, 0).some((line) => line.includes(said)));
    assert.equal(boundaryText(stateOf('required', 'bubblewrap')), '');
  });
});
