import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { overMoney } from '../../../../src/core/model/moneyLayer.ts';
import { ProjectConfig } from '../../../../src/core/model/projectConfig.ts';
import { moneyOf } from '../../../../src/vscode/moneySettings.ts';
import { type OpenEditor, openEditor } from '../../../support/vscode/openEditor.ts';

const FOLDER = '/repository';

/** An editor on a repository whose reactor.yaml holds `written`. */
async function editorOn(written: object): Promise<OpenEditor> {
  const held: { money: () => unknown } = { money: () => undefined };
  const editor = await openEditor({
    host: {
      config: () =>
        Promise.resolve({
          config: ProjectConfig.parse(overMoney(written, (held.money() ?? {}) as Parameters<typeof overMoney>[1])),
          file: `${FOLDER}/reactor.yaml`,
        }),
    },
  });
  held.money = () => editor.world.heldMoney.get(FOLDER);
  editor.editor.files.set(`${FOLDER}/reactor.yaml`, 'test: npm test\n');
  return editor;
}

describe('limits for money', () => {
  it('that are set in the settings hold for each repository, and a wrong one is said not to', async () => {
    const { editor, world, api, pass } = await editorOn({});
    const settings = editor.value.workspace.getConfiguration('reactor');
    await settings.update('budgets.perRunUsd', 2.5);
    await settings.update('budgets.perDayUsd', 'plenty');
    await settings.update('budgets.onExceed', 'pause');
    await settings.update('budgets.onRenew', 'resume');
    await settings.update('budgets.notificationUrl', 'https://elsewhere.example');
    await settings.update('prices', [{ model: 'a/one', input: 1, output: 2 }]);
    await pass(0);
    assert.deepEqual(
      [world.heldMoney.get(FOLDER), editor.take()],
      [
        { budgets: { perRunUsd: 2.5, onRenew: 'resume' }, prices: [{ model: 'a/one', input: 1, output: 2 }] },
        "warning: Not obeyed, because the value can't be used: reactor.budgets.perDayUsd [Open Settings]",
      ],
    );
    api.dispose();
  });

  it('are kept in the settings or in reactor.yaml, as the person chooses', async () => {
    const { editor, run, api, world } = await editorOn({});
    assert.equal(
      await run('reactor.setBudget', [], 'Each week', '12.50', 'In my settings'),
      [
        'pick: Set Budget',
        '  Each run | budgets.perRunUsd',
        '  Each task | budgets.perTaskUsd',
        '  Each day | budgets.perDayUsd: shown in the status bar',
        '  Each week | budgets.perWeekUsd: from Monday',
        '  Each month | budgets.perMonthUsd',
        'input: Budget: Each week | US dollars. Limit now: none.',
        'pick: Where the limit is kept',
        '  $(settings-gear) In reactor.yaml | for everybody who works on this repository',
        '  $(gear) In my settings | for each repository whose reactor.yaml names none',
      ].join('\n'),
    );
    assert.deepEqual(world.heldMoney.get(FOLDER), { budgets: { perWeekUsd: 12.5 } });
    assert.match(
      await run('reactor.setBudget', [], 'Each week', '20', 'In reactor.yaml'),
      /Limit now: \$12\.5\.[\s\S]*opened: .*reactor\.yaml:3$/,
      'the cursor stands on the limit, below the section that was made for it',
    );
    assert.match(editor.files.get(`${FOLDER}/reactor.yaml`) ?? '', /perWeekUsd: 20/);
    api.dispose();
  });

  it('that stand in reactor.yaml are changed there', async () => {
    const { run, api } = await editorOn({ budgets: { perDayUsd: 10 } });
    const told = await run('reactor.setBudget', [], 'Each day', '15');
    assert.match(told, /Limit now: \$10\.[\s\S]*opened: .*reactor\.yaml/);
    assert.doesNotMatch(told, /Where the limit is kept/);
    api.dispose();
  });

  it('that are as without settings are not written down', () => {
    const settings: Record<string, unknown> = {
      'budgets.thresholds': [50, 75, 90, 100],
      'budgets.unpriced': 'allow',
      prices: [],
      currency: null,
    };
    assert.deepEqual(
      moneyOf((name) => settings[name]),
      { money: {}, wrong: [] },
    );
  });
});
