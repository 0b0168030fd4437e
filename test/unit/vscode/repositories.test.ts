import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { UserFacingError } from '../../../src/base/userFacingError.ts';
import { readerOf } from '../../support/cli/fakeHost.ts';
import { greenRun, landRun, storySpec } from '../../support/cli/story.ts';
import { editorStory } from '../../support/vscode/editorStory.ts';
import { settle } from '../../support/vscode/fakeEditorHost.ts';
import { FakeUri } from '../../support/vscode/fakeTypes.ts';
import { openEditor } from '../../support/vscode/openEditor.ts';

describe('the repositories of a workspace', () => {
  it('that can not be read are tried again by themselves, and the sentence about it goes when they can', async () => {
    let isBusy = true;
    const story = editorStory();
    const editor = await openEditor({
      host: {
        reader: () =>
          isBusy
            ? Promise.reject(new UserFacingError('environment', 'The journal is being brought up to date.'))
            : Promise.resolve(readerOf(story.engine)),
      },
    });
    greenRun(story.engine, 'TASK-001-r1', storySpec('TASK-001', 'Add slugify'));
    const view = editor.shownViews['reactor.tasks'];
    assert.deepEqual([view.message, await editor.rows('reactor.cells')], ['The journal is being brought up to date.', []]);
    isBusy = false;
    await editor.pass(60_000);
    assert.deepEqual([view.message, (await editor.rows('reactor.cells')).length], ['', 1]);
    editor.api.dispose();
    assert.equal(editor.world.clock.timers, 0);
  });

  it('whose data can only be read are shown, with one line that says so until it is otherwise', async () => {
    let line: string | null = "Reactor can't write to its data folder /data (EROFS). What follows was recorded before.";
    const editor = await openEditor({ host: { readOnly: () => Promise.resolve(line) } }, ({ engine, world }) => {
      world.hasEngine = false;
      greenRun(engine, 'TASK-001-r1', storySpec('TASK-001', 'Add slugify'));
    });
    const views = Object.values(editor.shownViews);
    const seen = async () => [...views.map(({ message }) => message ?? ''), (await editor.rows('reactor.tasks')).length];
    assert.deepEqual(await seen(), [line, '', '', 1]);
    // The first view is folded.
    const [first] = views;
    if (first === undefined) throw new Error('there is no view');
    first.visible = false;
    first.showed.fire({ visible: false });
    assert.deepEqual(await seen(), ['', line, '', 1]);
    line = null;
    await editor.pass(60_000);
    assert.deepEqual(await seen(), ['', '', '', 1]);
    editor.api.dispose();
    assert.equal(editor.world.clock.timers, 0);
  });

  it('are read again by Refresh, also where no engine runs', async () => {
    const editor = await openEditor({}, ({ world }) => {
      world.hasEngine = false;
    });
    greenRun(editor.engine, 'TASK-001-r1', storySpec('TASK-001', 'Add slugify'));
    landRun(editor.engine, 'TASK-001-r1');
    assert.deepEqual(await editor.rows('reactor.tasks'), []);
    await editor.run('reactor.refresh', []);
    assert.equal((await editor.rows('reactor.tasks')).length, 1);
    editor.api.dispose();
  });

  it('are each there once, with all of their folders, with a commit or without one yet', async () => {
    const commonDirs: Record<string, string> = {
      '/one': '/one/.git',
      '/one/app': '/one/.git',
      '/tree': '/one/.git',
      '/other': '/other/.git',
    };
    const { context, editor } = editorStory({
      folders: Object.keys(commonDirs),
      host: {
        facts: (folder) =>
          Promise.resolve({
            ...{ commonDir: commonDirs[folder] ?? '', topLevel: folder, prefix: '', branch: 'main' },
            ...(folder === '/other' ? { head: null, unborn: 'main' } : { head: 'b'.repeat(40) }),
          }),
      },
    });
    const { repositories } = context;
    await repositories.scan();
    await settle();
    assert.deepEqual(
      repositories.list.map(({ place, folders }) => [place.id, folders]),
      [
        ['/one/.git', ['/one', '/one/app', '/tree']],
        ['/other/.git', ['/other']],
      ],
    );
    const at = (path: string) => repositories.of(FakeUri.file(path) as never)?.place.id;
    assert.deepEqual(
      [at('/tree/src/a.ts'), at('/one/app/a.ts'), at('/other'), at('/elsewhere')],
      ['/one/.git', '/one/.git', '/other/.git', undefined],
    );
    editor.folders.splice(0, 1);
    await repositories.rescan();
    assert.deepEqual(repositories.list[0]?.folders, ['/one/app', '/tree']);
    assert.equal(repositories.list[0]?.place.folder, '/one/app');
    repositories.dispose();
  });
});
