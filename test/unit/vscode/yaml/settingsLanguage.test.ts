import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { editorSettings } from '../../../../src/compose/editorSettings.ts';
import { suggestions } from '../../../../src/vscode/yaml/schemaCompletion.ts';
import { SettingsLanguage } from '../../../../src/vscode/yaml/settingsLanguage.ts';
import { yamlPlace } from '../../../../src/vscode/yaml/yamlPlace.ts';
import { greenRun, landRun, storySpec } from '../../../support/cli/story.ts';
import { editorStory } from '../../../support/vscode/editorStory.ts';
import { settle } from '../../../support/vscode/fakeEditorHost.ts';
import { FakeUri } from '../../../support/vscode/fakeTypes.ts';

const documentOf = (text: string) => ({
  uri: FakeUri.file('/repository/reactor.yaml'),
  lineCount: text.split('\n').length,
  lineAt: (line: number) => ({ text: text.split('\n')[line] ?? '' }),
  getText: () => text,
});

/** Path, what is being written, and names that are there, at the `|` of a text. */
function place(text: string): string {
  const before = text.slice(0, text.indexOf('|'));
  const line = before.split('\n').length - 1;
  const { path, setting, present } = yamlPlace(text.replace('|', ''), line, before.length - (before.lastIndexOf('\n') + 1));
  return `${path.join('.')} ${setting ?? '-'} ${[...present].sort().join(',')}`;
}

describe('reactor.yaml in the editor', () => {
  it('knows where in the file something is written', () => {
    assert.deepEqual(
      [
        place('test: npm test\n|'),
        place('approve: |'),
        place('limits:\n  stall: 5m\n  |'),
        place('limits:\n  stall: 5m\nbudgets:\n  perRunUsd: 1\n  |\n  onExceed: pause\n'),
        place('tasks:\n  - id: A\n    prompt: a\n  - id: B\n    |'),
        place('tasks:\n  - id: A\n    prompt: a\n  - |'),
        place('tasks:\n- id: A\n  land: |'),
      ],
      [' - test', ' approve ', 'limits - stall', 'budgets - onExceed,perRunUsd', 'tasks.1 - id', 'tasks.1 - ', 'tasks.0 land id'],
    );
  });

  it('offers the settings that may stand there, and their values', async () => {
    const schema = await editorSettings.settingsSchema();
    const at = (text: string) => {
      const before = text.slice(0, text.indexOf('|'));
      const line = before.split('\n').length - 1;
      return suggestions(schema, yamlPlace(text.replace('|', ''), line, before.length - (before.lastIndexOf('\n') + 1))).map(
        ({ text: name }) => name,
      );
    };
    assert.deepEqual(at('approve: |'), ['auto', 'ask', 'never']);
    assert.deepEqual(at('testBase: |'), ['true', 'false']);
    assert.deepEqual(at('limits:\n  stall: 5m\n  |'), [
      'stepsPerAttempt',
      'callsPerMinute',
      'stepsPerRun',
      'processes',
      'memoryMb',
      'cpus',
      'diskMb',
      'files',
      'openFiles',
    ]);
    const top = at('test: x\n|');
    assert.ok(top.includes('budgets') && !top.includes('test'), top.join());
    assert.ok(at('tasks:\n  - id: A\n    |').includes('prompt'));
    assert.deepEqual(at('nowhere:\n  |'), []);
  });

  it('marks what is wrong where it stands, with what was probably meant', async () => {
    const { context, editor } = editorStory();
    const language = new SettingsLanguage(context);
    const text = 'tets: npm test\nattempts: many\n';
    await language.check(documentOf(text) as never);
    assert.equal(
      editor.diagnostics.get('/repository/reactor.yaml'),
      '1:1 "tets" is not a setting; did you mean "test"?\n2:11 "attempts" must be a number, not "many"',
    );
    await language.check(documentOf('test: npm test\n') as never);
    assert.equal(editor.diagnostics.get('/repository/reactor.yaml'), '');
    language.dispose();
    context.repositories.dispose();
  });

  it('stands "Run" above each task, and one for all', async () => {
    const { context, engine } = editorStory();
    greenRun(engine, 'TASK-001-r1', storySpec('TASK-001', 'Add slugify'));
    landRun(engine, 'TASK-001-r1');
    await context.repositories.scan();
    const language = new SettingsLanguage(context);
    const lenses = await language.lenses(documentOf('test: x\ntasks:\n  - id: TASK-001\n    prompt: a\n  - prompt: b\n') as never);
    assert.deepEqual(
      lenses.map(({ range, command }) => `${range.start.line + 1} ${command?.title} ${JSON.stringify(command?.arguments?.slice(1))}`),
      ['3 $(play) Run again · landed [0]', '5 $(play) Run [1]', '3 $(run-all) Run all 2 in parallel []'],
    );
    language.dispose();
    context.repositories.dispose();
  });

  it('says above a task that is open where it stands, and shows its timeline in place of starting it again', async () => {
    const { context, engine } = editorStory();
    await context.repositories.scan();
    const language = new SettingsLanguage(context);
    let redrawn = 0;
    language.onDidChangeCodeLenses(() => (redrawn += 1));
    greenRun(engine, 'TASK-001-r1', storySpec('TASK-001', 'Add slugify'));
    await settle();
    const before = redrawn;
    const lenses = await language.lenses(documentOf('tasks:\n  - id: TASK-001\n    prompt: a\n') as never);
    assert.deepEqual(
      [before > 0, lenses.map(({ command }) => `${command?.title} ${command?.command} ${JSON.stringify(command?.arguments)}`)],
      [true, ['$(pulse) testing reactor.showTimeline [{"repository":"/repository/.git","run":"TASK-001-r1"}]']],
    );
    language.dispose();
    context.repositories.dispose();
  });

  it('sets one setting and keeps comments and order', async () => {
    const text = '# mine\ntest: npm test # fast\nbudgets:\n  perRunUsd: 1\n';
    assert.equal(await editorSettings.withSetting(text, ['budgets', 'perDayUsd'], 10), `${text}  perDayUsd: 10\n`);
    await assert.rejects(editorSettings.withSetting('a: [', ['b'], 1), /has errors/);
  });
});
