import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { defaultConfig } from '../../../../src/core/model/projectConfig.ts';
import { greenRun, landRun, storySpec, told } from '../../../support/cli/story.ts';
import { FakeUri } from '../../../support/vscode/fakeTypes.ts';
import { openEditor } from '../../../support/vscode/openEditor.ts';

describe('beside the titles of the views', () => {
  it('stands how many things wait, and how many cells of how many there are, as long as there are any', async () => {
    let limit = 50;
    const config = () => Promise.resolve({ config: { ...defaultConfig(), cells: { ...defaultConfig().cells, limit } }, file: null });
    const { engine, api, shownViews, editor, pass } = await openEditor({ host: { config } }, ({ engine: before }) => {
      greenRun(before, 'TASK-001-r1', storySpec('TASK-001', 'Add slugify'));
      before.tell('TASK-001-r1', told.review(1));
      greenRun(before, 'TASK-002-r1', storySpec('TASK-002', 'Parse durations'));
    });
    const heads = () => [shownViews['reactor.needsYou'], shownViews['reactor.cells']].map(({ description }) => description);
    assert.deepEqual([heads(), shownViews['reactor.needsYou'].badge?.value], [['1', '2 of 50'], 1]);
    limit = 3;
    editor.changedFile.fire(FakeUri.file('/repository/reactor.yaml'));
    await pass(1000);
    assert.deepEqual(heads(), ['1', '2 of 3']);
    for (const run of ['TASK-001-r1', 'TASK-002-r1']) landRun(engine, run);
    await pass(1000);
    assert.deepEqual([heads(), shownViews['reactor.needsYou'].badge], [['', ''], undefined]);
    api.dispose();
  });
});
