import assert from 'node:assert/strict';
import { dirname } from 'node:path';
import { describe, it } from 'mocha';
import { createHostGrants } from '../../src/adapters/files/hostGrants.ts';
import { sharedEditor } from '../support/editor/sharedEditor.ts';
import { dataOf } from '../support/reactor.ts';
import { plainProject } from '../support/sampleProjects.ts';
import { git } from '../support/sampleRepository.ts';
import { tools, write } from '../support/sampleScript.ts';

describe('Many tasks in the editor', function () {
  this.timeout(300_000);
  const session = sharedEditor({
    basil: tools(write('basil.txt', 'good\n')),
    chervil: tools(write('chervil.txt', 'good\n')),
  });

  it('makes a list of prompts, in which one comes after the other, and runs it', async () => {
    const repository = await session().reactor.repository('herbs', plainProject('approve: ask\n'));
    const workbench = await session().show(repository);
    const { page } = workbench;
    await workbench.palette('Reactor: Run Tasks in Parallel…');
    await workbench.answer('What should the first agent do?', 'Write basil');
    await workbench.answer('Run Tasks in Parallel: prompt 2', 'Write chervil');
    await workbench.asked('Run Tasks in Parallel: prompt 3');
    await page.keyboard.press('Enter');
    await workbench.quickRow('Order…').click();
    const lenses = page.locator('.codelens-decoration');
    await lenses.filter({ hasText: 'Run all 2 in parallel' }).waitFor();
    await page.keyboard.press('Control+End');
    await page.keyboard.type('    after: ');
    await page.keyboard.press('Control+Space');
    await page
      .locator('.suggest-widget.visible')
      .getByRole('option', { name: /TASK-001/ })
      .click();
    await page.locator('.view-line').filter({ hasText: 'after: [TASK-001]' }).last().waitFor();
    await workbench.picture('list-1-written');
    await workbench.palette('Reactor: Run All Tasks of the List');
    await workbench.showSidebar();
    await workbench.treeItem('Tasks', /TASK-002.*after TASK-001/).waitFor();
    await lenses.filter({ hasText: 'needs you' }).waitFor();
    await workbench.picture('list-2-waits');
    for (const task of ['TASK-001', 'TASK-002'])
      await workbench.rowAction(workbench.treeItem('Needs You', new RegExp(`${task}.*review`)), /Approve/);
    await workbench.treeItem('Tasks', /Landed\s*2/).waitFor();
    assert.deepEqual(
      dataOf({ entries: await session().reactor.entries(repository) }, 'run/requested').map(({ spec }) =>
        spec.queue?.after.map(({ task }) => task),
      ),
      [[], ['TASK-001']],
    );
    assert.equal(await git(repository, 'show', 'main:chervil.txt'), 'good');
  });

  it('shows which hosts are always allowed, and takes one back by the keyboard alone', async () => {
    const { reactor } = session();
    const repository = await reactor.repository('hosts', plainProject('network: allowlist\nhosts: ["*.example.com"]\n'));
    const workbench = await session().show(repository);
    const grants = createHostGrants(dirname(reactor.journal(repository)));
    for (const place of ['a.example.org:443', 'b.example.org:443'])
      await grants.add({ place, by: 'person:ann', at: 0, run: 'TASK-001-r1' });
    await workbench.palette('Reactor: Show Allowed Hosts');
    await workbench.quickRow(/\*\.example\.com.*reactor\.yaml/).waitFor();
    await workbench.picture('list-3-hosts');
    await workbench.page.keyboard.press('Enter');
    await workbench.dialog('Take back a.example.org:443?').waitFor();
    await workbench.page.keyboard.press('Enter');
    await workbench.quickRow('a.example.org:443').waitFor({ state: 'detached' });
    await workbench.quickRow('b.example.org:443').waitFor();
    await workbench.page.keyboard.press('Escape');
    assert.deepEqual(
      (await grants.list()).map(({ place }) => place),
      ['b.example.org:443'],
    );
  });
});
