import { join } from 'node:path';
import { type BrowserContext, chromium, type Page } from 'playwright-core';
import { ensureChromium } from '../../../scripts/ensureChromium.ts';
import type { EditorHome } from './editorHome.ts';

const quiet = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

/** Slow machines show a page late; what never comes is found by this limit. */
const ACTION_LIMIT_MS = 120_000;

/** Chromium with one page. */
export class Browser {
  readonly context: BrowserContext;
  readonly page: Page;

  private constructor(context: BrowserContext, page: Page) {
    this.context = context;
    this.page = page;
  }

  static async launch(home: EditorHome): Promise<Browser> {
    const context = await chromium.launchPersistentContext(join(home.path, 'chromium'), {
      executablePath: ensureChromium(),
      headless: true,
      viewport: { width: 1400, height: 900 },
      env: Object.fromEntries(Object.entries(home.env).filter((entry): entry is [string, string] => entry[1] !== undefined)),
      args: quiet,
    });
    context.setDefaultTimeout(ACTION_LIMIT_MS);
    return new Browser(context, context.pages()[0] ?? (await context.newPage()));
  }

  /** Leaves pages before it closes them: that is what ends an extension host, which else waits for hours for its page to come back. */
  async closePages(which: (page: Page) => boolean): Promise<void> {
    for (const page of this.context.pages().filter(which)) {
      await page.goto('about:blank').catch(() => {});
      await page.close();
    }
  }

  async stop(): Promise<void> {
    for (const page of this.context.pages()) await page.goto('about:blank').catch(() => {});
    await this.context.close();
  }
}
