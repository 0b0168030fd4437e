import assert from 'node:assert/strict';
import type { Server } from 'node:http';
import { after, afterEach, before, describe, it } from 'mocha';
import type { Browser, Page } from 'playwright-core';
import { FakePanelModel } from '../support/panel/fakePanelModel.ts';
import { openOnPage, type PanelOnPage, servePanel, startBrowser } from './panelHarness/panelHarness.ts';
import { sampleJournal } from './panelHarness/panelSample.ts';

const trees = { base: 'a'.repeat(40), first: '1'.repeat(40), second: '2'.repeat(40) };

describe('the frame of the panel in a browser', function () {
  this.timeout(120_000);
  let browser: Browser;
  let served: { readonly origin: string; readonly server: Server };
  const pages: Page[] = [];
  before(async () => {
    served = await servePanel();
    browser = await startBrowser();
  });
  after(async () => {
    await browser.close();
    served.server.close();
  });
  afterEach(async () => {
    for (const page of pages.splice(0)) await page.close();
  });

  const open = async (): Promise<PanelOnPage> => {
    const model = new FakePanelModel(sampleJournal(Date.now(), trees).entries);
    const opened = await openOnPage(browser, served.origin, model, { theme: 'dark', width: 1200, height: 700 });
    pages.push(opened.page);
    return opened;
  };

  it('says what it does until it knows the runs, with the keyboard there, and gives that on', async () => {
    const { page, webview } = await open();
    await page.locator('.lane-scroller:focus').waitFor();
    const { deliver } = webview;
    const held: unknown[] = [];
    webview.deliver = (message) => void held.push(message);
    await page.reload();
    await page.locator('p[role=status]:focus').filter({ hasText: 'Reading the runs' }).waitFor();
    webview.deliver = deliver;
    for (const message of held) deliver?.(message);
    await page.locator('.lane-scroller:focus').waitFor();
  });

  it('keeps the lines of a lane inside it, and nothing beyond the sides, in a panel as narrow as a sidebar', async () => {
    const { page } = await open();
    await page.getByRole('option', { name: /TASK-010.*, unsandboxed/ }).waitFor();
    const sizes = () =>
      page.evaluate(`[...document.querySelectorAll('.lane-label')].map((lane) => [
        [...lane.children].length,
        Math.round([...lane.children].reduce((sum, line) => sum + line.getBoundingClientRect().height, 0)),
      ].join()).filter((size, at, all) => all.indexOf(size) === at)`);
    assert.deepEqual(await sizes(), ['3,51']);
    await page.setViewportSize({ width: 300, height: 600 });
    await page.locator('.split.stacked').waitFor();
    // By key alone a person comes to everything in the bar: what stuck out would push the page aside.
    await page.getByLabel('As table').first().focus();
    assert.deepEqual(await page.evaluate('[document.body.scrollLeft, document.querySelector("#panel").scrollLeft]'), [0, 0]);
    assert.deepEqual(await sizes(), ['3,51']);
  });

  it('has a divider that moves by key, tells where it stands, and lies across where it is narrow', async () => {
    const { page } = await open();
    const divider = page.getByRole('separator', { name: 'Divider of timeline and details' });
    const facts = async () => Promise.all(['aria-valuenow', 'aria-orientation'].map((name) => divider.getAttribute(name)));
    await divider.focus();
    assert.deepEqual(await facts(), ['72', 'vertical']);
    for (const key of ['ArrowLeft', 'ArrowLeft', 'PageUp', 'ArrowUp']) await page.keyboard.press(key);
    assert.deepEqual(await facts(), ['58', 'vertical']);
    const shown = await page.locator('.pane').first().boundingBox();
    assert.equal(Math.round(((shown?.width ?? 0) / 1200) * 100), 58);
    await page.keyboard.press('Enter');
    assert.deepEqual(await facts(), ['72', 'vertical']);
    await page.setViewportSize({ width: 420, height: 700 });
    await page.locator('.split.stacked').waitFor();
    await page.keyboard.press('ArrowUp');
    assert.deepEqual(await facts(), ['70', 'horizontal']);
  });
});
