import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { systemClock } from '../../../src/adapters/clock/systemClock.ts';
import { createGit } from '../../../src/adapters/git/git.ts';
import { silentLog } from '../../../src/base/log.ts';
import { FakePanelModel } from '../../support/panel/fakePanelModel.ts';
import { commitFiles, git, makeRepository } from '../../support/sampleRepository.ts';
import { openOnPage, servePanel, startBrowser } from './panelHarness.ts';
import { sampleJournal } from './panelSample.ts';
import { panelThemes } from './panelThemes.ts';

/** Takes pictures of every tab in every theme, to be looked at: out/panel/<theme>-<tab>.png. */
const out = fileURLToPath(new URL('../../../out/panel', import.meta.url));
await mkdir(out, { recursive: true });
const room = await mkdtemp(join(tmpdir(), 'panel-'));
const folder = join(room, 'repo');
const old = 'export function verify(token: string): boolean {\n  // Sessions only, for now.\n  return sessions.has(token);\n}\n';
await makeRepository(
  folder,
  { 'src/auth/jwt.ts': old.repeat(8), 'README.md': '# Sample\n', 'old.ts': 'export const a = 1;\n' },
  process.env,
);
const base = await git(folder, 'rev-parse', 'HEAD^{tree}');
await commitFiles(folder, { 'src/auth/jwt.ts': old.repeat(8).replace('sessions.has', 'tokens.has') });
const first = await git(folder, 'rev-parse', 'HEAD^{tree}');
const fresh =
  "export function verify(token: string, now: number): boolean {\n  const claims = decode(token);\n  return claims.exp > now && claims.iss === 'reactor'; // 2 checks\n}\n";
await commitFiles(folder, {
  'src/auth/jwt.ts': fresh + old.repeat(6) + fresh,
  'test/jwt.test.ts': "it('refuses <script>alert(1)</script>', () => assert.equal(verify('x', 0), false));\n",
  'old.ts': 'export const a = 2;\n',
});
const second = await git(folder, 'rev-parse', 'HEAD^{tree}');
const opened = await createGit({ clock: systemClock, log: silentLog }).open(folder);
if (!opened.ok) throw new Error(opened.error.message);
const repository = opened.value;

const { origin, server } = await servePanel();
const browser = await startBrowser();
try {
  const themes = (process.argv[2]?.split(',') ?? Object.keys(panelThemes)) as (keyof typeof panelThemes)[];
  for (const theme of themes) {
    const model = new FakePanelModel(sampleJournal(Date.now(), { base, first, second }).entries, folder);
    const { page, complaints } = await openOnPage(browser, origin, model, {
      theme,
      width: 1280,
      height: 720,
      budgetPerDayUsd: 2,
      patch: (_folder, range, signal) => repository.patch(range, signal),
    });
    await page.getByRole('option', { name: /TASK-007/ }).click();
    await page.getByRole('application').press('n');
    for (let step = 0; step < 11; step += 1) await page.getByRole('application').press('n');
    await page.waitForTimeout(700);
    await page.screenshot({ path: join(out, `${theme}-timeline.png`) });
    await page.locator('vscode-checkbox', { hasText: 'As table' }).or(page.getByLabel('As table')).first().click();
    await page.waitForTimeout(300);
    await page.screenshot({ path: join(out, `${theme}-table.png`) });
    await page.getByRole('option', { name: /TASK-008/ }).click();
    for (const tab of ['Diff', 'Costs', 'Conversation']) {
      await page.getByRole('tab', { name: tab }).click();
      await page.waitForTimeout(900);
      if (tab === 'Diff') {
        await page
          .locator('.diff')
          .press('j')
          .catch(() => undefined);
        await page.locator('.hunk').first().focus();
        await page.keyboard.press('Space');
        await page.waitForTimeout(200);
      }
      await page.screenshot({ path: join(out, `${theme}-${tab.toLowerCase()}.png`) });
    }
    process.stdout.write(`${theme}: ${complaints.length === 0 ? 'no complaints' : complaints.join('\n')}\n`);
    await page.close();
  }
} finally {
  await browser.close();
  server.close();
  await rm(room, { recursive: true });
}
