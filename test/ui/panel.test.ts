import assert from 'node:assert/strict';
import type { Server } from 'node:http';
import { after, afterEach, before, describe, it } from 'mocha';
import type { Browser, Page } from 'playwright-core';
import { event } from '../../src/core/journal/events.ts';
import { FakePanelModel } from '../support/panel/fakePanelModel.ts';
import { zoomFrames } from './panelHarness/panelFrames.ts';
import { openOnPage, type PageOptions, type PanelOnPage, servePanel, startBrowser } from './panelHarness/panelHarness.ts';
import { hostileTitle, largeJournal, sampleJournal } from './panelHarness/panelSample.ts';

const trees = { base: 'a'.repeat(40), first: '1'.repeat(40), second: '2'.repeat(40) };
const patch = `diff --git a/a.ts b/a.ts
--- a/a.ts
+++ b/a.ts
@@ -1 +1 @@
-one
+<img src=x onerror="document.title='run'">
@@ -9,2 +9,2 @@
-nine
+9
 ten
diff --git a/b.bin b/b.bin
index 1..2 100644
Binary files a/b.bin and b/b.bin differ
`;

describe('the panel in a browser', function () {
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

  const open = async (model: FakePanelModel, options: Partial<PageOptions> = {}): Promise<PanelOnPage> => {
    const opened = await openOnPage(browser, served.origin, model, {
      theme: 'dark',
      width: 1200,
      height: 700,
      patch: () => Promise.resolve({ text: patch, truncated: false }),
      ...options,
    });
    pages.push(opened.page);
    return opened;
  };
  const sample = () => new FakePanelModel(sampleJournal(Date.now(), trees).entries);
  const timeline = (page: Page) => page.getByRole('application', { name: /Timeline of runs/ });

  it('shows every run, keeps hostile text text, and breaks no rule of its policy', async () => {
    const { page, complaints } = await open(sample());
    // The list is filled once its height is known.
    await page.getByRole('option', { name: /TASK-007/ }).waitFor();
    const titles = await page.getByRole('option').locator('.clip:not(.faint)').allTextContents();
    assert.deepEqual(titles.slice(0, 4), [
      'Rename the flag everywhere',
      'Structured logging',
      hostileTitle.replace('\u202E', '�'),
      'Add JWT auth',
    ]);
    await page.getByRole('option', { name: /TASK-008/ }).click();
    for (const tab of ['Diff', 'Costs', 'Conversation']) {
      await page.getByRole('tab', { name: tab }).click();
      await page
        .locator({ Diff: '.hunk', Costs: '.figure', Conversation: '.entry' }[tab] ?? '')
        .first()
        .waitFor();
    }
    assert.deepEqual([await page.title(), await page.locator('img').count(), complaints], ['Reactor', 0, []]);
  });

  it('runs no script of a diff, a file name or an agent, shows what they hide, and its policy lets in none that got into the page', async () => {
    const name = '<script>document.title=2</script>\u202e.ts';
    const hostile = `diff --git a/x b/${name}\n--- a/x\n+++ b/${name}\n@@ -1 +1 @@\n-one\n+<svg onload="document.title='3'">\u202e\u001b[2J</svg>\n`;
    const { page, complaints } = await open(sample(), { patch: () => Promise.resolve({ text: hostile, truncated: false }) });
    await page.getByRole('option', { name: /TASK-008/ }).click();
    await page.getByRole('tab', { name: 'Diff' }).click();
    await page.locator('.hunk').first().waitFor();
    const shown = (await page.locator('.diff-file').allTextContents()).join('');
    assert.match(shown, /<script>document\.title=2<\/script><U\+202E>\.ts/);
    assert.match(shown, /<svg onload="document\.title='3'">��\[2J<\/svg>/);
    assert.deepEqual([await page.title(), complaints], ['Reactor', []]);
    // Even markup that got past everything else could not run.
    const refused = await page.evaluate(`new Promise((resolve) => {
      const found = [];
      addEventListener('securitypolicyviolation', ({ effectiveDirective }) => {
        found.push(effectiveDirective);
        if (new Set(found).size === 6) resolve([...new Set(found)].sort());
      });
      const box = document.createElement('div');
      box.innerHTML = '<img src="https://evil.example/x.png" onerror="document.title=4"><iframe src="https://evil.example/"></iframe><style>p{}</style>';
      document.body.append(box);
      const script = document.createElement('script');
      script.textContent = 'document.title = 5';
      document.body.append(script);
      fetch('https://evil.example/').catch(() => {});
    })`);
    assert.deepEqual(refused, ['connect-src', 'frame-src', 'img-src', 'script-src-attr', 'script-src-elem', 'style-src-elem']);
    assert.equal(await page.title(), 'Reactor');
  });

  it('gives the keyboard to what the tab is for when it opens, and back to it from the detail', async () => {
    const { page } = await open(sample());
    await page.locator('.lane-scroller:focus').waitFor();
    await page.getByText(/^reading .* run/).waitFor({ state: 'detached' });
    await page.keyboard.press('n');
    await page.keyboard.press('Enter');
    await page.locator('.detail-pane:focus').waitFor();
    await page.keyboard.press('Escape');
    await page.locator('.lane-scroller:focus').waitFor();
    await page.getByRole('tab', { name: 'Timeline' }).press('ArrowRight');
    await page.keyboard.press('Enter');
    // Whoever goes through the tabs stays there.
    await page.locator('.hunk, .padded').first().waitFor();
    await page.locator('vscode-tab-header:focus').filter({ hasText: 'Diff' }).waitFor();
  });

  it('does not scroll its lanes while it opens', async () => {
    const { page } = await open(sample());
    await page.addInitScript(`
      window.scrolled = [];
      addEventListener('scroll', ({ target }) => window.scrolled.push(target.className), true);
    `);
    await page.reload();
    await page.getByRole('option', { name: /TASK-007/ }).waitFor();
    assert.deepEqual(await page.evaluate('window.scrolled'), []);
  });

  it('is used by key alone: runs, spans, their detail, and the table that says the same', async () => {
    const { page } = await open(sample());
    await timeline(page).focus();
    for (let down = 0; down < 3; down += 1) await page.keyboard.press('ArrowDown');
    await page.getByText(/^reading .* run/).waitFor({ state: 'detached' });
    for (let next = 0; next < 10; next += 1) await page.keyboard.press('n');
    // What is announced follows what is shown by a frame. It is there for the ear only.
    const announced = page.getByRole('status').filter({ hasText: /^TASK-007, attempt 1, .*, 10 of \d+$/ });
    await announced.waitFor({ state: 'attached' });
    await page.getByLabel('As table').first().click();
    const row = page.getByRole('row', { selected: true });
    await row.waitFor();
    await row.focus();
    // The focus goes along to rows that were not there before, so that each next key is heard.
    for (const [key, article] of [
      ['End', 'teardown, done'],
      ['Home', 'queued, done'],
      ['End', 'teardown, done'],
    ] as const) {
      await page.keyboard.press(key);
      await page.getByRole('article', { name: article }).waitFor();
      await page.locator('tr[aria-selected=true]:focus').waitFor();
    }
    // The picked row may be scrolled out of sight; the keys still go on from it.
    await page.locator('.span-table').evaluate((table) => table.scrollTo({ top: 0 }));
    await page.locator('tr[aria-selected=true]').waitFor({ state: 'detached' });
    await page.keyboard.press('End');
    await page.locator('tr[aria-selected=true]:focus').waitFor();
  });

  it('rejects hunks by key and sends what is left out, naming the tree that was seen', async () => {
    const model = sample();
    const { page } = await open(model);
    await page.getByRole('option', { name: /TASK-008/ }).click();
    await page.getByRole('tab', { name: 'Diff' }).click();
    const hunk = page.getByRole('group', { name: /^Hunk 1/ });
    await hunk.focus();
    await page.keyboard.press('j');
    await page.keyboard.press('Space');
    await page.getByRole('group', { name: /Hunk 2, .*, rejected/ }).waitFor();
    await page.getByText('1 change rejected').waitFor();
    await page.getByRole('button', { name: 'Make New Candidate' }).press('Enter');
    await page.getByText('1 change rejected').waitFor({ state: 'detached' });
    // The button that had the keyboard is gone.
    await page.locator('.diff:focus').waitFor();
    assert.deepEqual(model.requests, [
      { method: 'revise', params: { run: 'TASK-008-r1', tree: trees.second, rejected: [{ path: 'a.ts', hunks: [1] }] } },
    ]);
  });

  it('takes no part out of a diff that is not shown to its end, by key as by pointer', async () => {
    const model = sample();
    const { page } = await open(model, { patch: () => Promise.resolve({ text: patch, truncated: true }) });
    await page.getByRole('option', { name: /TASK-008/ }).click();
    await page.getByRole('tab', { name: 'Diff' }).click();
    const hunk = page.getByRole('group', { name: /^Hunk 1/ });
    await hunk.focus();
    await page.keyboard.press('Space');
    await page.keyboard.press('x');
    // What a key does is there before the next one is heard.
    await page.keyboard.press('c');
    await page.getByRole('textbox', { name: 'Comment on line 1' }).waitFor();
    assert.deepEqual(
      [
        await page.locator('.rejected, .reject-bar').count(),
        await page.locator('.diff-file').getByRole('checkbox').count(),
        model.requests,
      ],
      [0, 0, []],
    );
  });

  it('keeps what was rejected and half written over a page that goes and comes, and tells when the candidate was replaced', async () => {
    const first = await open(sample());
    await first.page.getByRole('option', { name: /TASK-008/ }).click();
    await first.page.getByRole('tab', { name: 'Diff' }).click();
    await first.page.getByRole('group', { name: /^Hunk 2/ }).focus();
    await first.page.keyboard.press('Space');
    await first.page.keyboard.press('c');
    await first.page.getByRole('textbox', { name: 'Comment on line 9' }).pressSequentially('why');
    const state = await first.page.evaluate('window.keptState');
    const journal = sampleJournal(Date.now(), trees);
    const model = new FakePanelModel(journal.entries);
    const { page, complaints } = await open(model, { state });
    await page.getByText('1 change rejected').waitFor();
    const field = page.getByRole('textbox', { name: 'Comment on line 9' });
    await field.waitFor();
    assert.deepEqual(
      [await field.inputValue(), await page.evaluate("document.activeElement?.localName !== 'vscode-textarea'")],
      ['why', true],
    );
    await field.press('End');
    await field.pressSequentially(' not');
    await page.getByText('@@ 9 → 9 @@').click();
    const known = journal.entries.length;
    const at = { id: 'q1', decision: 'rejected' as const, tree: trees.second, comment: 'no' };
    journal.tell('TASK-008-r1', event('approval/answered', at), 'person:ann');
    model.append(...journal.entries.slice(known));
    const left = page.getByRole('region', { name: 'Not sent' });
    await left.getByText('rejected: a.ts (1 hunk)').waitFor();
    await left.getByText('a.ts, line 9: why not').waitFor();
    assert.equal(await page.getByText('1 change rejected').count(), 0);
    await left.getByRole('button', { name: 'Discard' }).click();
    await left.waitFor({ state: 'detached' });
    assert.deepEqual(complaints, []);
  });

  it('gives the keyboard back to the hunk when a comment is given up', async () => {
    const { page } = await open(sample());
    await page.getByRole('option', { name: /TASK-008/ }).click();
    await page.getByRole('tab', { name: 'Diff' }).click();
    await page.getByRole('group', { name: /^Hunk 1/ }).focus();
    await page.keyboard.press('c');
    const field = page.getByRole('textbox', { name: 'Comment on line 1' });
    await field.pressSequentially('never mind');
    await page.keyboard.press('Escape');
    await field.waitFor({ state: 'detached' });
    await page.keyboard.press('j');
    await page.locator('[data-hunk="1"]:focus').waitFor();
  });

  it('folds and unfolds the whole conversation as often as it is asked to', async () => {
    const { page } = await open(sample());
    await page.getByRole('option', { name: /TASK-007/ }).click();
    await page.getByRole('tab', { name: 'Conversation' }).click();
    const heads = page.locator('.entry-head[aria-expanded]:not([disabled])');
    await heads.first().waitFor();
    const opened = page.locator('.entry-head[aria-expanded=true]:not([disabled])');
    for (let time = 0; time < 2; time += 1) {
      await page.getByRole('button', { name: 'Fold all', exact: true }).click();
      await opened.first().waitFor({ state: 'detached' });
      await heads.first().click();
      await opened.first().waitFor();
      await page.getByRole('button', { name: 'Unfold all' }).click();
      await page.locator('.entry-head[aria-expanded=false]:not([disabled])').first().waitFor({ state: 'detached' });
      await heads.first().click();
    }
  });

  it('follows the conversation as it streams, and finds words in it', async () => {
    const journal = sampleJournal(Date.now(), trees);
    const model = new FakePanelModel(journal.entries);
    const { page } = await open(model);
    await page.getByRole('option', { name: /TASK-010/ }).click();
    await page.getByRole('tab', { name: 'Conversation' }).click();
    await page.locator('.entry').first().waitFor();
    model.live({ run: 'TASK-010-r1', kind: 'text', text: 'I am renaming <b>it</b>' });
    await page.locator('.entry.live', { hasText: 'I am renaming <b>it</b>' }).waitFor();
    const known = journal.entries.length;
    journal.say('TASK-010-r1', 1, 500, { text: 'I am renaming it everywhere.' });
    model.append(...journal.entries.slice(known));
    await page.locator('.entry.message', { hasText: 'everywhere' }).waitFor();
    assert.equal(await page.locator('.entry.live').count(), 0);
    await page.locator('.search input').fill('everywhere renaming');
    await page.getByText('1 match').waitFor();
    assert.deepEqual(await page.locator('mark').allTextContents(), ['renaming', 'everywhere']);
  });

  it('tells costs in charts with tables behind them, by key alone', async () => {
    const { page, complaints } = await open(sample(), { theme: 'contrast', budgetPerDayUsd: 2 });
    await page.getByRole('tab', { name: 'Costs' }).click();
    await page.getByRole('img', { name: /^Left of today’s budget: \$[\d.]+ \+ unpriced spent of \$2\.00; / }).waitFor();
    await page.getByRole('button', { name: 'Weeks' }).press('Enter');
    await page.getByRole('img', { name: /^Cost by model, last 12 weeks: anthropic\/claude-sonnet, openai\/gpt-5-codex/ }).waitFor();
    const trend = page.getByRole('region', { name: 'Trend by model' });
    await trend.getByRole('checkbox', { name: 'As table' }).press('Space');
    await trend.getByRole('table').waitFor();
    assert.equal(await trend.getByRole('row').count(), 13);
    await page.getByRole('button', { name: 'Category' }).press('Space');
    const table = page.getByRole('table', { name: 'Costs by category' });
    assert.ok((await table.getByRole('row').count()) > 1);
    assert.deepEqual([await page.locator('.top-ten li').count(), complaints], [10, []]);
  });

  it('takes comments on lines by key and by pointer, shows them, and lets them be resolved', async () => {
    const { page, editor, complaints } = await open(sample());
    await page.getByRole('option', { name: /TASK-008/ }).click();
    await page.getByRole('tab', { name: 'Diff' }).click();
    await page.getByRole('group', { name: /^Hunk 1/ }).focus();
    await page.keyboard.press('c');
    // Letters go into the field, whatever they do beside it.
    await page.getByRole('textbox', { name: 'Comment on line 1' }).pressSequentially('just ask');
    await page.keyboard.press('Control+Enter');
    const first = page.getByRole('article', { name: 'Comment on line 1, open' });
    await first.getByText('just ask').waitFor();
    // Any line of a hunk is reached by arrow keys, and from the first it is one step back to the hunk.
    await page.getByRole('group', { name: /^Hunk 2/ }).focus();
    await page.keyboard.press('ArrowDown');
    await page.keyboard.press('ArrowUp');
    await page.locator('[data-hunk="1"]:focus').waitFor();
    for (let line = 9; line <= 11; line += 1) await page.keyboard.press('ArrowDown');
    await page.keyboard.press('c');
    await page.getByRole('textbox', { name: 'Comment on line 10' }).waitFor();
    await page.keyboard.press('Escape');
    await page.getByRole('button', { name: 'Comment on line 9' }).click();
    await page.getByRole('textbox', { name: 'Comment on line 9' }).fill('<b>nine</b>');
    await page.getByRole('button', { name: 'Add Comment' }).click();
    await page.getByRole('article', { name: 'Comment on line 9, open' }).getByText('<b>nine</b>').waitFor();
    await first.getByRole('button', { name: 'Resolve' }).click();
    await page.getByRole('article', { name: 'Comment on line 1, resolved' }).waitFor();
    const written = editor.comments.threads.map(({ path, line, word, comments: [said] }) => [path, line, word, said?.body]);
    assert.deepEqual(written, [
      ['a.ts', 0, 'resolved', 'just ask'],
      ['a.ts', 8, 'open', '<b>nine</b>'],
    ]);
    assert.equal(await page.getByText('1 change rejected').count(), 0);
    assert.deepEqual(complaints, []);
  });

  it('has one sentence and one button when there is nothing', async () => {
    const { page, editor } = await open(new FakePanelModel());
    const told = editor.nextCommand();
    await page.getByText('No task has run in this repository yet.').waitFor();
    await page.getByRole('button', { name: 'Run a Task' }).click();
    await told;
    assert.deepEqual(editor.executed, [{ command: 'reactor.runTask', args: [] }]);
  });

  it('comes back where it was, from what the editor kept', async () => {
    const first = await open(sample());
    await first.page.getByRole('option', { name: /TASK-007/ }).click();
    await first.page.getByRole('tab', { name: 'Conversation' }).click();
    await first.page.locator('.entry').first().waitFor();
    const state = await first.page.evaluate('window.keptState');
    const second = await open(sample(), { state });
    await second.page.getByRole('log', { name: 'Conversation of TASK-007' }).waitFor();
    const third = await open(sample(), { state: { folder: 7 } });
    await third.page.getByRole('option').first().waitFor();
  });

  it('draws a run of 100,000 spans while it zooms', async () => {
    const journal = largeJournal(Date.now(), 100_000);
    const model = new FakePanelModel(journal.entries);
    const { page, complaints } = await open(model);
    await page.getByRole('option').first().waitFor();
    await page.getByText(/^reading .* run/).waitFor({ state: 'detached' });
    const spans = await page.getByRole('article').locator('.fact', { hasText: 'spans' }).locator('dd').textContent();
    const frames = await zoomFrames(page, 60);
    assert.deepEqual([spans, frames.count, complaints], ['100.0k', 60, []]);
  });
});
