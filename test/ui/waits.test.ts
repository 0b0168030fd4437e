import assert from 'node:assert/strict';
import { after, describe, it } from 'mocha';
import { sharedEditor } from '../support/editor/sharedEditor.ts';
import { dataOf } from '../support/reactor.ts';
import { plainProject } from '../support/sampleProjects.ts';
import { git } from '../support/sampleRepository.ts';
import { Gate, tools, write } from '../support/sampleScript.ts';

describe('What waits for a person in the editor', function () {
  this.timeout(300_000);
  const gate = new Gate();
  const session = sharedEditor({
    fetching: (call) => {
      const url = `${session().reactor.model.url}/models`;
      return tools({ name: 'webfetch', args: { url, format: 'text' } }, write('fetched.txt', 'good\n'))(call);
    },
    slowly: gate.before(tools(write('slow.txt', 'good\n'))),
    costly: tools(write('one.txt', 'good\n'), write('two.txt', 'good\n'), write('three.txt', 'good\n')),
  });
  after(() => gate.open());

  it('answers a permission ask in the sidebar, and the agent goes on', async () => {
    const repository = await session().reactor.repository('fetch', plainProject('approve: auto\n'));
    const workbench = await session().show(repository);
    await workbench.runTask('Write what you are fetching');
    const ask = workbench.treeItem('Needs You', /TASK-001.*asks/);
    await ask.waitFor();
    await workbench.picture('waits-1-permission');
    await workbench.rowAction(ask, /Allow/);
    await workbench.treeItem('Tasks', 'Landed').waitFor();
    assert.equal(await git(repository, 'show', 'main:fetched.txt'), 'good');
  });

  it('goes on while the window is loaded again, and the tree comes back', async () => {
    const repository = await session().reactor.repository('slow', plainProject('approve: auto\n'));
    const workbench = await session().show(repository);
    await workbench.runTask('Write slowly');
    await workbench.treeItem('Cells', /TASK-001.*executing/).waitFor();
    const { reactor } = session();
    const servers = async (): Promise<number[]> =>
      dataOf({ entries: await reactor.entries(repository) }, 'cell/serverSpawned').map(({ process }) => process.pid);
    const before = await servers();
    await workbench.reload();
    await workbench.showSidebar();
    await workbench.treeItem('Cells', /TASK-001.*executing/).waitFor();
    await workbench.picture('waits-2-reloaded');
    assert.equal(before.length, 1);
    assert.deepEqual(await servers(), before);
    assert.ok(reactor.agentServers().some(({ pid }) => before.includes(pid)));
    gate.open();
    await workbench.treeItem('Tasks', 'Landed').waitFor();
    assert.equal(await git(repository, 'show', 'main:slow.txt'), 'good');
  });

  it('stops at the budget, says so, and goes on with a higher one', async () => {
    const repository = await session().reactor.repository('costly', plainProject('approve: auto\nbudgets:\n  perRunUsd: 0.006\n'));
    const workbench = await session().show(repository);
    await workbench.runTask('Write costly');
    const stop = workbench.treeItem('Needs You', /TASK-001.*budget/i);
    await stop.waitFor();
    await workbench.picture('waits-3-budget');
    await stop.click();
    await workbench.quickRow(/Set budget and resume/).waitFor();
    await workbench.page.keyboard.press('Enter');
    await workbench.answer(/US dollars this run may cost/, '1');
    await workbench.treeItem('Tasks', 'Landed').waitFor();
    await workbench.picture('waits-4-resumed');
    assert.equal(await git(repository, 'show', 'main:three.txt'), 'good');
  });

  it("keeps a day's limit in reactor.yaml by key alone, and shows it in the status bar", async () => {
    const { workbench } = session();
    const { page } = workbench;
    await workbench.palette('Reactor: Set Budget…');
    await workbench.quickRow('Each day').waitFor();
    await page.keyboard.type('Each day');
    await page.keyboard.press('Enter');
    await workbench.answer('Budget: Each day', '5');
    await workbench.quickRow('In reactor.yaml').waitFor();
    await page.keyboard.press('Enter');
    await page.locator('.view-line').filter({ hasText: 'perDayUsd: 5' }).waitFor();
    await page.keyboard.press('Control+s');
    await workbench
      .status('reactor.status')
      .filter({ hasText: /\/ \$5\.00 today/ })
      .waitFor();
    await workbench.picture('waits-5-limit');
  });
});
