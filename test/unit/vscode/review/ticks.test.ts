import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { FileMarks } from '../../../../src/vscode/review/fileMarks.ts';
import { ReviewedFiles } from '../../../../src/vscode/review/reviewedFiles.ts';
import { treeUri } from '../../../../src/vscode/review/treeUri.ts';
import { greenRun, storySpec, told, treeOf } from '../../../support/cli/story.ts';
import { type EditorStory, editorStory } from '../../../support/vscode/editorStory.ts';
import { settle } from '../../../support/vscode/fakeEditorHost.ts';
import { openEditor } from '../../../support/vscode/openEditor.ts';
import { renderTree } from '../../../support/vscode/renderTree.ts';

const waiting = ({ engine }: EditorStory): void => {
  greenRun(engine, 'TASK-001-r1', storySpec('TASK-001', 'Add slugify'));
  engine.tell('TASK-001-r1', told.review(1));
};

describe('ticks on files', () => {
  it('are kept by the box of their row, and taken away by it', async () => {
    const editor = await openEditor({}, waiting);
    const [row] = await editor.rows('reactor.needsYou');
    const [file] = await editor.rows('reactor.needsYou', row);
    const view = editor.shownViews['reactor.needsYou'];
    const boxes = async () => (await renderTree(editor.api.tree('reactor.needsYou'))).match(/\[[x ]\]/g);
    for (const [state, shown] of [
      [1, ['[x]', '[ ]']],
      [0, ['[ ]', '[ ]']],
    ] as const) {
      view.ticked.fire({ items: [[file, state]] });
      await settle();
      assert.deepEqual(await boxes(), shown);
    }
    editor.api.dispose();
  });

  it('are kept and taken away by a key, for all rows that are selected', async () => {
    const editor = await openEditor({}, waiting);
    const [row] = await editor.rows('reactor.needsYou');
    const files = await editor.rows('reactor.needsYou', row);
    const boxes = async () => (await renderTree(editor.api.tree('reactor.needsYou'))).match(/\[[x ]\]/g);
    const seen: unknown[] = [];
    for (const selected of [files.slice(0, 1), files, files]) {
      editor.shownViews['reactor.needsYou'].select(...selected);
      await editor.run('reactor.toggleReviewed', [{ view: 'reactor.needsYou' }]);
      seen.push(await boxes());
    }
    assert.deepEqual(seen, [
      ['[x]', '[ ]'],
      ['[x]', '[x]'],
      ['[ ]', '[ ]'],
    ]);
    editor.api.dispose();
  });

  it('mark the file wherever it is listed, in the colour of how it changed', async () => {
    const story = editorStory();
    waiting(story);
    const { context } = story;
    await context.repositories.scan();
    await settle();
    const [model] = context.repositories.list;
    assert.ok(model !== undefined);
    const reviewed = new ReviewedFiles(context);
    const marks = new FileMarks(context, reviewed);
    let drawn = 0;
    marks.onDidChangeFileDecorations(() => {
      drawn += 1;
    });
    await reviewed.set(model, 'TASK-001-r1', treeOf(1), [{ path: 'src/slug.ts', reviewed: true }]);
    const mark = (path: string, side: 'base' | 'candidate' = 'candidate') => {
      const address = { repository: model.place.id, run: 'TASK-001-r1', tree: treeOf(1), path, side };
      const { badge, color } = marks.provideFileDecoration(treeUri(context.vscode, address)) ?? {};
      return [badge, color?.id];
    };
    assert.deepEqual(
      [mark('src/slug.ts'), mark('test/slug.test.ts'), mark('src/slug.ts', 'base'), mark('readme.md'), drawn],
      [
        ['✓', 'gitDecoration.modifiedResourceForeground'],
        [undefined, 'gitDecoration.addedResourceForeground'],
        [undefined, undefined],
        [undefined, undefined],
        1,
      ],
    );
    reviewed.dispose();
    context.repositories.dispose();
  });
});
