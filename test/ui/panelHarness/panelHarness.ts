import { readFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { basename, extname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Browser, chromium, type Page } from 'playwright-core';
import { ensureChromium } from '../../../scripts/ensureChromium.ts';
import { systemClock } from '../../../src/adapters/clock/systemClock.ts';
import { silentLog } from '../../../src/base/log.ts';
import { ProjectConfig } from '../../../src/core/model/projectConfig.ts';
import { openPanel } from '../../../src/vscode/panel/openPanel.ts';
import type { PanelHost } from '../../../src/vscode/panel/panelDeps.ts';
import { panelHtml } from '../../../src/vscode/panel/panelHtml.ts';
import type { FakePanelModel } from '../../support/panel/fakePanelModel.ts';
import { FakePanelEditor, type FakeWebview } from '../../support/panel/fakeWebview.ts';
import { panelThemes } from './panelThemes.ts';

const built = fileURLToPath(new URL('../../../dist/webview', import.meta.url));
const types: Readonly<Record<string, string>> = { '.js': 'text/javascript', '.css': 'text/css', '.ttf': 'font/ttf' };

const browserFlags = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

/** Starts Chromium. The caller closes it. */
export const startBrowser = (): Promise<Browser> => chromium.launch({ executablePath: ensureChromium(), args: browserFlags });

/** Serves the built panel and its page under the page's real policy. */
export async function servePanel(): Promise<{ readonly origin: string; readonly server: Server }> {
  const server = createServer((request, response) => {
    const name = basename(new URL(request.url ?? '/', 'http://local').pathname);
    if (name === '') {
      const origin = `http://${request.headers.host}`;
      const page = { cspSource: origin, script: '/panel.js', styles: '/panel.css', icons: '/codicon.css', title: 'Reactor' };
      response.setHeader('content-type', 'text/html').end(panelHtml(page));
      return;
    }
    readFile(join(built, name)).then(
      (content) => response.setHeader('content-type', types[extname(name)] ?? 'text/plain').end(content),
      () => response.writeHead(404).end(),
    );
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return { origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, server };
}

export interface PanelOnPage {
  readonly page: Page;
  readonly webview: FakeWebview;
  readonly editor: FakePanelEditor;
  /** What the page complained about: errors, refused resources. */
  readonly complaints: string[];
}

export interface PageOptions {
  readonly theme: keyof typeof panelThemes;
  readonly width: number;
  readonly height: number;
  readonly patch?: PanelHost['patch'];
  readonly budgetPerDayUsd?: number;
  /** What the editor kept of the page that was here before. */
  readonly state?: unknown;
  readonly reducedMotion?: boolean;
}

/** Opens the real panel on a model, in a page of its own: the host's code runs here, the page's code in the browser. */
export async function openOnPage(browser: Browser, origin: string, model: FakePanelModel, options: PageOptions): Promise<PanelOnPage> {
  const editor = new FakePanelEditor();
  const host: PanelHost = {
    clock: systemClock,
    log: silentLog,
    patch: options.patch ?? (() => Promise.resolve({ text: '', truncated: false })),
    config: () => Promise.resolve({ config: ProjectConfig.parse({ budgets: { perDayUsd: options.budgetPerDayUsd } }), file: null }),
    dataFolder: () => Promise.resolve('/data'),
  };
  openPanel(editor.deps(model, host));
  const [webview] = editor.panels;
  if (webview === undefined) throw new Error('no panel was opened');
  const page = await browser.newPage({
    viewport: { width: options.width, height: options.height },
    reducedMotion: options.reducedMotion === true ? 'reduce' : 'no-preference',
  });
  const complaints: string[] = [];
  page.on('pageerror', (error) => complaints.push(error.message));
  page.on('console', (message) => {
    if (message.type() === 'error' || message.type() === 'warning') complaints.push(message.text());
  });
  await page.exposeFunction('sayToHost', (message: unknown) => webview.say(message));
  webview.deliver = (message) => {
    page.evaluate(`window.postMessage(receiveFromHost(${JSON.stringify(encode(message))}), '*')`).catch(() => undefined);
  };
  const { bodyClass, variables } = panelThemes[options.theme];
  await page.addInitScript(`(${pageSide.toString()})(${JSON.stringify({ bodyClass, variables, state: options.state ?? null })})`);
  await page.goto(origin);
  return { page, webview, editor, complaints };
}

/** Typed arrays as text, since messages between the processes here are JSON; the editor passes them as they are. */
function encode(value: unknown): unknown {
  if (ArrayBuffer.isView(value)) {
    const bytes = Buffer.from(value.buffer, value.byteOffset, value.byteLength).toString('base64');
    return { $array: value.constructor.name, bytes };
  }
  if (Array.isArray(value)) return value.map(encode);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, part]) => [key, encode(part)]));
}

/** Runs in the page before anything else: stands in for what the editor puts there. */
function pageSide(given: { bodyClass: string; variables: Record<string, string>; state: unknown }): void {
  const page = globalThis as unknown as Record<string, unknown> & {
    document: {
      documentElement: { style: { setProperty(name: string, value: string): void } };
      body: { className: string };
      addEventListener(type: string, run: () => void): void;
    };
    atob(text: string): string;
    sayToHost(message: unknown): Promise<void>;
  };
  const arrays: Record<string, new (buffer: ArrayBuffer) => unknown> = { Float64Array, Uint8Array, Uint32Array };
  page['receiveFromHost'] = function decode(value: unknown): unknown {
    if (Array.isArray(value)) return value.map(decode);
    if (typeof value !== 'object' || value === null) return value;
    const { $array, bytes } = value as { $array?: string; bytes?: string };
    const make = $array === undefined ? undefined : arrays[$array];
    if (make !== undefined) return new make(Uint8Array.from(page.atob(bytes ?? ''), (character) => character.charCodeAt(0)).buffer);
    return Object.fromEntries(Object.entries(value).map(([key, part]) => [key, decode(part)]));
  };
  let state = given.state;
  page['acquireVsCodeApi'] = () => ({
    postMessage: (message: unknown) => void page.sayToHost(message),
    getState: () => state,
    setState: (next: unknown) => {
      state = next;
      page['keptState'] = next;
    },
  });
  page.document.addEventListener('DOMContentLoaded', () => {
    page.document.body.className = given.bodyClass;
    for (const [name, value] of Object.entries(given.variables)) {
      if (value !== '') page.document.documentElement.style.setProperty(`--vscode-${name}`, value);
    }
  });
}
