import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { ProjectConfig } from '../../../src/core/model/projectConfig.ts';
import type { EditorHost } from '../../../src/vscode/editorHost.ts';
import { storySpec, told } from '../../support/cli/story.ts';
import type { EditorStory } from '../../support/vscode/editorStory.ts';
import { FakeUri } from '../../support/vscode/fakeTypes.ts';
import { type OpenEditor, openEditor } from '../../support/vscode/openEditor.ts';
import { renderTree } from '../../support/vscode/renderTree.ts';

const accepting = ({ engine }: EditorStory): void => {
  engine.handlers = {
    submit: ({ requests }) => ({
      runs: requests.map(({ task = '' }) => ({
        run: `${task}-r1`,
        task,
        seq: engine.tell(`${task}-r1`, told.requested(`${task}-r1`, storySpec(task, task))),
      })),
      notes: [],
    }),
  };
};

const yaml = (...tasks: readonly (readonly [id: string, prompt: string])[]): string =>
  `tasks:\n${tasks.map(([id, prompt]) => `  - id: ${id}\n    prompt: ${prompt}\n`).join('')}`;

const shown = (editor: OpenEditor): Promise<string> => renderTree(editor.api.tree('reactor.tasks'));

const write = async (editor: OpenEditor, path: string, text: string): Promise<void> => {
  editor.editor.files.set(path, text);
  editor.editor.changedFile.fire(FakeUri.file(path));
  await editor.pass(1000);
};

describe('tasks of settings files', () => {
  it('are those of the file that applies, by its other name and above the folder too, also after it has changed', async () => {
    let budget = '0.02';
    const host: Partial<EditorHost> = {
      facts: () => Promise.resolve({ commonDir: '/top/.git', topLevel: '/top', prefix: 'app/', branch: 'main', head: 'b'.repeat(40) }),
      config: () => Promise.resolve({ config: ProjectConfig.parse({ budgets: { perDayUsd: budget } }), file: '/top/reactor.yml' }),
    };
    const editor = await openEditor({ folders: ['/top/app'], host }, ({ engine, editor: { files } }) => {
      files.set('/top/reactor.yml', yaml(['ALPHA', 'Alpha']));
      files.set('/top/app/reactor.yaml.bak', yaml(['NEVER', 'Never']));
      engine.tell('TASK-001-r1', told.requested('TASK-001-r1', storySpec('TASK-001', 'Open')));
    });
    assert.match(await shown(editor), /^Not started {3}1\n {2}\(circle-outline\) ALPHA {2}Alpha\n/);
    assert.match(editor.editor.status[0]?.text ?? '', /\/ \$0\.02 today/);
    budget = '0.05';
    await write(editor, '/top/reactor.yml', yaml(['ALPHA', 'Alpha'], ['BETA', 'Beta']));
    assert.match(await shown(editor), /^Not started {3}2\n[^\n]*ALPHA[^\n]*\n[^\n]*BETA/);
    assert.match(editor.editor.status[0]?.text ?? '', /\/ \$0\.05 today/);
    editor.api.dispose();
  });

  it('of two folders of one repository are all there, and each works in its own', async () => {
    const host: Partial<EditorHost> = {
      facts: (folder) => Promise.resolve({ commonDir: '/one/.git', topLevel: folder, prefix: '', branch: 'main', head: 'b'.repeat(40) }),
      config: (folder) =>
        Promise.resolve({
          config: ProjectConfig.parse({ tasks: [{ id: folder === '/one' ? 'FIRST' : 'SECOND', prompt: 'Work' }] }),
          file: `${folder}/reactor.yaml`,
        }),
    };
    const editor = await openEditor({ folders: ['/one', '/two'], host }, (story) => {
      accepting(story);
      story.editor.files.set('/one/reactor.yaml', yaml(['FIRST', 'Work']));
      story.editor.files.set('/two/reactor.yaml', yaml(['SECOND', 'Work']));
    });
    const [group] = await editor.rows('reactor.tasks');
    const rows = await editor.rows('reactor.tasks', group);
    assert.deepEqual(
      rows.map((row) => row.kind === 'planned' && [row.place.id, row.uri.fsPath]),
      [
        ['FIRST', '/one/reactor.yaml'],
        ['SECOND', '/two/reactor.yaml'],
      ],
    );
    await editor.run('reactor.runPlanned', [rows[1]]);
    assert.deepEqual(editor.engine.asked, ['submit {"requests":[{"prompt":"Work","task":"SECOND","folder":"/two"}]}']);
    editor.api.dispose();
  });

  it('are drawn anew when they move, and never start another that has taken their place', async () => {
    let tasks = [
      { id: 'ALPHA', prompt: 'Alpha' },
      { id: 'BETA', prompt: 'Beta' },
    ];
    const text = () => yaml(...tasks.map(({ id, prompt }) => [id, prompt] as const));
    const config = () => Promise.resolve({ config: ProjectConfig.parse({ tasks }), file: '/repository/reactor.yaml' });
    const editor = await openEditor({ host: { config } }, (story) => {
      accepting(story);
      story.editor.files.set('/repository/reactor.yaml', text());
    });
    const planned = async () => {
      const [group] = await editor.rows('reactor.tasks');
      return (await editor.rows('reactor.tasks', group)).flatMap((row) => (row.kind === 'planned' ? [row] : []));
    };
    const [stale] = await planned();
    tasks = [{ id: 'BETA', prompt: 'Beta' }];
    // The file is another already; the editor has not heard of it yet.
    assert.equal(
      await editor.run('reactor.runPlanned', [stale]),
      'error: reactor.yaml has changed meanwhile. Nothing was started; choose the task again.',
    );
    assert.deepEqual(editor.engine.asked, []);
    tasks = [{ id: 'ALPHA', prompt: 'Alpha, but better' }];
    await write(editor, '/repository/reactor.yaml', `# moved\n${text()}`);
    assert.deepEqual(
      (await planned()).map(({ place: { id, title, line } }) => [id, title, line]),
      [['ALPHA', 'Alpha, but better', 3]],
    );
    editor.api.dispose();
  });
});
