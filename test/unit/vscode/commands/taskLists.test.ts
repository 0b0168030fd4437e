import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { parseTasks } from '../../../../src/adapters/project/tasksFile.ts';
import { editorSettings } from '../../../../src/compose/editorSettings.ts';
import { SettingsLanguage } from '../../../../src/vscode/yaml/settingsLanguage.ts';
import { isTaskList } from '../../../../src/vscode/yaml/taskFiles.ts';
import { greenRun, storySpec, told } from '../../../support/cli/story.ts';
import { type EditorStory, editorStory } from '../../../support/vscode/editorStory.ts';
import { FakeUri } from '../../../support/vscode/fakeTypes.ts';
import { openEditor } from '../../../support/vscode/openEditor.ts';

const accepting = ({ engine }: EditorStory): void => {
  engine.handlers = { submit: () => ({ runs: [], notes: [] }) };
};

const listOf = (text: string, uri = FakeUri.parse('untitled:Untitled-1')) => ({
  uri,
  languageId: 'yaml',
  lineCount: text.split('\n').length,
  lineAt: (line: number) => ({ text: text.split('\n')[line] ?? '' }),
  getText: () => text,
});

const LIST = 'tasks:\n  - id: TASK-001\n    prompt: One\n  - id: TASK-002\n    after: [TASK-001]\n    priority: 10\n    prompt: Two\n';

describe('prompts with an order and a priority', () => {
  it('start after open tasks, and first, by two rows that are not remembered', async () => {
    const editor = await openEditor({}, (story) => {
      accepting(story);
      greenRun(story.engine, 'TASK-003-r1', storySpec('TASK-003', 'Parse durations'));
      story.engine.tell('TASK-003-r1', told.review(1));
    });
    const seen = await editor.run('reactor.runTask', [], 'Add slugify', 'Start', ['TASK-003'], 'Priority', '10', 'Run with');
    assert.match(seen, /\$\(watch\) Start \| as soon as there is a place\n {2}\$\(arrow-up\) Priority \| usual\n/);
    assert.match(seen, /\n {2}TASK-003 \| Parse durations · needs you\n/);
    assert.match(seen, /Run with: npm test · [^\n]* · after TASK-003 · priority 10\n/);
    assert.deepEqual(editor.engine.asked.splice(0), [
      'submit {"requests":[{"priority":10,"after":["TASK-003"],"prompt":"Add slugify","folder":"/repository"}]}',
    ]);
    await editor.run('reactor.runTasksInParallel', [], 'One', 'Two', '', 'Run with');
    assert.deepEqual(editor.engine.asked, [
      'submit {"requests":[{"prompt":"One","folder":"/repository"},{"prompt":"Two","folder":"/repository"}]}',
    ]);
    editor.api.dispose();
  });

  it('are written as a list from where they are typed, with what was chosen for them, and start as they stand there', async () => {
    const editor = await openEditor({}, accepting);
    const opened: string[] = [];
    const { openTextDocument } = editor.context.vscode.workspace;
    Object.assign(editor.context.vscode.workspace, {
      openTextDocument: (target: { content?: string }) => {
        if (target.content === undefined) return Promise.resolve(listOf(LIST));
        opened.push(target.content);
        return openTextDocument(target);
      },
    });
    await editor.run('reactor.runTasksInParallel', [], 'One', 'Two: more', '', 'Attempts', '5', 'Order');
    await editor.run('reactor.runTasksInParallel', [], 'One', '[Write them as a list, with order and priority]');
    await editor.run('reactor.newTaskList', []);
    assert.deepEqual(editor.engine.asked, []);
    assert.deepEqual(
      opened.map((text) => text.slice(text.indexOf('tasks:\n'))),
      [
        'tasks:\n  - id: TASK-001\n    prompt: One\n    attempts: 5\n\n  - id: TASK-002\n    prompt: "Two: more"\n    attempts: 5\n',
        'tasks:\n  - id: TASK-001\n    prompt: One\n',
        'tasks:\n  - id: TASK-001\n    prompt: \n\n  # - id: TASK-002\n  #   after: [TASK-001]\n  #   prompt: what comes after it\n',
      ],
    );
    assert.deepEqual(parseTasks(opened[0] ?? '', 'tasks.yaml', '/repository'), [
      { task: 'TASK-001', prompt: 'One', attempts: 5, folder: '/repository' },
      { task: 'TASK-002', prompt: 'Two: more', attempts: 5, folder: '/repository' },
    ]);
    await editor.run('reactor.runTaskList', [FakeUri.parse('untitled:Untitled-1')]);
    await editor.run('reactor.runPlanned', [FakeUri.parse('untitled:Untitled-1'), 1]);
    const two = '{"after":["TASK-001"],"priority":10,"prompt":"Two","task":"TASK-002","folder":"/repository"}';
    const sent = (editor.engine.asked as readonly string[]).map(
      (line) => JSON.parse(line.slice('submit '.length)) as { requests: unknown[] },
    );
    assert.deepEqual(
      sent.map(({ requests }) => requests),
      [[{ prompt: 'One', task: 'TASK-001', folder: '/repository' }, JSON.parse(two)], [JSON.parse(two)]],
    );
    editor.api.dispose();
  });
});

describe('a list of tasks in the editor', () => {
  it('is known by its name and by what it holds', () => {
    const at = (path: string) => FakeUri.file(path);
    assert.deepEqual(
      [
        isTaskList(listOf(LIST) as never),
        isTaskList(listOf('- prompt: One\n', at('/r/tasks.yaml')) as never),
        isTaskList(listOf('- prompt: One\n', at('/r/week.tasks.yml')) as never),
        isTaskList(listOf('- name: install\n  apt: {}\n', at('/r/tasks.yaml')) as never),
        isTaskList(listOf(LIST, at('/r/other.yaml')) as never),
        isTaskList({ ...listOf(LIST), languageId: 'plaintext' } as never),
      ],
      [true, true, true, false, false, false],
    );
  });

  it('has "Run" above each task, errors where they stand, and what may be written', async () => {
    const { context, editor } = editorStory();
    await context.repositories.scan();
    const language = new SettingsLanguage(context);
    const lenses = await language.lenses(listOf(LIST) as never);
    assert.deepEqual(
      lenses.map(({ range, command }) => `${range.start.line + 1} ${command?.title}`),
      ['2 $(play) Run', '4 $(play) Run', '2 $(run-all) Run all 2 in parallel'],
    );
    await language.check(listOf('- prompt: One\n  after: [TASK-009]\n', FakeUri.file('/repository/tasks.yaml')) as never);
    assert.match(editor.diagnostics.get('/repository/tasks.yaml') ?? '', /^2:11 .*TASK-009 is neither$/);
    assert.deepEqual(editor.keys.get('reactor.taskLists'), ['/repository/tasks.yaml']);
    await language.check(listOf('- vars_prompt: x\n  prompt: 3\n', FakeUri.file('/repository/other.tasks.yaml')) as never);
    assert.equal(editor.diagnostics.get('/repository/other.tasks.yaml'), '');
    const at = async (text: string) => {
      const before = text.slice(0, text.indexOf('|')).split('\n');
      const position = { line: before.length - 1, character: before.at(-1)?.length ?? 0 };
      return (await language.completions(listOf(text.replace('|', '')) as never, position as never)).map(({ insertText }) => insertText);
    };
    assert.deepEqual(
      [
        await at('|'),
        await at(`${LIST}  - after: |`),
        await at(`${LIST}  - after: [|]`),
        await at(`${LIST}  - prompt: Three\n    after:\n      - |`),
        (await at('- prompt: One\n  |')).includes('priority: '),
        (await at(`${LIST}    |`)).includes('budgetUsd: '),
      ],
      [['tasks:'], ['[TASK-001]', '[TASK-002]'], ['TASK-001', 'TASK-002'], ['TASK-001', 'TASK-002'], true, true],
    );
    language.dispose();
    context.repositories.dispose();
  });

  it('can be new and without tasks: then it has place for the first', async () => {
    const text = await editorSettings.newTaskList([], 7);
    assert.match(text, /\n {2}- id: TASK-007\n {4}prompt: \n/);
    assert.deepEqual(await editorSettings.taskPlaces(text), []);
    const { context, editor } = editorStory();
    const language = new SettingsLanguage(context);
    await language.check(listOf(text) as never);
    const unwritten = editor.diagnostics.get('Untitled-1');
    await language.check(listOf(`${text}  - prompt: Again\n    titel: More\n`) as never);
    assert.deepEqual(
      [unwritten, editor.diagnostics.get('Untitled-1')],
      ['', '13:5 "titel" is not a setting of "tasks[1]"; did you mean "title"?'],
    );
    language.dispose();
    context.repositories.dispose();
  });
});
