import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Context } from 'mocha';
import { packageExtension } from '../../../scripts/packageExtension.ts';
import { Reactor } from '../reactor.ts';
import type { ModelScript } from '../scriptedModel.ts';
import { agentServer } from './agentServer.ts';
import { Browser } from './browser.ts';
import { CodeServer, installExtension, projectRoot } from './codeServer.ts';
import { makeEditorHome } from './editorHome.ts';
import { Workbench } from './workbench.ts';

/** A person who sits at the window may take their time; a window that is loaded again is away for some seconds. */
const UNATTENDED_MS = '60000';

let packaged: Promise<string> | undefined;

/** The package as users get it, made once per process. @returns its file */
function packagedExtension(): Promise<string> {
  const file = join(projectRoot, 'out', 'reactor.vsix');
  packaged ??= packageExtension(file).then(() => file);
  return packaged;
}

/** A room with a scripted model and repositories, and in it a real editor with the packaged extension and a browser that shows it. */
export class EditorSession {
  readonly reactor: Reactor;
  readonly workbench: Workbench;
  readonly #server: CodeServer;
  readonly #browser: Browser;

  private constructor(name: string, reactor: Reactor, server: CodeServer, browser: Browser) {
    this.reactor = reactor;
    this.#server = server;
    this.#browser = browser;
    this.workbench = new Workbench(browser.page, name);
  }

  /**
   * @param name goes into the names of screenshots
   * @param options.env more for the environment; undefined takes a variable away
   */
  static async open(
    name: string,
    script: ModelScript,
    options: { readonly env?: NodeJS.ProcessEnv; readonly settings?: Readonly<Record<string, unknown>>; readonly trust?: boolean } = {},
  ): Promise<EditorSession> {
    const vsix = await packagedExtension();
    const reactor = await Reactor.open(script, { REACTOR_UNATTENDED_MS: UNATTENDED_MS, ...agentServer(), ...options.env });
    const home = makeEditorHome(join(reactor.root, 'ed'), reactor.env, { settings: options.settings ?? {} });
    let server: CodeServer | null = null;
    try {
      await installExtension(home, vsix);
      server = await CodeServer.start(home, options.trust === false ? [] : ['--disable-workspace-trust']);
      return new EditorSession(name, reactor, server, await Browser.launch(home));
    } catch (error) {
      await server?.stop();
      await reactor.close();
      throw error;
    }
  }

  /** Shows a folder or a `.code-workspace` file (nothing when null) in the one window. */
  async show(open: string | null): Promise<Workbench> {
    await this.workbench.open(this.#server.url(open));
    return this.workbench;
  }

  /** To be called after each test: leaves a picture and the editor's output behind when it has failed. */
  async keepEvidence(context: Context): Promise<void> {
    if (context.currentTest?.state !== 'failed') return;
    const name = `failed-${context.currentTest.title.replaceAll(/\W+/g, '-').slice(0, 50)}`;
    const picture = await this.workbench.picture(name);
    writeFileSync(picture.replace(/png$/, 'log'), this.#server.output);
  }

  async close(): Promise<void> {
    try {
      await this.#browser.stop();
      await this.#server.stop();
    } finally {
      await this.reactor.close();
    }
  }
}
