import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { FrameLocator, Locator, Page } from 'playwright-core';
import { systemClock } from '../../../src/adapters/clock/systemClock.ts';
import { until } from '../reactor.ts';
import { projectRoot } from './codeServer.ts';

const EXTENSION = 'reactor.reactor';
const PATIENCE_MS = 120_000;
const ROW_LOOK_MS = 5000;
const PALETTE_FIRST_LOOK_MS = 2000;
const PALETTE_LONGEST_LOOK_MS = 20_000;

const succeeds = (work: Promise<unknown>): Promise<boolean> =>
  work.then(
    () => true,
    () => false,
  );

/** The workbench as a person sees it: every word here is on the screen or read out by a screen reader. */
export class Workbench {
  readonly page: Page;

  constructor(page: Page) {
    this.page = page;
  }

  /** Opens an address of the workbench and waits until it is drawn. */
  async open(url: string): Promise<void> {
    await this.page.goto(url);
    await this.drawn();
  }

  /** Loads the window again as a person does. Reloading the page alone would not always give the editor time to keep its layout. */
  async reload(): Promise<void> {
    const loaded = this.page.waitForEvent('load');
    await this.palette('Developer: Reload Window');
    await loaded;
    await this.drawn();
  }

  private async drawn(): Promise<void> {
    await this.page.locator('.monaco-workbench').waitFor();
    await this.#icon.waitFor();
  }

  /** Runs a command by the keyboard: F1, its title, Enter. */
  async palette(title: string): Promise<void> {
    const row = this.quickRow(title);
    // The palette lists what there was when it was opened, and closes when an editor that has just been loaded takes the focus. Extensions,
    // and what depends on their state, come some time after the window is drawn. So it is opened anew until the command is there, and looked
    // at longer each time, since a machine that has much to do draws it late.
    let timeout = PALETTE_FIRST_LOOK_MS;
    for (const end = systemClock.monotonic() + PATIENCE_MS; ; await this.page.keyboard.press('Escape')) {
      await this.page.keyboard.press('F1');
      const typed = this.quickInput.fill(`>${title}`, { timeout }).then(() => row.waitFor({ timeout }));
      if (await succeeds(typed)) break;
      timeout = Math.min(timeout * 2, PALETTE_LONGEST_LOOK_MS);
      if (systemClock.monotonic() > end) throw new Error(`the palette has no command “${title}”`);
    }
    await this.#take(row);
  }

  /** Enter takes the row that has the focus, which is another one when the editor sorts it first. */
  async #take(row: Locator): Promise<void> {
    const looks = (await row.getAttribute('class')) ?? '';
    if (/\bfocused\b/.test(looks)) await this.page.keyboard.press('Enter');
    else await row.click();
  }

  /** Changes the colours as a person does. @param shown what the page's body is called then */
  async theme(name: string, shown: string): Promise<void> {
    await this.palette('Preferences: Color Theme');
    await this.asked(/^Select Color Theme/);
    await this.quickInput.fill(name);
    await this.#take(this.quickRow(name));
    await this.webview.locator(`body.${shown}`).waitFor();
  }

  /** The text field of the palette, a quick pick or an input box. */
  get quickInput(): Locator {
    return this.page
      .locator('.quick-input-widget:visible input.input:visible, .quick-input-widget:visible .quick-input-box input:visible')
      .first();
  }

  /** Rows of the quick pick with this text. */
  quickRow(text: string | RegExp): Locator {
    return this.page.locator('.quick-input-widget .quick-input-list .monaco-list-row').filter({ hasText: text }).first();
  }

  /** Waits until a question is asked. */
  async asked(question: string | RegExp): Promise<void> {
    const titled = this.page.locator('.quick-input-widget:visible').filter({ hasText: question });
    await titled.or(this.page.getByPlaceholder(question)).first().waitFor();
  }

  /** Types an answer and presses Enter; waits for the question first, so that nothing goes to an earlier one. */
  async answer(question: string | RegExp, text: string): Promise<void> {
    await this.asked(question);
    await this.quickInput.fill(text);
    await this.page.keyboard.press('Enter');
  }

  /** Runs a task as most are run: its prompt, then Enter for the first row of how. Leaves the sidebar open. */
  async runTask(prompt: string, how: string | RegExp = 'Run with:'): Promise<void> {
    await this.palette('Reactor: Run Reactor Task…');
    await this.answer('What should the agent do?', prompt);
    await this.quickRow(how).waitFor();
    await this.page.keyboard.press('Enter');
    await this.showSidebar();
  }

  /** The id of the task with this title, once it has a cell. */
  async taskOf(title: string): Promise<string> {
    const found = /TASK-\d+/.exec((await this.treeItem('Cells', title).textContent()) ?? '');
    if (found === null) throw new Error(`the cell of “${title}” names no task`);
    return found[0];
  }

  /** Shows Reactor's views by its icon in the activity bar. */
  async showSidebar(): Promise<void> {
    if ((await this.#icon.getAttribute('aria-selected')) !== 'true') await this.#icon.click();
  }

  get #icon(): Locator {
    return this.page.locator('.part.activitybar').getByRole('tab', { name: /^Reactor\b/ });
  }

  /** A view of the sidebar by its title. */
  tree(name: string): Locator {
    return this.page.getByRole('tree', { name });
  }

  treeItem(tree: string, text: string | RegExp): Locator {
    return this.tree(tree).getByRole('treeitem').filter({ hasText: text }).first();
  }

  /** An inline action of a row, shown when the pointer is on it. */
  async rowAction(row: Locator, name: string | RegExp): Promise<void> {
    const button = row.getByRole('button', { name }).first();
    // The button is there while the pointer is on the row, and the row moves from under it when others come or go: then it is followed.
    await until(`“${name}” of the row is pressed`, async () => {
      await row.hover();
      return succeeds(button.click({ timeout: ROW_LOOK_MS }));
    });
  }

  /** An action of a row's context menu. */
  async rowMenu(row: Locator, name: string | RegExp): Promise<void> {
    await row.click({ button: 'right' });
    // By key: for a moment after it was opened, a menu takes no notice of the pointer's button.
    await this.page.getByRole('menuitem', { name }).first().hover();
    await this.page.keyboard.press('Enter');
  }

  /** Shows what is below a row. A click on the row itself would also do what the row is for. */
  async expand(row: Locator): Promise<void> {
    await row.waitFor();
    if ((await row.getAttribute('aria-expanded')) === 'false') await row.locator('.monaco-tl-twistie').click();
  }

  status(id: string): Locator {
    return this.page.locator(`[id="${EXTENSION}.${id}"]`);
  }

  notification(text: string | RegExp): Locator {
    return this.page.locator('.notification-toast').filter({ hasText: text }).first();
  }

  /** The modal dialog with this text. */
  dialog(text: string | RegExp): Locator {
    return this.page.getByRole('dialog').filter({ hasText: text }).first();
  }

  /** The page of the webview that is shown. */
  get webview(): FrameLocator {
    return this.page.frameLocator('iframe.webview.ready').frameLocator('#active-frame');
  }

  /** Text of each row of a tree that is drawn, top to bottom. */
  async rows(tree: string): Promise<string[]> {
    return (await this.tree(tree).getByRole('treeitem').allInnerTexts()).map((text) => text.replaceAll(/\s+/g, ' ').trim());
  }

  /** Takes a picture of the whole window, into out/screenshots. @returns its file */
  async picture(name: string): Promise<string> {
    const folder = join(projectRoot, 'out', 'screenshots');
    mkdirSync(folder, { recursive: true });
    const path = join(folder, `${name}.png`);
    await this.page.screenshot({ path });
    return path;
  }
}
