import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { defaultConfig } from '../../../../src/core/model/projectConfig.ts';
import { dayStart, spendingSince } from '../../../../src/vscode/notice/spending.ts';
import { FakeEngine } from '../../../support/cli/fakeEngine.ts';
import { greenRun, landRun, storySpec, told } from '../../../support/cli/story.ts';
import { openEditor } from '../../../support/vscode/openEditor.ts';

const begun = (task: string) => [told.requested(`${task}-r1`, storySpec(task, task)), told.started(), told.attempt(1)] as const;

describe('notifications', () => {
  it('tell what needs a person once, with what can be done', async () => {
    const editor = await openEditor({}, ({ engine }) => {
      engine.tell('TASK-001-r1', ...begun('TASK-001'), told.permission());
      engine.tell('TASK-002-r1', ...begun('TASK-002'));
    });
    await editor.pass(1000);
    assert.equal(editor.editor.take(), '', 'what was there at the start is no news');
    editor.engine.tell('TASK-002-r1', told.permission());
    editor.editor.answers.push('Allow Once');
    await editor.pass(1000);
    assert.equal(editor.editor.take(), 'info: TASK-002 asks to: bash npm publish --dry-run [Allow Once] [Deny…] [Show Timeline]');
    assert.deepEqual(editor.editor.executed.at(-1), {
      command: 'reactor.allowOnce',
      args: [{ repository: '/repository/.git', run: 'TASK-002-r1', id: 'p1', tree: null }],
    });
    editor.api.dispose();
  });

  it('group what comes together, and leave out what was answered meanwhile', async () => {
    const editor = await openEditor({}, ({ engine }) => {
      for (const task of ['TASK-001', 'TASK-002', 'TASK-003']) engine.tell(`${task}-r1`, ...begun(task));
    });
    for (const task of ['TASK-001', 'TASK-002', 'TASK-003']) editor.engine.tell(`${task}-r1`, told.permission());
    editor.engine.tell('TASK-003-r1', told.answered('p1', 'approved'));
    await editor.pass(1000);
    assert.equal(editor.editor.take(), 'info: 2 things need you: TASK-001, TASK-002 [Show]');
    editor.api.dispose();
  });

  it('tell how a task ended, as far as the settings want it', async () => {
    const editor = await openEditor({}, ({ engine }) => {
      greenRun(engine, 'TASK-001-r1', storySpec('TASK-001', 'Add slugify'));
      for (const task of ['TASK-002', 'TASK-003', 'TASK-004']) engine.tell(`${task}-r1`, ...begun(task));
    });
    landRun(editor.engine, 'TASK-001-r1');
    await editor.pass(1000);
    assert.equal(editor.editor.take(), 'info: TASK-001 landed on main as d4e5f6a · $0.0121 [Show Changes]');
    editor.engine.tell('TASK-002-r1', ...told.ended('failed', 2, 'never green in 1 attempt'));
    await editor.pass(1000);
    assert.equal(editor.editor.take(), 'warning: TASK-002 failed: never green in 1 attempt [Show Timeline] [Restore]');
    editor.editor.settings.set('reactor.notifications', 'needsMe');
    editor.engine.tell('TASK-003-r1', ...told.ended('failed', 2, 'never green in 1 attempt'));
    editor.engine.tell('TASK-004-r1', told.permission());
    await editor.pass(1000);
    assert.match(editor.editor.take(), /^info: TASK-004 asks to: [^\n]*$/);
    editor.api.dispose();
  });
});

describe('the status bar', () => {
  const config = { ...defaultConfig(), budgets: { ...defaultConfig().budgets, perDayUsd: '0.02' } };

  it('shows what the day has cost, what runs and what waits, and warns with words', async () => {
    const editor = await openEditor({ host: { config: () => Promise.resolve({ config, file: null }) } }, ({ engine }) => {
      engine.tell('TASK-001-r1', ...begun('TASK-001'), told.message(1));
      engine.tell('TASK-002-r1', ...begun('TASK-002'), told.permission());
    });
    const [item] = editor.editor.status;
    assert.deepEqual(
      [item?.text, item?.backgroundColor?.id, item?.visible],
      ['$(flame) $0.0121 / $0.02 today · 1 running · 1 needs you', undefined, true],
    );
    editor.engine.tell('TASK-001-r1', told.message(1, '0.004'));
    await editor.pass(1000);
    assert.deepEqual(
      [item?.text.slice(0, 30), item?.backgroundColor?.id],
      ['$(flame) $0.0161 / $0.02 today', 'statusBarItem.warningBackground'],
    );
    editor.engine.tell('TASK-001-r1', told.message(1, null), told.message(1, '0.01'));
    await editor.pass(1000);
    assert.deepEqual(
      [item?.text.slice(0, 41), item?.backgroundColor?.id],
      ['$(flame) $0.0261 + unpriced / $0.02 today', 'statusBarItem.errorBackground'],
    );
    editor.api.dispose();
  });

  it('is not there before anything has run', async () => {
    const editor = await openEditor();
    assert.notEqual(editor.editor.status[0]?.visible, true);
    editor.api.dispose();
  });

  it('counts an attempt on the day it began', () => {
    const engine = new FakeEngine();
    greenRun(engine, 'TASK-001-r1', storySpec('TASK-001', 'a'));
    const runs = [...engine.states.values()];
    const started = runs[0]?.attempts[0]?.startedAt ?? 0;
    assert.equal(spendingSince(runs, started).today.usd, '0.0121');
    assert.equal(spendingSince(runs, started + 1).today.usd, '0');
    const noon = new Date(2026, 5, 1, 12).getTime();
    assert.equal(dayStart(noon), new Date(2026, 5, 1).getTime());
  });
});
