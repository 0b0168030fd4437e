import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { UserFacingError } from '../../../../src/base/userFacingError.ts';
import { greenRun, landRun, storySpec, told } from '../../../support/cli/story.ts';
import type { EditorStory } from '../../../support/vscode/editorStory.ts';
import { settle } from '../../../support/vscode/fakeEditorHost.ts';
import { FakeRange, FakeUri } from '../../../support/vscode/fakeTypes.ts';
import { openEditor } from '../../../support/vscode/openEditor.ts';

/** Accepts everything: the first request as TASK-001, and so on. */
const accepting = ({ engine }: EditorStory): void => {
  engine.handlers = {
    submit: ({ requests }) => {
      const runs = requests.map((request, index) => {
        const task = request.task ?? `TASK-00${index + 1}`;
        const seq = engine.tell(`${task}-r1`, told.requested(`${task}-r1`, storySpec(task, request.title ?? request.prompt)));
        return { run: `${task}-r1`, task, seq };
      });
      return { runs, notes: [] };
    },
  };
};

const document = (path: string, text: string, languageId: string) => ({
  uri: FakeUri.file(path),
  languageId,
  isUntitled: false,
  lineCount: text.split('\n').length,
  getText: (range?: FakeRange) =>
    range === undefined
      ? text
      : text
          .split('\n')
          .slice(range.start.line, range.end.line + 1)
          .join('\n'),
});

describe('Run Reactor Task', () => {
  it('takes a prompt and one more Enter, and shows the progress until the change waits', async () => {
    const editor = await openEditor({}, accepting);
    assert.equal(
      await editor.run('reactor.runTask', [], 'Add slugify', 'Run with'),
      `input: Run Reactor Task | Shift+Tab leads to an editor for longer texts [Write it in an editor]
pick: Run: Add slugify
  $(play) Run with: npm test · land on main after my approval · 3 attempts
  $(beaker) Test | npm test
  $(check) Approval | after my approval
  $(git-merge) Landing | fast-forward
  $(target) Target | main
  $(sparkle) Model | the one of your OpenCode configuration
  $(history) Attempts | 3
  $(flame) Budget | no limit
  $(arrow-up) Priority | usual
progress: Reactor: handing the work over
progress: TASK-001 Add slugify
progress: TASK-001 Add slugify: queued`,
    );
    assert.deepEqual(editor.engine.asked, ['submit {"requests":[{"prompt":"Add slugify","folder":"/repository"}]}']);
    editor.engine.tell(
      'TASK-001-r1',
      told.started(),
      told.attempt(1),
      told.executed(1),
      told.candidate(1),
      told.tested(1, 0),
      told.review(1),
    );
    await settle();
    assert.match(editor.editor.take(), /TASK-001 Add slugify: executing\n[\s\S]*TASK-001 Add slugify: needs you$/);
    editor.api.dispose();
  });

  it('changes one thing per row, and remembers it for the next run', async () => {
    const editor = await openEditor({}, accepting);
    await editor.run('reactor.runTask', [], 'Add slugify', 'Approval', 'Automatic', 'Budget', '2.50', 'Run with');
    assert.deepEqual(editor.engine.asked, [
      'submit {"requests":[{"approve":"auto","budgetUsd":"2.50","prompt":"Add slugify","folder":"/repository"}]}',
    ]);
    const next = await editor.run('reactor.runTask', [], 'Another', null);
    assert.match(next, /Run with: npm test · land on main when green, without asking · 3 attempts · at most \$2\.50/);
    assert.match(next, /Back to the settings of reactor\.yaml/);
    editor.api.dispose();
  });

  it('sends nothing when the person leaves at any step', async () => {
    const editor = await openEditor({}, accepting);
    await editor.run('reactor.runTask', [], null);
    await editor.run('reactor.runTask', [], 'Add slugify', null);
    assert.deepEqual(editor.engine.asked, []);
    editor.api.dispose();
  });

  it('goes on in an editor with a button that runs what was written', async () => {
    const editor = await openEditor({}, accepting);
    assert.match(
      await editor.run('reactor.runTask', [], '[Write it in an editor]'),
      /\nopened: Untitled-1\nstatus: Write the prompt, then press “Run Reactor Task on Selection” in the title bar$/,
    );
    assert.deepEqual(editor.editor.keys.get('reactor.promptFiles'), ['Untitled-1']);
    const written = { ...document('Untitled-1', 'Add slugify.\nWith tests.', 'markdown'), isUntitled: true };
    editor.editor.activeEditor = { document: written, selection: new FakeRange(0, 0, 0, 0) };
    await editor.run('reactor.runOnSelection', [], 'Run with');
    assert.deepEqual(editor.engine.asked, ['submit {"requests":[{"prompt":"Add slugify.\\nWith tests.","folder":"/repository"}]}']);
    editor.api.dispose();
  });

  it('brings recent prompts back by a key, while the box is open and there are any', async () => {
    const editor = await openEditor({}, accepting);
    const isOffered: unknown[] = [];
    const offered = () => isOffered.push(editor.editor.keys.get('reactor.promptOpen'));
    await editor.run('reactor.runTask', [], 'Add slugify', 'Run with');
    offered();
    const { promise: pressing, resolve: press } = Promise.withResolvers<void>();
    editor.editor.pressing = pressing;
    editor.editor.answers.push('Add slugify', 'Add slugify', null);
    const running = editor.api.run('reactor.runTask', []);
    await settle();
    offered();
    await editor.api.run('reactor.recentPrompts', []);
    editor.editor.pressing = Promise.resolve();
    press();
    await running;
    offered();
    const seen = editor.editor.take();
    assert.match(seen, /↑ brings recent prompts back[\s\S]*\n {2}\$\(history\) Add slugify\ninput: .* \| Add slugify \[/);
    assert.deepEqual(isOffered, [false, true, false]);
    editor.api.dispose();
  });

  it('asks for a test command where none is found, and offers no run without one', async () => {
    const editor = await openEditor({ host: { detectTest: () => Promise.resolve(null) } }, accepting);
    const seen = await editor.run('reactor.runTask', [], 'Add slugify', 'Choose a test command', 'make check', 'Run with: make check');
    assert.match(seen, /\$\(beaker\) Choose a test command… \| none was found/);
    assert.deepEqual(editor.engine.asked, ['submit {"requests":[{"test":"make check","prompt":"Add slugify","folder":"/repository"}]}']);
    editor.api.dispose();
  });

  it('takes the selection along as context, in a fence that it can not end', async () => {
    const editor = await openEditor({}, accepting);
    const selected = document('/repository/src/a.md', 'a\n```\nb', 'typescript');
    editor.editor.activeEditor = { document: selected, selection: new FakeRange(0, 0, 2, 1) };
    const seen = await editor.run('reactor.runTask', [], 'Make it shorter', 'Run with');
    assert.match(seen, /With the selection src\/a\.md:1-3 as context\. [^[]* \[Write it in an editor\] \[Leave the selection out\]/);
    const [asked = ''] = editor.engine.asked;
    const { requests } = JSON.parse(asked.slice('submit '.length)) as { requests: { prompt: string }[] };
    assert.equal(requests[0]?.prompt, 'Make it shorter\n\nIt is about src/a.md:1-3:\n````typescript\na\n```\nb\n````');
    editor.api.dispose();
  });

  it('works in the folder that holds the file in front, and asks for one when there are several and none does', async () => {
    const facts = (folder: string) =>
      Promise.resolve({ commonDir: '/one/.git', topLevel: folder, prefix: '', branch: 'main', head: 'b'.repeat(40) });
    const editor = await openEditor({ folders: ['/one', '/worktrees/two'], host: { facts } }, accepting);
    const seen = await editor.run('reactor.runTask', [], 'two', 'Add slugify', 'Run with');
    assert.match(seen, /^pick: Folder to work in\n {2}one \| \/one\n {2}two \| \/worktrees\/two\n/);
    const uri = FakeUri.file('/one/src/a.ts');
    editor.editor.activeEditor = { document: document(uri.path, 'a', 'typescript'), selection: new FakeRange(0, 0, 0, 0) };
    await editor.run('reactor.runTask', [], 'Parse durations', 'Run with');
    assert.deepEqual(editor.engine.asked, [
      'submit {"requests":[{"prompt":"Add slugify","folder":"/worktrees/two"}]}',
      'submit {"requests":[{"prompt":"Parse durations","folder":"/one"}]}',
    ]);
    editor.api.dispose();
  });

  it('turns a problem of the editor into a prompt with the lines around it', async () => {
    const editor = await openEditor({}, accepting);
    editor.editor.files.set('/repository/src/a.ts', 'const a: string = 1;\n');
    await editor.run(
      'reactor.fixDiagnostic',
      [FakeUri.file('/repository/src/a.ts'), new FakeRange(0, 6, 0, 7), ['not a string (ts)']],
      'Run with',
    );
    assert.match(editor.engine.asked[0] ?? '', /Fix this problem at src\/a\.ts:1:\\n- not a string \(ts\)/);
    editor.api.dispose();
  });

  it('fixes the problems at the cursor, all of the file where there is none, and says so when it has none', async () => {
    const editor = await openEditor({}, accepting);
    const uri = FakeUri.file('/repository/src/a.ts');
    const at = (line: number, severity = 0) => ({ range: new FakeRange(line, 0, line, 5), message: `wrong in ${line + 1}`, severity });
    editor.editor.files.set(uri.path, 'one\ntwo\nthree\n');
    const fix = async (line: number): Promise<string> => {
      editor.editor.activeEditor = { document: { uri }, selection: new FakeRange(line, 0, line, 0) };
      const seen = await editor.run('reactor.fixDiagnostic', [], 'Run with');
      return (/Fix this problem at (.*?)\\n\\n/.exec(editor.engine.asked.splice(0)[0] ?? '') ?? [])[1] ?? seen;
    };
    const none = await fix(0);
    editor.editor.problems.set(uri.path, [at(0), at(2), at(1, 3)]);
    editor.editor.changedProblems.fire({});
    await editor.pass(1000);
    assert.deepEqual(
      [none, await fix(2), await fix(1), editor.editor.keys.get('reactor.problemFiles')],
      [
        'info: The file in front has no problem to fix.',
        'src/a.ts:3:\\n- wrong in 3',
        'src/a.ts:1:\\n- wrong in 1\\n- wrong in 3',
        [uri.path],
      ],
    );
    editor.api.dispose();
  });

  it('runs tasks of reactor.yaml in parallel, with what stands there', async () => {
    const yaml = 'tasks:\n  - id: TASK-007\n    prompt: Seven\n    attempts: 5\n  - id: TASK-008\n    prompt: Eight\n';
    const { ProjectConfig } = await import('../../../../src/core/model/projectConfig.ts');
    const config = ProjectConfig.parse({
      tasks: [
        { id: 'TASK-007', prompt: 'Seven', attempts: 5 },
        { id: 'TASK-008', prompt: 'Eight' },
      ],
    });
    const editor = await openEditor({ host: { config: () => Promise.resolve({ config, file: '/repository/reactor.yaml' }) } }, (story) => {
      accepting(story);
      story.editor.files.set('/repository/reactor.yaml', yaml);
    });
    const seen = await editor.run('reactor.runTasksInParallel', [], ['TASK-007', 'TASK-008']);
    assert.match(seen, /pick: Run Tasks in Parallel\n {2}TASK-007 Seven\n {2}TASK-008 Eight\n {2}\$\(edit\) Type prompts instead/);
    assert.deepEqual(editor.engine.asked, [
      'submit {"requests":[{"prompt":"Seven","attempts":5,"task":"TASK-007","folder":"/repository"},{"prompt":"Eight","task":"TASK-008","folder":"/repository"}]}',
    ]);
    editor.api.dispose();
  });

  it('asks once more when the engine ends before it answers, by the same name', async () => {
    const editor = await openEditor({}, ({ engine }) => {
      engine.handlers = {
        submit: ({ again }) => {
          if (again !== true) throw new UserFacingError('engineUnavailable', 'The connection to the engine has ended.');
          return { runs: [], notes: [] };
        },
      };
    });
    await editor.run('reactor.runTask', [], 'Add slugify', 'Run with');
    assert.deepEqual([editor.engine.submissions.length, new Set(editor.engine.submissions).size], [2, 1]);
    editor.api.dispose();
  });

  it('says what is missing in the words of the engine, with a way on', async () => {
    const editor = await openEditor({}, ({ engine }) => {
      engine.handlers = {
        submit: () => {
          throw new UserFacingError('agentServerMissing', 'OpenCode was not found. Nothing was started.');
        },
      };
    });
    const seen = await editor.run('reactor.runTask', [], 'Add slugify', 'Run with');
    assert.match(seen, /error: OpenCode was not found\. Nothing was started\. \[Run Doctor\]$/);
    editor.api.dispose();
  });

  it('is refused before anything is typed when OpenCode is missing, with the one thing that helps', async () => {
    const editor = await openEditor({ host: { locateAgentServer: () => Promise.resolve(null) } }, accepting);
    assert.match(
      await editor.run('reactor.runTask', [], 'Install OpenCode'),
      /^error: OpenCode, which runs the agents, was not found on this machine\. Nothing was started\. \[Install OpenCode\]\nbrowser: https:\S*opencode\.ai\S*$/,
    );
    editor.editor.settings.set('reactor.opencodePath', '/opt/opencode');
    assert.match(
      await editor.run('reactor.runTasksInParallel', [], 'Open Settings'),
      /^error: The setting reactor\.opencodePath names \/opt\/opencode, which is no OpenCode [^\n]* \[Open Settings\]$/,
    );
    assert.deepEqual(editor.editor.executed.at(-1), { command: 'workbench.action.openSettings', args: ['reactor.opencodePath'] });
    assert.deepEqual(editor.engine.asked, []);
    editor.api.dispose();
  });
});

const withHistory = ({ engine }: EditorStory): void => {
  for (const task of ['TASK-001', 'TASK-002']) {
    greenRun(engine, `${task}-r1`, storySpec(task, 'Fix it'));
    landRun(engine, `${task}-r1`);
  }
};

describe('Estimate Reactor Task', () => {
  it('says what a task will likely cost and what that rests on, and starts nothing', async () => {
    const editor = await openEditor({}, withHistory);
    assert.equal(
      await editor.run('reactor.estimateTask', [], 'Fix the rounding', null),
      `input: Estimate Reactor Task | Shift+Tab leads to an editor for longer texts [Write it in an editor]
pick: Estimate: Fix the rounding
  $(flame) ≈ $0.0121 | 80 %: $0.0121 to $0.0121
  $(symbol-number) ≈ 1,830 tokens | 80 %: 1,830 to 1,830
  $(history) 1 attempt | in the middle run
  $(graph) low confidence | from 2 past runs with the same model, category, test
  $(play) Run it… | choose how it runs`,
    );
    assert.deepEqual(editor.engine.asked, []);
    editor.api.dispose();
  });

  it('goes on to the run when the person wants it, and says no history when there is none', async () => {
    const editor = await openEditor();
    assert.match(
      await editor.run('reactor.estimateTask', [], 'Fix it', 'Run it'),
      /\n {2}\$\(question\) No history \| no run of this repository has ended yet/,
    );
    assert.deepEqual(editor.editor.executed.at(-1), { command: 'reactor.runTask', args: ['Fix it'] });
    editor.api.dispose();
  });

  it('stands in the second step of a run', async () => {
    const editor = await openEditor({}, (story) => {
      withHistory(story);
      accepting(story);
    });
    assert.match(await editor.run('reactor.runTask', [], 'Fix it', null), /3 attempts · ≈ \$0\.0121 \(2 similar runs\)/);
    assert.match(await editor.run('reactor.runTasksInParallel', [], 'Fix it', 'Fix that', '', null), /≈ \$0\.0242 for 2 tasks/);
    editor.api.dispose();
  });
});
