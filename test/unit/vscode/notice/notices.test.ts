import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { localDay } from '../../../../src/base/localDay.ts';
import { event } from '../../../../src/core/journal/events.ts';
import { defaultConfig } from '../../../../src/core/model/projectConfig.ts';
import { CostLedger } from '../../../../src/core/projections/costs/costLedger.ts';
import { costReport } from '../../../../src/core/projections/costs/costReport.ts';
import { dayStart, levelOf, spendingText, spendingToday } from '../../../../src/vscode/notice/spending.ts';
import { greenRun, landRun, storySpec, told } from '../../../support/cli/story.ts';
import { CostStory, chargeOf } from '../../../support/costs/costStory.ts';
import { openEditor } from '../../../support/vscode/openEditor.ts';

/** A model call that ended on the day before. */
const late = (costUsd: string) => {
  const call = told.message(1, costUsd);
  if (call.type !== 'message/finished') throw new Error('not a message');
  return event('message/finished', { attempt: 1, message: { ...call.data.message, endedAt: dayStart(90_000) - 1 } });
};

const begun = (task: string) => [told.requested(`${task}-r1`, storySpec(task, task)), told.started(), told.attempt(1)] as const;

describe('notifications', () => {
  it('tell what needs a person once, with what can be done', async () => {
    const editor = await openEditor({}, ({ engine }) => {
      engine.tell('TASK-001-r1', ...begun('TASK-001'), told.permission());
      engine.tell('TASK-002-r1', ...begun('TASK-002'));
    });
    await editor.pass(1000);
    assert.deepEqual([editor.opening, editor.editor.take()], ['', ''], 'what was there at the start is no news');
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

  it('tell what comes first into a repository where nothing waited, also while no engine runs', async () => {
    const editor = await openEditor({}, ({ engine, world }) => {
      world.hasEngine = false;
      greenRun(engine, 'TASK-001-r1', storySpec('TASK-001', 'Add slugify'));
      landRun(engine, 'TASK-001-r1');
    });
    assert.equal(editor.opening, '');
    editor.engine.tell('TASK-002-r1', ...begun('TASK-002'), told.permission(), told.parked());
    for (const changed of editor.world.watchers) changed();
    await editor.pass(1000);
    assert.match(editor.editor.take(), /^info: TASK-002 asks to: bash npm publish --dry-run/);
    editor.api.dispose();
  });

  it('say in one sentence that something was answered elsewhere, in place of answering it again', async () => {
    const editor = await openEditor({}, ({ engine }) => {
      engine.tell('TASK-001-r1', ...begun('TASK-001'));
    });
    const pressed = Promise.withResolvers<void>();
    editor.editor.pressing = pressed.promise;
    editor.editor.answers.push('Allow Once');
    editor.engine.tell('TASK-001-r1', told.permission());
    await editor.pass(1000);
    editor.editor.take();
    editor.engine.tell('TASK-001-r1', told.answered('p1', 'rejected'));
    pressed.resolve();
    await editor.pass(1000);
    assert.equal(editor.editor.take(), 'info: TASK-001: this was answered meanwhile, from another window or terminal.');
    assert.deepEqual([editor.editor.executed, editor.engine.asked], [[], []]);
    editor.api.dispose();
  });

  it('offer to restore what a failed task made, and say once that a step failed', async () => {
    const editor = await openEditor({}, ({ engine }) => {
      engine.tell('TASK-001-r1', ...begun('TASK-001'), told.executed(1), told.candidate(1));
      engine.tell('TASK-002-r1', told.requested('TASK-002-r1', storySpec('TASK-002', 'b')), told.started());
    });
    editor.engine.tell('TASK-001-r1', ...told.ended('failed', 2, 'never green in 1 attempt'));
    await editor.pass(1000);
    assert.equal(editor.editor.take(), 'warning: TASK-001 failed: never green in 1 attempt [Show Timeline] [Restore]');
    editor.engine.tell('TASK-002-r1', ...told.ended('error', 1, 'boot failed: no port is free'));
    await editor.pass(1000);
    assert.equal(editor.editor.take(), 'warning: TASK-002: boot failed: no port is free [Show Timeline]');
    editor.api.dispose();
  });

  it('say of what another person did not want that it was rejected, and nothing of what this one did not', async () => {
    const editor = await openEditor({}, ({ engine }) => {
      for (const task of ['TASK-001', 'TASK-002', 'TASK-003', 'TASK-004']) engine.tell(`${task}-r1`, ...begun(task));
    });
    const said = async (task: string, ...events: ReturnType<typeof told.rejected>): Promise<string> => {
      editor.engine.tell(`${task}-r1`, ...events);
      await editor.pass(1000);
      return editor.editor.take();
    };
    // A name may begin as another's sentence does. Journals of before have no more than the sentence.
    assert.deepEqual(
      [
        await said('TASK-001', ...told.rejected('rejected by ann: not now', { by: 'person:ann: not now' })),
        await said('TASK-002', ...told.rejected('rejected by ann; the work stays on reactor/TASK-002')),
        await said('TASK-003', ...told.rejected('rejected by anna: not now', {})),
        await said('TASK-004', ...told.rejected('rejected by ann; the work stays on reactor/TASK-004', {})),
      ],
      [
        'info: TASK-001 was rejected by ann: not now [Show Timeline]',
        '',
        'info: TASK-003 was rejected by anna: not now [Show Timeline]',
        '',
      ],
    );
    editor.api.dispose();
  });

  it('have no link of an agent’s in them, which would run a command when it is pressed', async () => {
    const editor = await openEditor({}, ({ engine }) => engine.tell('TASK-001-r1', ...begun('TASK-001')));
    const link = '[Yes](command:workbench.action.terminal.new) [or](HTTPS://evil.example/) a[0](b)';
    editor.engine.tell(
      'TASK-001-r1',
      event('approval/requested', { id: 'q1', kind: 'question', attempt: 1, title: link, detail: '', tree: null }),
    );
    await editor.pass(1000);
    const said = editor.editor.take();
    assert.doesNotMatch(said, /\]\((command|https):/i);
    assert.equal(said.replaceAll('\u200c', ''), `info: TASK-001 asks: ${link} [Answer…]`);
    editor.engine.tell('TASK-001-r1', ...told.ended('error', 1, `boot failed: ${link}`));
    await editor.pass(1000);
    assert.doesNotMatch(editor.editor.take(), /\]\((command|https):/i);
    editor.api.dispose();
  });

  it('say of a parked run all of why and what to do about it, and ask what now', async () => {
    const editor = await openEditor({}, ({ engine }) => engine.tell('TASK-001-r1', ...begun('TASK-001')));
    const reason = `main is checked out in /${'deep/'.repeat(30)}shop with unfinished changes; nothing there was touched. Commit or stash them, then resume the run.`;
    editor.engine.tell('TASK-001-r1', event('run/parked', { code: 'dirtyTarget', reason, exitCode: 5 }));
    await editor.pass(1000);
    assert.equal(editor.editor.take(), `info: TASK-001 parked: ${reason} [What Now?]`);
    editor.api.dispose();
  });

  it('lead to the settings when the tests of the base are red', async () => {
    const editor = await openEditor({}, ({ engine }) => engine.tell('TASK-001-r1', ...begun('TASK-001')));
    const tested = told.tested(1, 2);
    if (tested.type !== 'attempt/tested') throw new Error('not a test');
    const { tree, evidence } = tested.data;
    editor.engine.tell('TASK-001-r1', event('base/tested', { tree, evidence, remembered: false }));
    editor.engine.tell('TASK-001-r1', ...told.ended('failed', 2, 'the base is red before any change: `npm test` ended with exit code 2'));
    editor.editor.answers.push('Open reactor.yaml');
    await editor.pass(1000);
    assert.match(editor.editor.take(), /ended with exit code 2 \[Show Timeline\] \[Open reactor\.yaml\]/);
    assert.deepEqual(editor.editor.executed.at(-1), { command: 'reactor.openProjectSettings', args: [] });
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
    assert.equal(
      editor.editor.take(),
      'warning: TASK-002 failed: never green in 1 attempt [Show Timeline]',
      'nothing was made that could be restored',
    );
    editor.editor.settings.set('reactor.notifications', 'needsMe');
    editor.engine.tell('TASK-003-r1', ...told.ended('failed', 2, 'never green in 1 attempt'));
    editor.engine.tell('TASK-004-r1', told.permission());
    await editor.pass(1000);
    assert.match(editor.editor.take(), /^info: TASK-004 asks to: [^\n]*$/);
    editor.api.dispose();
  });

  it('tell of the share of a budget that is used while the editor looks on, the last when several are at once', async () => {
    const share = (percent: number) =>
      event('budget/threshold', {
        scope: { over: 'day', of: 'repository' },
        period: '2026-05-04',
        percent,
        limitUsd: '10',
        spentUsd: `${percent / 10}`,
      });
    const editor = await openEditor({}, ({ engine }) => engine.tell('TASK-001-r1', ...begun('TASK-001')));
    editor.engine.tell('TASK-001-r1', share(50), share(90));
    await editor.pass(1000);
    assert.equal(editor.editor.take(), 'warning: 90 % of the budget of today is used: $9.00 of $10.00 [Show Costs] [Set Budget…]');
    editor.editor.settings.set('reactor.notifications', 'needsMe');
    editor.engine.tell('TASK-001-r1', share(95));
    await editor.pass(1000);
    assert.equal(editor.editor.take(), '');
    editor.engine.tell('TASK-001-r1', share(100));
    await editor.pass(1000);
    assert.match(editor.editor.take(), /^warning: 100 % of the budget of today is used/);
    editor.editor.settings.set('reactor.notifications', 'none');
    editor.engine.tell('TASK-001-r1', share(100));
    await editor.pass(1000);
    assert.equal(editor.editor.take(), '');
    editor.api.dispose();
  });
});

describe('the share of a budget of one run', () => {
  it('is told with its task, since others run beside it', async () => {
    const editor = await openEditor({}, ({ engine }) => engine.tell('TASK-001-r1', ...begun('TASK-001')));
    const scope = { over: 'run', of: 'repository' } as const;
    const share = event('budget/threshold', { scope, period: null, percent: 75, limitUsd: '1', spentUsd: '0.75' });
    editor.engine.tell('TASK-001-r1', share);
    await editor.pass(1000);
    assert.match(editor.editor.take(), /^info: TASK-001: 75 % of the budget of this run is used: \$0\.7500 of \$1\.00 /);
    editor.api.dispose();
  });
});

describe('amounts that rest on tokens that were worked out', () => {
  it('are marked in notifications of an end and of a budget', async () => {
    const editor = await openEditor({}, ({ engine }) => greenRun(engine, 'TASK-001-r1', storySpec('TASK-001', 'Add slugify')));
    const now = editor.world.clock.now();
    editor.engine.tell('TASK-001-r1', event('charge/recorded', { charge: chargeOf({ run: 'TASK-001-r1', at: now, estimated: true }) }));
    const scope = { over: 'day', of: 'repository' } as const;
    const share = { scope, period: localDay(now), percent: 50, limitUsd: '0.03', spentUsd: '0.0166', estimated: true } as const;
    editor.engine.tell('TASK-001-r1', event('budget/threshold', share));
    await editor.pass(1000);
    assert.equal(editor.editor.take(), 'info: 50 % of the budget of today is used: ~$0.0166 of $0.03 [Show Costs] [Set Budget…]');
    landRun(editor.engine, 'TASK-001-r1');
    await editor.pass(1000);
    assert.equal(editor.editor.take(), 'info: TASK-001 landed on main as d4e5f6a · ~$0.0166 [Show Changes]');
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

  it('goes by the percentages that are told of', async () => {
    const told60 = { ...config, budgets: { ...config.budgets, thresholds: [30, 60] } };
    const editor = await openEditor({ host: { config: () => Promise.resolve({ config: told60, file: null }) } }, ({ engine }) =>
      engine.tell('TASK-001-r1', ...begun('TASK-001'), told.message(1)),
    );
    assert.equal(editor.editor.status[0]?.backgroundColor?.id, 'statusBarItem.warningBackground');
    editor.api.dispose();
    const levels = (thresholds: readonly number[]) => [0.5, 0.8, 0.95, 1].map((share) => levelOf(share, thresholds));
    assert.deepEqual(
      [levels([50, 75, 90, 100]), levels([90]), levels([50]), levels([])],
      [
        [null, 'warning', 'warning', 'error'],
        [null, null, 'warning', 'error'],
        ['warning', 'warning', 'warning', 'error'],
        [null, null, null, 'error'],
      ],
    );
  });

  it('compares with a limit only what counts against it, each repository with its own', async () => {
    const limits: Record<string, string> = { '/one': '0.02' };
    const editor = await openEditor(
      {
        folders: ['/one', '/two'],
        host: {
          config: (folder) => {
            const { perDayUsd: _, ...budgets } = config.budgets;
            const perDayUsd = limits[folder];
            return Promise.resolve({
              config: { ...config, budgets: { ...budgets, ...(perDayUsd === undefined ? {} : { perDayUsd }) } },
              file: null,
            });
          },
        },
      },
      // One engine stands behind both: each has spent the same.
      ({ engine }) => engine.tell('TASK-001-r1', ...begun('TASK-001'), told.message(1)),
    );
    const [item] = editor.editor.status;
    assert.deepEqual(
      [item?.text.split(' · ')[0], item?.backgroundColor?.id],
      ['$(flame) $0.0242 today, $0.0121 / $0.02 where limited', undefined],
    );
    limits['/two'] = '0.01';
    editor.editor.changedFolders.fire({});
    await editor.pass(1000);
    assert.deepEqual(
      [item?.text.split(' · ')[0], item?.backgroundColor?.id],
      ['$(flame) $0.0242 / $0.03 today', 'statusBarItem.errorBackground'],
    );
    assert.match(item?.tooltip?.value ?? '', /one: 61 % of the day's limit, two: 121 % of the day's limit/);
    editor.api.dispose();
  });

  it('is not there before anything has run', async () => {
    const editor = await openEditor();
    assert.notEqual(editor.editor.status[0]?.visible, true);
    editor.api.dispose();
  });

  it('counts each model call on the day it ended, and begins anew at midnight', async () => {
    const editor = await openEditor({}, ({ engine }) => {
      engine.tell('TASK-001-r1', ...begun('TASK-001'), late('0.5'), told.message(1));
    });
    const [item] = editor.editor.status;
    assert.equal(item?.text.slice(0, 22), '$(flame) $0.0121 today');
    const now = editor.world.clock.now();
    await editor.pass(dayStart(now, 1) - now);
    assert.equal(item?.text.slice(0, 20), '$(flame) $0.00 today');
    editor.api.dispose();
  });

  it('says the same figure as the panel', async () => {
    const editor = await openEditor({}, ({ engine }) => {
      engine.tell('TASK-001-r1', ...begun('TASK-001'), told.message(1, '0.1'), late('0.3'));
      engine.tell('TASK-001-r1', told.message(1, null), told.message(1, '0.2'));
    });
    const ledger = new CostLedger();
    for (const entry of editor.engine.entries) ledger.add(entry);
    const { figures } = costReport(ledger.runs, { now: editor.world.clock.now(), zone: localDay, budgets: defaultConfig().budgets });
    const today = figures.find(({ name }) => name === 'today')?.cost;
    assert.deepEqual([today?.usd, today?.unpricedCalls], ['0.3', 1]);
    assert.equal(editor.editor.status[0]?.text.slice(0, 33), '$(flame) $0.3000 + unpriced today');
    editor.api.dispose();
  });

  it('counts each charge on the day it was made, says where it leads, and shows another currency when wanted', () => {
    const noon = new Date(2026, 5, 1, 12).getTime();
    assert.equal(dayStart(noon), new Date(2026, 5, 1).getTime());
    const story = new CostStory().run(noon - 86_400_000, 'TASK-001', ['5']).run(noon, 'TASK-002', ['0.2', '0.3']);
    const spending = spendingToday(story.runs, noon + 1_800_000, '2');
    assert.deepEqual(
      [spending.today.usd, spending.byTask.map(({ task, cost }) => [task, cost.usd]), spending.projection],
      ['0.5', [['TASK-002', '0.5']], '$2.00 reached at about 14:00'],
    );
    assert.equal(spendingText(spending, '2', { symbol: '€', perUsd: 0.9 }), '€0.4500 / €1.80 today');
  });
});
