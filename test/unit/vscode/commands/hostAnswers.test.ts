import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { storySpec, told } from '../../../support/cli/story.ts';
import { openEditor } from '../../../support/vscode/openEditor.ts';

describe('answers to a host that commands want to reach', () => {
  for (const [asks, label, always] of [
    [told.host(), 'Always allow', ',"always":true'],
    [told.host(), 'Allow once', ''],
    [told.permission(), 'Allow once', ''],
  ] as const) {
    it(`${label}: ${asks.type === 'approval/requested' ? asks.data.title : ''}`, async () => {
      const editor = await openEditor({}, ({ engine }) => {
        engine.tell('TASK-001-r1', told.requested('TASK-001-r1', storySpec('TASK-001', 'Fetch')), told.started(), told.attempt(1), asks);
        engine.handlers = { answer: ({ run }) => ({ run, seq: 1 }) };
      });
      const [row] = await editor.rows('reactor.needsYou');
      const shown = await editor.run('reactor.answer', [row], label);
      const id = asks.type === 'approval/requested' ? asks.data.id : '';
      assert.deepEqual(editor.engine.asked.splice(0), [
        `answer {"run":"TASK-001-r1","id":"${id}","decision":"approved","tree":null,"comment":null${always}}`,
      ]);
      assert.match(shown, /^pick: TASK-001 asks to: /);
      editor.api.dispose();
    });
  }
});

describe('answers to a run that asks to go without a sandbox', () => {
  it('Deny ends it, without a word that no agent would read', async () => {
    const editor = await openEditor({}, ({ engine }) => {
      engine.tell('TASK-001-r1', told.requested('TASK-001-r1', storySpec('TASK-001', 'Fetch')), told.started(), told.unsandboxed());
      engine.handlers = { answer: ({ run }) => ({ run, seq: 1 }) };
    });
    const [row] = await editor.rows('reactor.needsYou');
    assert.match(
      await editor.run('reactor.answer', [row], 'Deny'),
      /Allow once \| and go on, in this run\n.*Deny… \| the task does not go on\n/,
    );
    await editor.run('reactor.deny', [row]);
    const denied = 'answer {"run":"TASK-001-r1","id":"u1","decision":"rejected","tree":null,"comment":null}';
    assert.deepEqual(editor.engine.asked, [denied, denied]);
    editor.api.dispose();
  });
});

describe('answers to a long command', () => {
  it('are given when all of it can be seen, in the card of the run and in an editor', async () => {
    const command = `echo ${'a'.repeat(400)} ; rm -rf important`;
    const editor = await openEditor({}, ({ engine }) => {
      const { type, data } = told.permission() as Extract<ReturnType<typeof told.permission>, { type: 'approval/requested' }>;
      const long = { ...data, title: `${`bash ${command}`.slice(0, 299)}…`, permission: { permission: 'bash', patterns: [command] } };
      engine.tell('TASK-001-r1', told.requested('TASK-001-r1', storySpec('TASK-001', 'Fetch')), told.started(), told.attempt(1), {
        type,
        data: long,
      });
    });
    const [row] = await editor.rows('reactor.needsYou');
    const tree = editor.api.tree('reactor.needsYou');
    assert.ok(row !== undefined);
    const item = await tree.getTreeItem(row);
    const card = (await tree.resolveTreeItem?.(item, row, {} as never)) ?? item;
    assert.match((card.tooltip as unknown as { value: string }).value, /Asks to:[\s\S]*bash echo a{400} ; rm -rf important/);
    assert.match(await editor.run('reactor.answer', [row], null), /\n {2}\$\(open-preview\) Show all of it… \| and ask again/);
    editor.api.dispose();
  });
});

describe('answers to a question of an agent', () => {
  it('are shown as the agent wrote them, without making signs of them, and sent back unchanged', async () => {
    const option = '$(check) Allow all \u202e';
    const editor = await openEditor({}, ({ engine }) => {
      const { type, data } = told.question() as Extract<ReturnType<typeof told.question>, { type: 'approval/requested' }>;
      const questions = (data.questions ?? []).map((question) => ({ ...question, options: [option] }));
      engine.tell('TASK-001-r1', told.requested('TASK-001-r1', storySpec('TASK-001', 'Store')), told.started(), told.attempt(1));
      engine.tell('TASK-001-r1', { type, data: { ...data, questions } });
      engine.handlers = { answer: ({ run }) => ({ run, seq: 1 }) };
    });
    const [row] = await editor.rows('reactor.needsYou');
    assert.match(await editor.run('reactor.answer', [row], '$\u200c(check) Allow all'), /\n {2}\$\u200c\(check\) Allow all �\n/);
    assert.deepEqual(
      editor.engine.asked.map((line) => /"answers":(.*)}/.exec(line)?.[1]),
      [JSON.stringify([[option]])],
    );
    editor.api.dispose();
  });
});
