import assert from 'node:assert/strict';
import { after, afterEach, before, describe, it } from 'mocha';
import { EditorSession } from '../support/editor/editorSession.ts';
import type { Workbench } from '../support/editor/workbench.ts';
import { plainProject } from '../support/sampleProjects.ts';
import { git } from '../support/sampleRepository.ts';
import { byWord, Gate, tools, write } from '../support/sampleScript.ts';

describe('What waits for a person in the editor', function () {
  this.timeout(240_000);
  let session: EditorSession;
  const gate = new Gate();
  before(async () => {
    session = await EditorSession.open(
      'waits',
      byWord({
        fetching: (call) =>
          tools(
            { name: 'webfetch', args: { url: `${session.reactor.model.url}/models`, format: 'text' } },
            write('fetched.txt', 'good\n'),
          )(call),
        slow: gate.before(tools(write('slow.txt', 'good\n'))),
        costly: tools(write('one.txt', 'good\n'), write('two.txt', 'good\n'), write('three.txt', 'good\n')),
      }),
    );
  });
  afterEach(async function () {
    await session?.keepEvidence(this);
  });
  after(async () => {
    gate.open();
    await session?.close();
  });

  async function run(workbench: Workbench, prompt: string): Promise<void> {
    await workbench.palette('Reactor: Run Reactor Task…');
    await workbench.answer('What should the agent do?', prompt);
    await workbench.quickRow('Run with:').waitFor();
    await workbench.page.keyboard.press('Enter');
    await workbench.showSidebar();
  }

  it('answers a permission ask in the sidebar, and the agent goes on', async () => {
    const repository = await session.reactor.repository('fetch', plainProject('approve: auto\n'));
    const workbench = await session.show(repository);
    await run(workbench, 'Write what you are fetching');
    const ask = workbench.treeItem('Needs You', /TASK-001.*asks/);
    await ask.waitFor();
    await workbench.picture('1-permission');
    await workbench.rowAction(ask, /Allow/);
    await workbench.treeItem('Tasks', 'Landed').waitFor();
    assert.equal(await git(repository, 'show', 'main:fetched.txt'), 'good');
  });

  it('goes on while the window is loaded again, and the tree comes back', async () => {
    const repository = await session.reactor.repository('slow', plainProject('approve: auto\n'));
    const workbench = await session.show(repository);
    await run(workbench, 'Write slow');
    await workbench.treeItem('Cells', /TASK-001.*executing/).waitFor();
    const servers = session.reactor.agentServers().map(({ pid }) => pid);
    await workbench.reload();
    await workbench.showSidebar();
    await workbench.treeItem('Cells', /TASK-001.*executing/).waitFor();
    await workbench.picture('2-reloaded');
    assert.deepEqual([servers.length, session.reactor.agentServers().map(({ pid }) => pid)], [1, servers]);
    gate.open();
    await workbench.treeItem('Tasks', 'Landed').waitFor();
    assert.equal(await git(repository, 'show', 'main:slow.txt'), 'good');
  });

  it('stops at the budget, says so, and goes on with a higher one', async () => {
    const repository = await session.reactor.repository('costly', plainProject('approve: auto\nbudgets:\n  perRunUsd: 0.006\n'));
    const workbench = await session.show(repository);
    await run(workbench, 'Write costly');
    const stop = workbench.treeItem('Needs You', /TASK-001.*budget/i);
    await stop.waitFor();
    await workbench.picture('3-budget');
    await stop.click();
    await workbench.quickRow(/Set budget and resume/).waitFor();
    await workbench.page.keyboard.press('Enter');
    await workbench.answer(/US dollars this run may cost/, '1');
    await workbench.treeItem('Tasks', 'Landed').waitFor();
    await workbench.picture('4-resumed');
    assert.equal(await git(repository, 'show', 'main:three.txt'), 'good');
  });
});
