import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { greenRun, landRun, storySpec, told } from '../../../support/cli/story.ts';
import type { EditorStory } from '../../../support/vscode/editorStory.ts';
import { type OpenEditor, openEditor } from '../../../support/vscode/openEditor.ts';

const waiting = ({ engine }: EditorStory): void => {
  greenRun(engine, 'TASK-001-r1', storySpec('TASK-001', 'Add slugify'));
  engine.tell('TASK-001-r1', told.review(1));
  engine.handlers = { answer: ({ run }) => ({ run, seq: 1 }), cancel: ({ run }) => ({ run, seq: 1 }) };
};

const moved = ({ editor }: OpenEditor): number => editor.executed.filter(({ command }) => command === 'reactor.tasks.focus').length;

describe('the keyboard in the sidebar', () => {
  it('goes on among the tasks when the last thing that waits was answered from its list', async () => {
    const editor = await openEditor({}, waiting);
    await editor.run('reactor.approve', [{ view: 'reactor.needsYou' }], 'TASK-001');
    const before = moved(editor);
    landRun(editor.engine, 'TASK-001-r1');
    await editor.pass(100);
    assert.deepEqual([before, moved(editor)], [0, 1]);
    editor.api.dispose();
  });

  it('goes on there when the last cell was stopped by its row', async () => {
    const editor = await openEditor({}, waiting);
    const [cell] = await editor.rows('reactor.cells');
    await editor.run('reactor.stop', [cell], 'Stop');
    editor.engine.tell('TASK-001-r1', ...told.ended('cancelled', 130, 'stopped'));
    await editor.pass(100);
    assert.equal(moved(editor), 1);
    editor.api.dispose();
  });

  it('stays where the person has gone meanwhile, or was all along, and opens no view', async () => {
    for (const [argument, leave] of [
      [{ view: 'reactor.needsYou' }, ({ editor }: OpenEditor) => editor.changedSelection.fire({})],
      [{ view: 'reactor.needsYou' }, ({ pass }: OpenEditor) => pass(11_000)],
      [
        { view: 'reactor.needsYou' },
        ({ shownViews }: OpenEditor) => {
          shownViews['reactor.tasks'].visible = false;
        },
      ],
      [undefined, () => undefined],
    ] as const) {
      const editor = await openEditor({}, waiting);
      await editor.run('reactor.approve', [argument], 'TASK-001');
      await leave(editor);
      landRun(editor.engine, 'TASK-001-r1');
      await editor.pass(100);
      assert.equal(moved(editor), 0);
      editor.api.dispose();
    }
  });
});
