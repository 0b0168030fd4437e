import assert from 'node:assert/strict';
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { LogFields } from '../../../src/base/log.ts';
import { ProjectConfig } from '../../../src/core/model/projectConfig.ts';
import { HostMessage } from '../../../src/protocol/panelMessages.ts';
import type { PanelTab } from '../../../src/protocol/panelShapes.ts';
import { openPanel } from '../../../src/vscode/panel/openPanel.ts';
import type { PanelHost } from '../../../src/vscode/panel/panelDeps.ts';
import { ManualClock } from '../cli/manualClock.ts';
import type { FakePanelModel } from './fakePanelModel.ts';
import { FakePanelEditor, type FakeWebview } from './fakeWebview.ts';

/** Time that stands still for what is scheduled, and lets other work go on at once. */
class PatientClock extends ManualClock {
  override sleep(): Promise<void> {
    return nextTurn();
  }
}

/** The panel of a model, opened in a fake editor; every message to the page is parsed as the page would. */
export class OpenedPanel {
  readonly editor: FakePanelEditor;
  readonly clock = new PatientClock(1_000_000);
  readonly logged: { readonly message: string; readonly fields: LogFields | undefined }[] = [];
  readonly webview: FakeWebview;
  readonly host: PanelHost;
  patches: Parameters<PanelHost['patch']>[1][] = [];
  patch = '';

  constructor(model: FakePanelModel, tab?: PanelTab, editor = new FakePanelEditor()) {
    this.editor = editor;
    this.host = {
      clock: this.clock,
      log: { log: (_level, message, fields) => this.logged.push({ message, fields }) },
      patch: (_folder, range) => {
        this.patches.push(range);
        return Promise.resolve({ text: this.patch, truncated: false });
      },
      config: () => Promise.resolve({ config: ProjectConfig.parse({ budgets: { perDayUsd: 2 } }), file: null }),
      dataFolder: () => Promise.resolve('/data'),
    };
    openPanel(editor.deps(model, this.host), tab);
    const webview = editor.panels.at(-1);
    assert.ok(webview !== undefined);
    this.webview = webview;
  }

  get messages(): HostMessage[] {
    return this.webview.posted.map((message) => HostMessage.parse(message));
  }

  of<T extends HostMessage['type']>(type: T): Extract<HostMessage, { type: T }>[] {
    return this.messages.filter((message): message is Extract<HostMessage, { type: T }> => message.type === type);
  }

  /** The page has loaded, shows the lanes, and has every span. */
  async load(): Promise<void> {
    this.webview.say({ type: 'ready', protocol: 1 });
    await this.until(() => this.of('snapshot').length > 0);
    const snapshot = this.of('snapshot').at(-1);
    this.webview.say({ type: 'painted', generation: snapshot?.generation });
    await this.until(() => snapshot?.lanes.every(({ run }) => this.isDone(run, snapshot.generation)) ?? false);
  }

  isDone(run: string, generation: number): boolean {
    return this.of('spans').some((message) => message.run === run && message.generation === generation && message.done);
  }

  /** The answer to a request. */
  async ask(question: Record<string, unknown>): Promise<HostMessage> {
    const request = this.webview.posted.length + 1000;
    this.webview.say({ ...question, request });
    const find = () => this.messages.find((message) => 'request' in message && message.request === request);
    await this.until(() => find() !== undefined);
    const answer = find();
    assert.ok(answer !== undefined);
    return answer;
  }

  async until(isSo: () => boolean): Promise<void> {
    for (let turn = 0; turn < 5000; turn += 1) {
      if (isSo()) return;
      await nextTurn();
    }
    assert.fail(`it did not come to pass; posted: ${this.messages.map(({ type }) => type).join(', ')}`);
  }

  /** Lets everything that is under way come to its end. */
  async settle(): Promise<void> {
    for (let turn = 0; turn < 50; turn += 1) await nextTurn();
  }
}
