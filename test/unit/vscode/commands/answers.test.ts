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

const asked = (engine: EditorStory['engine']) => engine.asked.splice(0);

describe('answers', () => {
  it('approve the tree of the row that was pressed', async () => {
    const editor = await openEditor({}, waiting);
    const [row] = await editor.rows('reactor.needsYou');
    assert.equal(await editor.run('reactor.approve', [row]), 'status: TASK-001: approved tree 9f3c2ab, 2 files +12 −3');
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
      'pick: Approve\n  $(bell-dot) TASK-001 Add slugify | needs you · 59 s | review: 2 files +12 −3, tests green',
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
    assert.deepEqual(asked(editor.engine), ['answer {"run":"TASK-001-r1","id":"a1","decision":"rejected","tree":null,"comment":null}']);
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

  it('go by the row that has the focus when they come from a key', async () => {
    const editor = await openEditor({}, waiting);
    const [row] = await editor.rows('reactor.needsYou');
    editor.shownViews['reactor.needsYou'].select(row);
    await editor.run('reactor.approve', ['selection']);
    assert.equal(asked(editor.engine).length, 1);
    editor.api.dispose();
  });
});
