import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { UserFacingError } from '../../../../src/base/userFacingError.ts';
import { greenRun, storySpec, told, treeOf } from '../../../support/cli/story.ts';
import type { EditorStory } from '../../../support/vscode/editorStory.ts';
import { settle } from '../../../support/vscode/fakeEditorHost.ts';
import { openEditor } from '../../../support/vscode/openEditor.ts';

/** A green change that waits; answers are recorded, and refused like the engine does when the tree is another. */
const waiting = ({ engine }: EditorStory): void => {
  greenRun(engine, 'TASK-001-r1', storySpec('TASK-001', 'Add slugify'));
  engine.tell('TASK-001-r1', told.review(1));
  engine.handlers = {
    answer: ({ run, id, decision, tree }) => {
      const asked = engine.state(run).pending.find((pending) => pending.id === id);
      if (asked === undefined) throw new UserFacingError('notPossibleNow', `Nothing of ${run} waits for an answer with id ${id}.`);
      if (asked.kind === 'review' && decision === 'approved' && tree !== asked.tree)
        throw new UserFacingError(
          'notPossibleNow',
          'The approval names another tree. Nothing was approved: look at the present diff first.',
        );
      return { run, seq: 1 };
    },
    cancel: ({ run }) => ({ run, seq: 1 }),
    resume: ({ run }) => ({ run, seq: 1 }),
  };
};

/** Another green change that waits, asked for later. */
const another = ({ engine }: EditorStory): void => {
  greenRun(engine, 'TASK-002-r1', storySpec('TASK-002', 'Parse durations'));
  engine.tell('TASK-002-r1', told.review(1));
};

const asked = (engine: EditorStory['engine']) => engine.asked.splice(0);

describe('answers', () => {
  it('approve the tree of the row that was pressed', async () => {
    const editor = await openEditor({}, waiting);
    const [row] = await editor.rows('reactor.needsYou');
    assert.equal(await editor.run('reactor.approve', [row]), 'status: TASK-001: approved tree 9f3c2ab · 2 files +12 −3');
    assert.deepEqual(asked(editor.engine), [
      `answer {"run":"TASK-001-r1","id":"a1","decision":"approved","tree":"${treeOf(1)}","comment":null}`,
    ]);
    editor.api.dispose();
  });

  it('of a stale row approve nothing, and say so in the words of the engine', async () => {
    const editor = await openEditor({}, waiting);
    const [stale] = await editor.rows('reactor.needsYou');
    const { engine } = editor;
    engine.tell(
      'TASK-001-r1',
      told.answered('a1', 'rejected'),
      told.attempt(2),
      told.executed(2),
      told.candidate(2),
      told.tested(2, 0),
      told.review(2),
    );
    await settle();
    assert.equal(await editor.run('reactor.approve', [stale]), 'error: Nothing of TASK-001-r1 waits for an answer with id a1.');
    const [first] = asked(engine);
    assert.match(first ?? '', new RegExp(`"id":"a1","decision":"approved","tree":"${treeOf(1)}"`));
    editor.api.dispose();
  });

  it('from the palette show what waits before anything is approved, even when it is just one', async () => {
    const editor = await openEditor({}, waiting);
    assert.equal(
      await editor.run('reactor.approve', [], null),
      'pick: Approve\n  $(diff-multiple) TASK-001 Add slugify | attempt 1 of 3 · tree 9f3c2ab · 2 files +12 −3 · 59 s | review: 2 files +12 −3, tests green',
    );
    assert.deepEqual(asked(editor.engine), []);
    editor.api.dispose();
  });

  it('reject only after a question, since the task ends', async () => {
    const editor = await openEditor({}, waiting);
    const [row] = await editor.rows('reactor.needsYou');
    const question = await editor.run('reactor.reject', [row], null);
    assert.match(
      question,
      /^modal warning: Reject the change of TASK-001\? \| The task ends without landing\. .* \[Reject\] \[Request Changes\]$/,
    );
    assert.deepEqual(asked(editor.engine), []);
    await editor.run('reactor.reject', [row], 'Reject');
    assert.deepEqual(asked(editor.engine), [
      `answer {"run":"TASK-001-r1","id":"a1","tree":"${treeOf(1)}","decision":"rejected","comment":null}`,
    ]);
    editor.api.dispose();
  });

  it('request changes with words, never without', async () => {
    const editor = await openEditor({}, waiting);
    const [row] = await editor.rows('reactor.needsYou');
    assert.match(await editor.run('reactor.requestChanges', [row], '  '), /invalid: Say what has to change\./);
    await editor.run('reactor.requestChanges', [row], 'Use a map.');
    assert.deepEqual(asked(editor.engine), [
      `answer {"run":"TASK-001-r1","id":"a1","decision":"rejected","tree":"${treeOf(1)}","comment":"Use a map."}`,
    ]);
    editor.api.dispose();
  });

  it('allow what is asked once, or deny it with a reason', async () => {
    const editor = await openEditor({}, (story) => {
      waiting(story);
      story.engine.tell(
        'TASK-002-r1',
        told.requested('TASK-002-r1', storySpec('TASK-002', 'Publish')),
        told.started(),
        told.attempt(1),
        told.permission(),
      );
    });
    const row = (await editor.rows('reactor.needsYou')).find((node) => node.key.includes('TASK-002'));
    await editor.run('reactor.allowOnce', [row]);
    assert.match(await editor.run('reactor.deny', [row], 'Use the dry run.'), /^input: Deny: TASK-002 bash npm publish --dry-run/);
    assert.match(await editor.run('reactor.answer', [row], 'Allow once'), /pick: TASK-002 asks to: bash npm publish --dry-run/);
    assert.deepEqual(asked(editor.engine), [
      'answer {"run":"TASK-002-r1","id":"p1","decision":"approved","tree":null,"comment":null}',
      'answer {"run":"TASK-002-r1","id":"p1","decision":"rejected","tree":null,"comment":"Use the dry run."}',
      'answer {"run":"TASK-002-r1","id":"p1","decision":"approved","tree":null,"comment":null}',
    ]);
    editor.api.dispose();
  });

  it('answer a question with one of its options or other words', async () => {
    const editor = await openEditor({}, (story) => {
      waiting(story);
      story.engine.tell(
        'TASK-002-r1',
        told.requested('TASK-002-r1', storySpec('TASK-002', 'Store')),
        told.started(),
        told.attempt(1),
        told.question(),
      );
    });
    const row = (await editor.rows('reactor.needsYou')).find((node) => node.key.includes('TASK-002'));
    assert.match(
      await editor.run('reactor.answer', [row], 'PostgreSQL'),
      /pick: TASK-002 asks: Which database\?\n {2}SQLite\n {2}PostgreSQL\n/,
    );
    await editor.run('reactor.answer', [row], 'Another answer', 'A file');
    assert.deepEqual(
      asked(editor.engine).map((line) => /"answers":(.*)}/.exec(line)?.[1]),
      ['[["PostgreSQL"]]', '[["A file"]]'],
    );
    editor.api.dispose();
  });

  it('of several choices send what was typed along with what was picked', async () => {
    const editor = await openEditor({}, (story) => {
      waiting(story);
      const { type, data } = told.question() as Extract<ReturnType<typeof told.question>, { type: 'approval/requested' }>;
      const questions = (data.questions ?? []).map((question) => ({ ...question, multiple: true }));
      story.engine.tell('TASK-002-r1', told.requested('TASK-002-r1', storySpec('TASK-002', 'Store')), told.started(), told.attempt(1));
      story.engine.tell('TASK-002-r1', { type, data: { ...data, questions } });
    });
    const row = (await editor.rows('reactor.needsYou')).find((node) => node.key.includes('TASK-002'));
    await editor.run('reactor.answer', [row], ['SQLite', 'Another answer'], 'A file');
    await editor.run('reactor.answer', [row], ['SQLite', 'PostgreSQL']);
    await editor.run('reactor.answer', [row], ['SQLite', 'Another answer'], null);
    assert.deepEqual(
      asked(editor.engine).map((line) => /"answers":(.*)}/.exec(line)?.[1]),
      ['[["SQLite","A file"]]', '[["SQLite","PostgreSQL"]]'],
    );
    editor.api.dispose();
  });

  it('stop a task only after a question, resume a parked one, and raise a budget', async () => {
    const editor = await openEditor({}, (story) => {
      waiting(story);
      const { engine } = story;
      engine.tell(
        'TASK-002-r1',
        told.requested('TASK-002-r1', storySpec('TASK-002', 'Dear')),
        told.started(),
        told.attempt(1),
        told.message(1, '2.01'),
      );
      engine.tell('TASK-002-r1', { type: 'run/parked', data: { code: 'budget', reason: 'the budget of $2 is used up', exitCode: 6 } });
    });
    const row = (await editor.rows('reactor.needsYou')).find((node) => node.key.includes('TASK-002'));
    assert.match(await editor.run('reactor.stop', [row], null), /^modal warning: Stop TASK-002\?/);
    await editor.run('reactor.stop', [row], 'Stop');
    assert.match(
      await editor.run('reactor.resume', [row], 'five'),
      /Spent so far: \$2\.01, limit now: no limit\.[\s\S]*invalid: An amount/,
    );
    await editor.run('reactor.setBudget', [row], '$5');
    assert.deepEqual(asked(editor.engine), ['cancel {"run":"TASK-002-r1"}', 'resume {"run":"TASK-002-r1","budgetUsd":"5"}']);
    editor.api.dispose();
  });

  it('stop and resume all rows that are selected, after one question that names them', async () => {
    const budget = { scope: { over: 'day' as const, of: 'repository' as const }, renewsOn: '2026-05-05' };
    const editor = await openEditor({}, (story) => {
      waiting(story);
      const { engine } = story;
      for (const task of ['TASK-002', 'TASK-003', 'TASK-004']) {
        engine.tell(`${task}-r1`, told.requested(`${task}-r1`, storySpec(task, 'Dear')), told.started(), told.attempt(1));
        const own = task === 'TASK-004' ? {} : { budget };
        engine.tell(`${task}-r1`, { type: 'run/parked', data: { code: 'budget', reason: 'used up', exitCode: 6, ...own } });
      }
    });
    const rows = await editor.rows('reactor.needsYou');
    assert.equal(rows.length, 4);
    assert.match(
      await editor.run('reactor.stop', [rows[1], rows.slice(0, 3)], 'Stop'),
      /^modal warning: Stop 3 tasks\? \| TASK-001, TASK-002, TASK-003\. Their agents end now\./,
    );
    assert.deepEqual(
      asked(editor.engine),
      ['1', '2', '3'].map((number) => `cancel {"run":"TASK-00${number}-r1"}`),
    );
    assert.equal(await editor.run('reactor.resume', [rows[1], rows]), 'info: Not resumed, since each asks something of its own: TASK-004.');
    assert.deepEqual(asked(editor.engine), ['resume {"run":"TASK-002-r1"}', 'resume {"run":"TASK-003-r1"}']);
    // On a row that is not among those selected, that row alone is meant.
    assert.match(await editor.run('reactor.stop', [rows[3], rows.slice(0, 2)], null), /^modal warning: Stop TASK-004\?/);
    const tasks = editor.shownViews['reactor.tasks'];
    tasks.select(...rows.slice(1, 3));
    assert.match(
      await editor.run('reactor.stop', [{ view: 'reactor.tasks' }], null),
      /^modal warning: Stop 2 tasks\? \| TASK-002, TASK-003\./,
    );
    editor.api.dispose();
  });

  it("let a run go on that the budget of a day has parked, which is not the run's to raise", async () => {
    const editor = await openEditor({}, (story) => {
      waiting(story);
      const budget = { scope: { over: 'day' as const, of: 'repository' as const }, renewsOn: '2026-05-05' };
      const { engine } = story;
      engine.tell('TASK-002-r1', told.requested('TASK-002-r1', storySpec('TASK-002', 'Dear')), told.started(), told.attempt(1));
      engine.tell('TASK-002-r1', { type: 'run/parked', data: { code: 'budget', reason: 'used up', exitCode: 6, budget } });
    });
    const row = (await editor.rows('reactor.needsYou')).find((node) => node.key.includes('TASK-002'));
    assert.match(await editor.run('reactor.answer', [row], null), /Resume \| from 2026-05-05, or once that budget is raised/);
    await editor.run('reactor.resume', [row]);
    assert.deepEqual(asked(editor.engine), ['resume {"run":"TASK-002-r1"}']);
    editor.api.dispose();
  });

  it('from a key show what waits before anything is approved, with the selected row of that view on top', async () => {
    const editor = await openEditor({}, (story) => {
      waiting(story);
      another(story);
    });
    const rows = await editor.rows('reactor.needsYou');
    const [cell] = await editor.rows('reactor.cells');
    editor.shownViews['reactor.needsYou'].select(rows[1]);
    editor.shownViews['reactor.cells'].select(cell);
    const key = { view: 'reactor.needsYou' };
    const listed = (seen: string) => seen.split('\n').map((line) => /TASK-\d+/.exec(line)?.[0] ?? line);
    assert.deepEqual(listed(await editor.run('reactor.approve', [key], null)), ['pick: Approve', 'TASK-002', 'TASK-001']);
    assert.deepEqual(asked(editor.engine), []);
    await editor.run('reactor.approve', [key], 'TASK-001');
    assert.deepEqual(asked(editor.engine), [
      `answer {"run":"TASK-001-r1","id":"a1","decision":"approved","tree":"${treeOf(1)}","comment":null}`,
    ]);
    editor.shownViews['reactor.needsYou'].select();
    assert.deepEqual(listed(await editor.run('reactor.approve', [key], null)), ['pick: Approve', 'TASK-001', 'TASK-002']);
    assert.match(await editor.run('reactor.requestChanges', [key], null), /^pick: Request Changes\n/);
    editor.api.dispose();
  });

  it('on a row that shows no tree show what waits before anything is approved', async () => {
    const editor = await openEditor({}, (story) => {
      waiting(story);
      another(story);
    });
    const cell = (await editor.rows('reactor.cells')).find(({ key }) => key.includes('TASK-002'));
    const [running] = await editor.rows('reactor.tasks');
    const task = (await editor.rows('reactor.tasks', running)).find(({ key }) => key.includes('TASK-002'));
    assert.deepEqual([cell?.kind, task?.kind], ['cell', 'task']);
    for (const row of [cell, task, { repository: '/repository/.git', run: 'TASK-002-r1' }])
      assert.match(
        await editor.run('reactor.approve', [row], null),
        /^pick: Approve\n {2}\$\(diff-multiple\) TASK-002 [^\n]*\n[^\n]*TASK-001/,
      );
    assert.deepEqual(asked(editor.engine), []);
    editor.api.dispose();
  });

  it('of a stale row end or change nothing newer', async () => {
    const editor = await openEditor({}, waiting);
    const [stale] = await editor.rows('reactor.needsYou');
    const { engine } = editor;
    engine.tell('TASK-001-r1', told.answered('a1', 'rejected'), told.attempt(2), told.executed(2), told.candidate(2), told.tested(2, 0));
    engine.tell('TASK-001-r1', told.review(2));
    await settle();
    const newer = /^error: This is about tree 9f3c2ab, but the candidate of TASK-001 is 9f3c2ab now\. Nothing was changed/;
    for (const command of ['reactor.reject', 'reactor.requestChanges', 'reactor.answer'] as const)
      assert.match(await editor.run(command, [stale], 'Reject'), newer);
    const inFront = { repository: '/repository/.git', run: 'TASK-001-r1', id: null, tree: treeOf(1) };
    assert.match(await editor.run('reactor.reject', [inFront], 'Reject'), newer);
    assert.deepEqual(asked(engine), []);
    editor.api.dispose();
  });

  it('of a run that waits for nothing any more take nothing else in its place', async () => {
    const editor = await openEditor({}, (story) => {
      waiting(story);
      another(story);
      story.engine.tell('TASK-002-r1', told.answered('a1', 'rejected'), told.attempt(2));
    });
    const gone = { repository: '/repository/.git', run: 'TASK-002-r1' };
    for (const command of ['reactor.requestChanges', 'reactor.answer', 'reactor.testEdits'] as const)
      assert.match(await editor.run(command, [gone], null), /^pick: [^\n]*\n[^\n]*TASK-001 /);
    assert.deepEqual([asked(editor.engine), editor.editor.executed], [[], []]);
    editor.api.dispose();
  });

  it('turn a rejection into a request for changes of the candidate it was about', async () => {
    const editor = await openEditor({}, waiting);
    const [row] = await editor.rows('reactor.needsYou');
    await editor.run('reactor.reject', [row], 'Request Changes', 'Use a map.');
    assert.deepEqual(asked(editor.engine), [
      `answer {"run":"TASK-001-r1","id":"a1","decision":"rejected","tree":"${treeOf(1)}","comment":"Use a map."}`,
    ]);
    editor.api.dispose();
  });

  it('send a parked landing back with what has to change, as a change that waits for review', async () => {
    const editor = await openEditor({}, (story) => {
      waiting(story);
      const { engine } = story;
      greenRun(engine, 'TASK-002-r1', storySpec('TASK-002', 'Parse durations'));
      const commit = 'd'.repeat(40);
      engine.tell(
        'TASK-002-r1',
        { type: 'attempt/committed', data: { attempt: 1, commit, tree: treeOf(1), branch: 'reactor/TASK-002' } },
        { type: 'landing/queued', data: { target: 'main' } },
        { type: 'landing/started', data: { target: 'main', from: 'e'.repeat(40), mode: 'ff' } },
        { type: 'landing/refused', data: { code: 'conflict', message: 'conflicts in a.ts', paths: ['a.ts'] } },
        { type: 'run/parked', data: { code: 'conflict', reason: 'conflicts in a.ts', exitCode: 7 } },
      );
      engine.handlers.answer = ({ run }) => ({ run, seq: 1 });
    });
    const row = (await editor.rows('reactor.needsYou')).find((one) => JSON.stringify(one).includes('TASK-002'));
    const told = await editor.run('reactor.reject', [row], 'Request Changes', 'Keep theirs.');
    assert.match(told, /\[Reject\] \[Request Changes\]\n.*Request Changes: TASK-002/);
    const clicked = await editor.run('reactor.answer', [row], 'Request changes', 'Keep both.');
    assert.match(clicked, /^pick: TASK-002 is parked: conflicts in a\.ts\n[\s\S]*\n.*Request Changes: TASK-002/);
    assert.deepEqual(asked(editor.engine), [
      'answer {"run":"TASK-002-r1","id":null,"decision":"rejected","tree":null,"comment":"Keep theirs."}',
      'answer {"run":"TASK-002-r1","id":null,"decision":"rejected","tree":null,"comment":"Keep both."}',
    ]);
    editor.api.dispose();
  });

  it('let a run go on with another message where a hook refused the one its commit would have', async () => {
    const editor = await openEditor({}, (story) => {
      waiting(story);
      greenRun(story.engine, 'TASK-002-r1', { ...storySpec('TASK-002', 'Parse durations'), hooks: true });
      const reason = 'commit-msg refused the message “Task TASK-002: Parse durations”: subject needs a type';
      story.engine.tell('TASK-002-r1', { type: 'run/parked', data: { code: 'commitRefused', reason, exitCode: 5 } });
    });
    const row = (await editor.rows('reactor.needsYou')).find((one) => JSON.stringify(one).includes('TASK-002'));
    assert.match(await editor.run('reactor.answer', [row], 'Resume with another message', 'feat: parse durations'), /needs a type/);
    assert.deepEqual(asked(editor.engine), ['resume {"run":"TASK-002-r1","message":"feat: parse durations"}']);
    editor.api.dispose();
  });

  it('offer no changes to be asked for of a run that is parked for something else', async () => {
    const editor = await openEditor({}, (story) => {
      waiting(story);
      story.engine.tell('TASK-002-r1', told.requested('TASK-002-r1', storySpec('TASK-002', 'Publish')), told.started(), told.attempt(1));
      story.engine.tell('TASK-002-r1', { type: 'run/parked', data: { code: 'budget', reason: 'used up', exitCode: 6 } });
    });
    const row = (await editor.rows('reactor.needsYou')).find((one) => JSON.stringify(one).includes('TASK-002'));
    assert.match(await editor.run('reactor.reject', [row], null), /\[Reject\]$/);
    assert.doesNotMatch(await editor.run('reactor.answer', [row], null), /Request changes/);
    editor.api.dispose();
  });

  it('from the palette allow just what stands in the row that was chosen', async () => {
    const editor = await openEditor({}, (story) => {
      waiting(story);
      const { engine } = story;
      const { type, data } = told.permission() as Extract<ReturnType<typeof told.permission>, { type: 'approval/requested' }>;
      engine.tell('TASK-002-r1', told.requested('TASK-002-r1', storySpec('TASK-002', 'Publish')), told.started(), told.attempt(1));
      engine.tell('TASK-002-r1', told.question(), told.permission(), { type, data: { ...data, id: 'p2', title: 'bash rm -rf dist' } });
    });
    assert.match(
      await editor.run('reactor.allowOnce', [], null),
      /^pick: Allow Once\n[^\n]* \| asks to: bash npm publish --dry-run\n[^\n]* \| asks to: bash rm -rf dist$/,
    );
    await editor.run('reactor.allowOnce', [], 'asks to: bash rm');
    assert.deepEqual(asked(editor.engine), ['answer {"run":"TASK-002-r1","id":"p2","decision":"approved","tree":null,"comment":null}']);
    editor.api.dispose();
  });
});
