import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, it } from 'mocha';
import { dataFolderOf } from '../../../src/adapters/files/dataFolder.ts';
import { hasReactorData } from '../../../src/compose/hasReactorData.ts';
import { commandIds, viewIds } from '../../../src/vscode/commandIds.ts';
import { startEntry } from '../../../src/vscode/entry.ts';
import type { HostApi } from '../../../src/vscode/hostApi.ts';
import type { TreeNode } from '../../../src/vscode/tree/treeNode.ts';
import { settle } from '../../support/vscode/fakeEditorHost.ts';
import { FakeEventEmitter } from '../../support/vscode/fakeTypes.ts';
import { FakeVscode } from '../../support/vscode/fakeVscode.ts';

/** The entry on a fake editor, with a host that only tells what it was asked for. */
function entry(options: { hasData?: boolean; trusted?: boolean; fails?: number } = {}) {
  const editor = new FakeVscode('/repository');
  editor.trusted = options.trusted ?? true;
  const asked: string[] = [];
  const changed = new FakeEventEmitter<TreeNode[] | undefined>();
  const api = {
    run: (command: string) => Promise.resolve(asked.push(`run ${command}`)),
    tree: () => ({
      onDidChangeTreeData: changed.event,
      getChildren: () => [{ key: 'row' }],
      getTreeItem: () => ({ label: 'row' }),
    }),
    restorePanel: (_panel: unknown, state: unknown) => Promise.resolve(asked.push(`restore ${JSON.stringify(state)}`)),
    files: { readFile: () => new TextEncoder().encode('text'), stat: () => ({ size: 4 }) },
    lenses: () => Promise.resolve([]),
    onDidChangeLenses: new FakeEventEmitter<void>().event,
    completions: () => Promise.resolve([]),
    dispose: () => asked.push('disposed'),
  } as unknown as HostApi;
  const subscriptions: { dispose(): void }[] = [];
  startEntry(
    editor.value,
    { subscriptions },
    {
      load: () => {
        asked.push('load');
        const fails = asked.filter((line) => line === 'load').length <= (options.fails ?? 0);
        return fails ? Promise.reject(new Error('the disk is full')) : Promise.resolve(api);
      },
      hasData: () => options.hasData ?? false,
    },
  );
  return { editor, asked, changed, subscriptions };
}

describe('the entry', () => {
  it('registers everything and loads nothing where Reactor was never used', async () => {
    const { editor, asked } = entry();
    await settle();
    assert.deepEqual(asked, []);
    assert.deepEqual([...editor.registered.keys()].sort(), [...commandIds].sort());
    assert.deepEqual([...editor.views.keys()], [...viewIds]);
    const actions = editor.providers.get('actions') as { provideCodeActions(d: unknown, r: unknown, c: unknown): { title: string }[] };
    const problems = [{ severity: 0, message: 'wrong', range: {} }];
    assert.deepEqual(
      actions.provideCodeActions({ uri: 'u' }, {}, { diagnostics: problems }).map(({ title }) => title),
      ['Fix with Reactor'],
    );
    assert.deepEqual(actions.provideCodeActions({ uri: 'u' }, {}, { diagnostics: [] }), []);
    assert.deepEqual(asked, []);
  });

  it('loads once, at the first command or view, and passes changes of the views on', async () => {
    const { editor, asked, changed } = entry();
    await Promise.all([editor.registered.get('reactor.doctor')?.(), editor.registered.get('reactor.runTask')?.()]);
    assert.deepEqual(asked, ['load', 'run reactor.doctor', 'run reactor.runTask']);
    const tree = editor.views.get('reactor.cells')?.provider as {
      getChildren(): Promise<unknown[]>;
      getTreeItem(node: unknown): { label: string };
      onDidChangeTreeData(listener: () => void): void;
    };
    const [row] = await tree.getChildren();
    assert.equal(tree.getTreeItem(row).label, 'row');
    let redrawn = 0;
    tree.onDidChangeTreeData(() => {
      redrawn += 1;
    });
    changed.fire(undefined);
    assert.equal(redrawn, 1);
    assert.equal(asked.filter((line) => line === 'load').length, 1);
  });

  it('tries again at the next use when loading has failed', async () => {
    const { editor, asked } = entry({ fails: 1 });
    const tree = editor.views.get('reactor.cells')?.provider as {
      getChildren(): Promise<unknown[]>;
      onDidChangeTreeData(listener: () => void): void;
    };
    let redrawn = 0;
    tree.onDidChangeTreeData(() => {
      redrawn += 1;
    });
    await assert.rejects(tree.getChildren(), /the disk is full/);
    assert.equal(editor.keys.get('reactor.loadFailed'), true);
    await editor.registered.get('reactor.doctor')?.();
    assert.deepEqual([asked, redrawn], [['load', 'load', 'run reactor.doctor'], 1]);
    assert.equal(editor.keys.get('reactor.loadFailed'), false);
    assert.deepEqual(await tree.getChildren(), [{ key: 'row' }]);
  });

  it('loads by itself where there is something to show', async () => {
    const { asked, subscriptions } = entry({ hasData: true });
    await settle();
    assert.deepEqual(asked, ['load']);
    for (const subscription of subscriptions) subscription.dispose();
    assert.deepEqual(asked, ['load', 'disposed']);
  });

  it('loads for a panel that was open when the window was left, once the workspace is trusted', async () => {
    const { editor, asked } = entry({ trusted: false });
    const restore = (): Promise<void> | undefined =>
      (
        editor.providers.get('panels') as { deserializeWebviewPanel(p: unknown, s: unknown): Promise<void> } | undefined
      )?.deserializeWebviewPanel({}, { folder: '/repository' });
    assert.equal(restore(), undefined);
    editor.trusted = true;
    editor.granted.fire(undefined);
    await restore();
    assert.deepEqual(asked, ['load', 'restore {"folder":"/repository"}']);
  });

  it('starts nothing in a workspace that is not trusted, and begins when it is', async () => {
    const { editor, asked } = entry({ hasData: true, trusted: false });
    await editor.registered.get('reactor.runTask')?.();
    const tree = editor.views.get('reactor.tasks')?.provider as { getChildren(): Promise<unknown[]> };
    assert.deepEqual(await tree.getChildren(), []);
    assert.deepEqual(asked, []);
    assert.equal(
      editor.take(),
      'warning: Reactor runs agents and commands of this folder, which is not trusted. Nothing was started. [Manage Workspace Trust]',
    );
    editor.trusted = true;
    editor.granted.fire(undefined);
    await settle();
    assert.deepEqual(asked, ['load']);
  });
});

describe('hasReactorData', () => {
  const home = process.env['REACTOR_HOME'];
  const folders: string[] = [];
  afterEach(() => {
    for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
    if (home === undefined) Reflect.deleteProperty(process.env, 'REACTOR_HOME');
    else process.env['REACTOR_HOME'] = home;
  });

  it('is true for a repository with a journal, from any folder and any worktree of it', () => {
    const root = mkdtempSync(join(tmpdir(), 'reactor-entry-'));
    folders.push(root);
    process.env['REACTOR_HOME'] = join(root, 'data');
    const git = join(root, 'repository', '.git');
    mkdirSync(join(root, 'repository', 'deep', 'er'), { recursive: true });
    mkdirSync(join(git, 'worktrees', 'other'), { recursive: true });
    mkdirSync(join(root, 'other'));
    writeFileSync(join(root, 'other', '.git'), `gitdir: ${join(git, 'worktrees', 'other')}\n`);
    writeFileSync(join(git, 'worktrees', 'other', 'commondir'), '../..\n');
    const places = [join(root, 'repository'), join(root, 'repository', 'deep', 'er'), join(root, 'other'), root];
    assert.deepEqual(places.map(hasReactorData), [false, false, false, false]);
    const data = dataFolderOf(git, process.env);
    mkdirSync(data, { recursive: true });
    writeFileSync(join(data, 'journal.db'), '');
    assert.deepEqual(places.map(hasReactorData), [true, true, true, false]);
  });

  it('waits for no pipe that lies where the repository would be named', () => {
    const root = mkdtempSync(join(tmpdir(), 'reactor-entry-'));
    folders.push(root);
    execFileSync('mkfifo', [join(root, '.git')]);
    assert.equal(hasReactorData(root), false);
  });
});
