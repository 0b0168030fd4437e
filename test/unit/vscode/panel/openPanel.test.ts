import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import type { WebviewPanel } from 'vscode';
import { HostMessage } from '../../../../src/protocol/panelMessages.ts';
import { openPanel, restorePanel } from '../../../../src/vscode/panel/openPanel.ts';
import { panelHtml } from '../../../../src/vscode/panel/panelHtml.ts';
import { FakePanelModel } from '../../../support/panel/fakePanelModel.ts';
import { FakePanelEditor, FakeWebview } from '../../../support/panel/fakeWebview.ts';
import { OpenedPanel } from '../../../support/panel/openedPanel.ts';
import { PanelJournal } from '../../../support/panel/panelJournal.ts';

const run = 'TASK-001-r1';
const journal = () => new PanelJournal(0).boot(run, { task: 'TASK-001' });

describe('the panel of a repository', () => {
  it('is opened once, and brought to the front on the tab and run asked for', async () => {
    const model = new FakePanelModel(journal().entries);
    const panel = new OpenedPanel(model, 'costs');
    await panel.load();
    openPanel(panel.editor.deps(model, panel.host), 'timeline', run);
    openPanel(panel.editor.deps(model, panel.host));
    openPanel(panel.editor.deps(new FakePanelModel([], '/other'), panel.host));
    assert.deepEqual([panel.editor.panels.length, panel.webview.revealed, panel.of('snapshot')[0]?.tab], [2, 2, 'costs']);
    assert.deepEqual(
      panel.of('show').map(({ tab, run: shown }) => [tab, shown]),
      [
        ['timeline', run],
        [null, null],
      ],
    );
    panel.webview.dispose();
    openPanel(panel.editor.deps(model, panel.host));
    assert.equal(panel.editor.panels.length, 3);
  });

  it('is opened anew when its folder has left the workspace and come back', async () => {
    const panel = new OpenedPanel(new FakePanelModel(journal().entries));
    await panel.load();
    const again = new FakePanelModel(journal().end(run, 'failed', 2, 'no').entries);
    openPanel(panel.editor.deps(again, panel.host), 'timeline', run);
    const fresh = panel.editor.panels.at(-1);
    assert.deepEqual([panel.editor.panels.length, panel.webview.isDisposed, fresh?.isDisposed], [2, true, false]);
    fresh?.say({ type: 'ready', protocol: 1 });
    await panel.until(() => fresh?.posted.length === 1);
    assert.deepEqual(
      fresh?.posted.map((message) => HostMessage.parse(message)).map((message) => message.type === 'snapshot' && message.lanes[0]?.status),
      ['failed'],
    );
    openPanel(panel.editor.deps(again, panel.host));
    assert.equal(panel.editor.panels.length, 2);
  });

  it('reckons costs from where the last panel left off when it is opened again', async () => {
    const story = journal().start(run, 1, 'Fix it.').say(run, 1, 10);
    const model = new FakePanelModel(story.entries);
    const first = new OpenedPanel(model, 'costs');
    await first.load();
    first.webview.say({ type: 'costs' });
    await first.until(() => first.of('costs').length === 1);
    first.webview.dispose();
    const known = story.entries.length;
    model.append(...story.say(run, 1, 10).entries.slice(known));
    const again = new OpenedPanel(model, 'costs');
    await again.load();
    model.asked.length = 0;
    again.webview.say({ type: 'costs' });
    await again.until(() => again.of('costs').length === 1);
    assert.deepEqual([model.asked, again.of('costs')[0]?.report.by.task[0]?.cost.usd], [[known + 1], '0.024']);
  });

  it('comes back after a reload for the repository it was of, and goes when that is not there any more', async () => {
    const model = new FakePanelModel(journal().entries);
    const editor = new FakePanelEditor();
    const { host } = new OpenedPanel(model, undefined, new FakePanelEditor());
    const asked: string[] = [];
    const restore = (panel: FakeWebview, state: unknown): Promise<void> =>
      restorePanel(
        { vscode: editor.vscode, context: editor.context, host, comments: editor.comments },
        panel as unknown as WebviewPanel,
        state,
        (folder) => {
          asked.push(folder);
          return Promise.resolve(folder === '/repo' ? model : null);
        },
      );
    const [restored, foreign, broken] = [new FakeWebview(''), new FakeWebview(''), new FakeWebview('')];
    await restore(restored, { folder: '/repo', tab: 'diff' });
    await restore(foreign, { folder: '/gone' });
    await restore(broken, { folder: 7 });
    restored.say({ type: 'ready', protocol: 1 });
    await Promise.resolve();
    assert.deepEqual(
      [asked, restored.isDisposed, foreign.isDisposed, broken.isDisposed, restored.posted.length],
      [['/repo', '/gone'], false, true, true, 1],
    );
    openPanel(editor.deps(model, host));
    assert.deepEqual([editor.panels.length, restored.revealed], [0, 1]);
  });

  it('may load the extension’s own files and nothing else', () => {
    const panel = new OpenedPanel(new FakePanelModel());
    const { html, options } = panel.webview.webview;
    assert.deepEqual(JSON.parse(JSON.stringify(options, (_key, value) => (value?.path === undefined ? value : value.path))), {
      enableScripts: true,
      localResourceRoots: ['/ext/dist/webview'],
      enableForms: false,
      enableCommandUris: false,
    });
    const policy = /http-equiv="Content-Security-Policy" content="([^"]*)"/.exec(html)?.[1];
    assert.equal(
      policy,
      "default-src 'none'; script-src https://page.example; style-src https://page.example; font-src https://page.example; base-uri 'none'; form-action 'none'",
    );
    assert.deepEqual(html.match(/unsafe|nonce-|<style|style=|\son\w+=/g), null);
    assert.deepEqual(
      [...html.matchAll(/<script([^>]*)>([^<]*)/g)].map(([, , inline]) => inline),
      [''],
    );
  });

  it('writes names of repositories as text', () => {
    const html = panelHtml({ cspSource: 'x', script: 's', styles: 't', icons: 'i', title: '</title><script>alert(1)</script>"' });
    assert.match(html, /<title>&lt;\/title&gt;&lt;script&gt;alert\(1\)&lt;\/script&gt;&quot;<\/title>/);
  });
});
