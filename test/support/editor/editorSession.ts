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

interface EditorSessionOptions {
  /** More for the environment; undefined takes a variable away. */
  readonly env?: NodeJS.ProcessEnv;
  /** False: the editor asks whether a folder is trusted. */
  readonly trust?: boolean;
}

/** A room with a scripted model and repositories, and in it a real editor with the packaged extension and a browser that shows it. */
export class EditorSession {
  readonly reactor: Reactor;
  /** The first window. */
  readonly workbench: Workbench;
  readonly #server: CodeServer;
  readonly #browser: Browser;

  private constructor(reactor: Reactor, server: CodeServer, browser: Browser) {
    this.reactor = reactor;
    this.#server = server;
    this.#browser = browser;
    this.workbench = new Workbench(browser.page);
  }

  static async open(script: ModelScript, options: EditorSessionOptions = {}): Promise<EditorSession> {
    const vsix = await packagedExtension();
    const reactor = await Reactor.open(script, { REACTOR_UNATTENDED_MS: UNATTENDED_MS, ...agentServer(), ...options.env });
    const home = makeEditorHome(join(reactor.root, 'ed'), reactor.env);
    let server: CodeServer | null = null;
    try {
      await installExtension(home, vsix);
      server = await CodeServer.start(home, options.trust === false ? [] : ['--disable-workspace-trust']);
      return new EditorSession(reactor, server, await Browser.launch(home));
    } catch (error) {
      await server?.stop();
      await reactor.close();
      throw error;
    }
  }

  /** Shows a folder or a `.code-workspace` file (nothing when null) in the first window. */
  async show(open: string | null): Promise<Workbench> {
    await this.workbench.open(this.#server.url(open));
    return this.workbench;
  }

  /** Shows a folder in one more window. */
  async showBeside(open: string): Promise<Workbench> {
    const beside = new Workbench(await this.#browser.context.newPage());
    await beside.open(this.#server.url(open));
    return beside;
  }

  /** Leaves every window but the first. */
  async closeBeside(): Promise<void> {
    await this.#browser.closePages((page) => page !== this.workbench.page);
  }

  /** To be called after each test: leaves pictures and the editor's output behind when it has failed. */
  async keepEvidence({ currentTest }: Context): Promise<void> {
    if (currentTest?.state !== 'failed') return;
    const name = `failed-${currentTest.title.replaceAll(/\W+/g, '-').slice(0, 50)}`;
    for (const [index, page] of this.#browser.context.pages().entries()) {
      const picture = await new Workbench(page).picture(index === 0 ? name : `${name}-${index + 1}`);
      if (index === 0) writeFileSync(picture.replace(/png$/, 'log'), this.#server.output);
    }
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
