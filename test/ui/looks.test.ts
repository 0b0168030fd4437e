import assert from 'node:assert/strict';
import { before, describe, it } from 'mocha';
import { sharedEditor } from '../support/editor/sharedEditor.ts';
import { plainProject } from '../support/sampleProjects.ts';
import { edit, tools, write } from '../support/sampleScript.ts';

const themes = [
  { name: 'Dark 2026', body: 'vscode-dark', file: 'dark' },
  { name: 'Dark High Contrast', body: 'vscode-high-contrast', file: 'contrast' },
  // Last, so that the tests that follow see the editor as it was.
  { name: 'Light 2026', body: 'vscode-light', file: 'light' },
] as const;

describe('How it looks in the editor', function () {
  this.timeout(300_000);
  const session = sharedEditor({
    plum: tools(write('plum.txt', 'good\n')),
    quince: tools(
      { name: 'read', args: { filePath: 'readme.txt' } },
      edit('readme.txt', 'A sample.', 'A better sample.'),
      write('quince.ts', 'export const quince = 1;\n'),
    ),
  });

  it('offers to open a folder where none is open', async () => {
    const workbench = await session().show(null);
    await workbench.showSidebar();
    await workbench.page.getByText('Open its folder to begin.').waitFor();
    await workbench.page.getByRole('button', { name: 'Open Folder' }).first().waitFor();
    await workbench.picture('looks-1-no-folder');
  });

  describe('in a repository', () => {
    let repository: string;
    before(async () => {
      repository = await session().reactor.repository('looks', plainProject());
      await session().show(repository);
    });

    it('says what a first task does, with the button for it', async () => {
      const { workbench } = session();
      await workbench.showSidebar();
      await workbench.page.getByText('No task yet.').waitFor();
      await workbench.page.getByText('Nothing waits for you.').waitFor();
      await workbench.picture('looks-2-no-task');
      await workbench.page.getByRole('button', { name: 'Run Reactor Task' }).last().click();
      await workbench.asked('What should the agent do?');
      await workbench.page.keyboard.press('Escape');
    });

    it('leads through the first run step by step', async () => {
      const { workbench } = session();
      await workbench.palette('Welcome: Open Walkthrough...');
      await workbench.answer('Select a walkthrough to open', 'Run your first agent');
      const page = workbench.page.locator('.gettingStartedContainer');
      for (const [step, button] of [
        ['Check what is there', 'Run Doctor'],
        ['Say how changes are tested', 'Open reactor.yaml'],
        ['Run a task', 'Run Reactor Task'],
        ['Review and land', 'Show What Needs You'],
        ['Keep an eye on costs', 'Show Costs'],
      ] as const) {
        await page.getByRole('button', { name: step }).first().click();
        await page.getByRole('button', { name: button, exact: true }).waitFor();
        await page.locator('.getting-started-step.expanded').filter({ hasText: step }).waitFor();
      }
      // Colours of the theme, which a policy against style sheets takes away.
      const picture = workbench.webview.locator('svg').filter({ hasText: 'budget' });
      await picture.waitFor();
      assert.notEqual(await picture.locator('rect').first().evaluate('(rect) => getComputedStyle(rect).fill'), 'rgb(0, 0, 0)');
      await workbench.picture('looks-3-walkthrough');
    });

    it('follows the theme: sidebar and panel in light, dark and high contrast', async () => {
      const { workbench, reactor } = session();
      const landed = await reactor.run(repository, 'Write plum');
      assert.equal(landed.exitCode, 0, landed.stderr);
      await reactor.startRun(repository, 'Write quince', ['--approve', 'ask']).entry('approval/requested');
      await workbench.showSidebar();
      await workbench.expand(workbench.treeItem('Needs You', 'TASK-002'));
      await workbench.expand(workbench.treeItem('Cells', 'TASK-002'));
      await workbench.palette('Reactor: Show Timeline');
      const { webview } = workbench;
      await webview.getByRole('option', { name: /TASK-002/ }).click();
      for (const { name, body, file } of themes) {
        await workbench.theme(name, body);
        for (const tab of ['Timeline', 'Diff', 'Costs', 'Conversation']) {
          await webview.getByRole('tab', { name: tab }).click();
          const shown = { Timeline: '.lane-canvas, canvas', Diff: '.hunk', Costs: '.figure', Conversation: '.entry' }[tab] ?? '';
          await webview.locator(shown).first().waitFor();
          await workbench.picture(`looks-4-${file}-${tab.toLowerCase()}`);
        }
      }
    });
  });
});
