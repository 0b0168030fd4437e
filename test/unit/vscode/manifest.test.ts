import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, it } from 'mocha';
import { Budgets } from '../../../src/core/model/moneySettings.ts';
import { commandIds, viewIds } from '../../../src/vscode/commandIds.ts';

interface Menu {
  readonly command: string;
  readonly when: string;
}
interface Manifest {
  readonly activationEvents: readonly string[];
  readonly contributes: {
    readonly commands: readonly { readonly command: string; readonly category: string; readonly icon?: string }[];
    readonly menus: Readonly<Record<string, readonly Menu[]>>;
    readonly keybindings: readonly (Menu & { readonly key: string; readonly mac: string; readonly args?: { readonly view: string } })[];
    readonly views: { readonly reactor: readonly { readonly id: string; readonly icon: string }[] };
    readonly viewsWelcome: readonly { readonly contents: string }[];
    readonly configuration: { readonly properties: Readonly<Record<string, { readonly scope: string; readonly default: unknown }>> };
    readonly walkthroughs: readonly {
      readonly steps: readonly { readonly description: string; readonly media: { readonly svg: string } }[];
    }[];
  };
}

const root = fileURLToPath(new URL('../../..', import.meta.url));
const { contributes } = JSON.parse(readFileSync(`${root}/package.json`, 'utf8')) as Manifest;
const { menus } = contributes;
const known = new Set<string>(commandIds);

/** Commands of the editor itself that are linked to. */
const foreign = ['vscode.openFolder', 'workbench.trust.manage', 'git.init', 'workbench.view.scm', 'reactor.needsYou.focus'];

describe('the manifest', () => {
  it('has exactly the commands and views that there are', () => {
    assert.deepEqual(contributes.commands.map(({ command }) => command).sort(), [...commandIds].sort());
    assert.deepEqual(
      contributes.commands.filter(({ category }) => category !== 'Reactor'),
      [],
    );
    assert.deepEqual(
      contributes.views.reactor.map(({ id }) => id),
      [...viewIds],
    );
  });

  it('names no command in a menu, key, link or walkthrough that is not there', () => {
    const inMenus = Object.values(menus).flatMap((items) => items.map(({ command }) => command));
    const inKeys = contributes.keybindings.map(({ command }) => command);
    const texts = [
      ...contributes.viewsWelcome.map(({ contents }) => contents),
      ...contributes.walkthroughs.flatMap(({ steps }) => steps.map((s) => s.description)),
    ];
    const inTexts = texts.flatMap((text) => [...text.matchAll(/\(command:([\w.]+)\)/g)].map(([, id = '']) => id));
    assert.ok(inTexts.length > 8, `${inTexts.length} links`);
    assert.deepEqual(
      [...inMenus, ...inKeys, ...inTexts].filter((id) => !known.has(id) && !foreign.includes(id)),
      [],
    );
  });

  it('shows inline buttons only for commands with an icon', () => {
    const withIcon = new Set(contributes.commands.filter(({ icon }) => icon !== undefined).map(({ command }) => command));
    const inline = (menus['view/item/context'] ?? []).filter((item) => 'group' in item && String(item.group).startsWith('inline'));
    assert.ok(inline.length > 10);
    assert.deepEqual(
      inline.filter(({ command }) => !withIcon.has(command)).map(({ command }) => command),
      [],
    );
  });

  it('hides from the palette what makes no sense there', () => {
    const always = new Set(['reactor.openSettings', 'reactor.showLog', 'reactor.refresh']);
    const told = new Set((menus['commandPalette'] ?? []).map(({ command }) => command));
    assert.deepEqual(
      commandIds.filter((id) => !told.has(id) && !always.has(id)),
      [],
    );
  });

  it('gives answers to a key only in the list, never in a text field', () => {
    const answers = contributes.keybindings.filter(({ command }) => /approve|requestChanges|reject|stop/.test(command));
    assert.ok(answers.length >= 3);
    for (const { command, when } of answers) assert.match(when, /listFocus && !inputFocus && focusedView/, command);
  });

  it('offers on several rows only what is done to all of them', () => {
    const forAll = new Set(['reactor.stop', 'reactor.resume', 'reactor.rejectFile', 'reactor.toggleReviewed']);
    const menu = (menus['view/item/context'] ?? []).filter((item) => 'group' in item && !String(item.group).startsWith('inline'));
    assert.ok(menu.length > 20);
    assert.deepEqual(
      menu.filter(({ command, when }) => when.includes('!listMultiSelection') === forAll.has(command)),
      [],
    );
  });

  it('tells a key that is for rows in which view it was pressed', () => {
    const forRows = contributes.keybindings.filter(({ when }) => when.includes('listFocus'));
    assert.ok(forRows.length >= 8);
    for (const { command, when, args } of forRows) {
      assert.ok(
        viewIds.some((view) => view === args?.view),
        command,
      );
      assert.match(when, new RegExp(`focusedView == ${args?.view}( |$)`), command);
    }
  });

  it('has a setting with the same default for each bound for money, but for what is sent elsewhere', () => {
    const elsewhere = ['notificationUrl', 'notificationSecretEnv'];
    const standard: Readonly<Record<string, unknown>> = Budgets.parse({});
    const wanted = Object.keys(Budgets.shape)
      .filter((name) => !elsewhere.includes(name))
      .map((name) => [`reactor.budgets.${name}`, standard[name] ?? null]);
    const found = Object.entries(contributes.configuration.properties).filter(([name]) => name.startsWith('reactor.budgets.'));
    assert.deepEqual(Object.fromEntries(found.map(([name, setting]) => [name, setting.default])), Object.fromEntries(wanted));
  });

  it('gives each setting a scope and a default, and names pictures that are there', () => {
    for (const [name, { scope, default: standard }] of Object.entries(contributes.configuration.properties)) {
      assert.ok(scope !== undefined && standard !== undefined, name);
    }
    const pictures = [
      ...contributes.walkthroughs.flatMap(({ steps }) => steps.map(({ media }) => media.svg)),
      ...contributes.views.reactor.map(({ icon }) => icon),
    ];
    assert.deepEqual(
      pictures.filter((path) => !existsSync(`${root}/${path}`)),
      [],
    );
  });
});
