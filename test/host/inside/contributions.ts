import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import * as vscode from 'vscode';
import { extension } from '../support/hostTools.ts';

interface Contributions {
  readonly commands: readonly { readonly command: string; readonly title: string; readonly category?: string }[];
  readonly configuration: { readonly properties: Readonly<Record<string, { readonly default?: unknown }>> };
}

const contributes = (): Contributions => (extension().packageJSON as { contributes: Contributions }).contributes;

describe('Contributions', () => {
  it('has a handler for each command of package.json, and the other way round', async () => {
    const contributed = contributes().commands.map(({ command }) => command);
    const registered = (await vscode.commands.getCommands(true)).filter((id) => id.startsWith('reactor.'));
    // The editor makes these for each view.
    const ofViews = /^reactor\.\w+\.(focus|open|resetViewLocation|removeView|toggleVisibility)$/;
    const own = registered.filter((id) => !ofViews.test(id));
    assert.deepEqual(
      { withoutHandler: contributed.filter((id) => !own.includes(id)), withoutTitle: own.filter((id) => !contributed.includes(id)) },
      {
        withoutHandler: [],
        withoutTitle: [],
      },
    );
  });

  it('puts each command of the palette into one category', () => {
    const without = contributes().commands.filter(({ category }) => category !== 'Reactor');
    assert.deepEqual(
      without.map(({ command }) => command).filter((id) => !id.startsWith('reactor.comment.')),
      [],
    );
  });

  it('has the default of each setting in force', () => {
    const all = Object.entries(contributes().configuration.properties);
    assert.ok(all.length > 0);
    for (const [key, { default: value }] of all) assert.deepEqual(vscode.workspace.getConfiguration().get(key), value, key);
  });
});
