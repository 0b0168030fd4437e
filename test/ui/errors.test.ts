import assert from 'node:assert/strict';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, afterEach, before, describe, it } from 'mocha';
import { EditorSession } from '../support/editor/editorSession.ts';
import { sharedEditor } from '../support/editor/sharedEditor.ts';
import { plainProject } from '../support/sampleProjects.ts';
import { git } from '../support/sampleRepository.ts';
import { tools, write } from '../support/sampleScript.ts';

describe('In a folder that is not trusted, and then without OpenCode', function () {
  this.timeout(300_000);
  let session: EditorSession;
  before(async () => {
    const env = { REACTOR_OPENCODE: '/nonexistent/opencode' };
    session = await EditorSession.open(() => ({ text: '' }), { trust: false, env });
  });
  afterEach(async function () {
    await session?.keepEvidence(this);
  });
  after(() => session?.close());

  it('says that the folder is not trusted and starts nothing, until it is', async () => {
    const repository = await session.reactor.repository('strange', plainProject());
    const workbench = await session.show(repository);
    await workbench.showSidebar();
    await workbench.page.getByText(/the folder is not trusted/).waitFor();
    await workbench.palette('Reactor: Run Reactor Task…');
    await workbench.notification('Nothing was started').waitFor();
    await workbench.picture('untrusted-1-not-trusted');
    await workbench.page.getByRole('button', { name: 'Manage Workspace Trust' }).first().click();
    await workbench.page.locator('.workspace-trust-editor').getByRole('button', { name: 'Trust', exact: true }).click();
    await workbench.page.getByText(/OpenCode, which runs the agents, was not found/).waitFor();
    await workbench.picture('untrusted-2-no-opencode');
  });

  it('says what is missing before anything is typed when a task is run all the same', async () => {
    const { workbench } = session;
    await workbench.palette('Reactor: Run Reactor Task…');
    const refusal = workbench.notification(/OpenCode, which runs the agents, was not found on this machine\. Nothing was started\./);
    await refusal.getByRole('button', { name: 'Install OpenCode' }).waitFor();
    await workbench.picture('untrusted-3-told');
    assert.deepEqual(session.reactor.agentServers(), []);
  });
});

describe('When something is missing in the editor', function () {
  this.timeout(300_000);
  const session = sharedEditor({ unfinished: tools(write('finished.txt', 'good\n')) });

  it('says that there is no repository and offers to make one', async () => {
    const folder = join(session().reactor.root, 'bare');
    mkdirSync(folder);
    writeFileSync(join(folder, 'readme.txt'), 'No repository.\n');
    const workbench = await session().show(folder);
    await workbench.showSidebar();
    await workbench.page
      .getByText(/not in a git repository|no git repository/i)
      .first()
      .waitFor();
    await workbench.picture('errors-1-no-repository');
    await workbench.palette('Reactor: Run Reactor Task…');
    await workbench.notification('not in a git repository').waitFor();
  });

  it('asks for a test command where none is found, before anything starts', async () => {
    const repository = await session().reactor.repository('untested', { 'readme.txt': 'No tests.\n' });
    const workbench = await session().show(repository);
    await workbench.palette('Reactor: Run Reactor Task…');
    await workbench.answer('What should the agent do?', 'Write anything');
    await workbench.quickRow('Choose a test command').waitFor();
    await workbench.picture('errors-2-no-test');
    await workbench.page.keyboard.press('Enter');
    await workbench.answer(/decides whether a change is good/, 'sh missing.sh');
    await workbench.quickRow(/Run with: sh missing\.sh/).waitFor();
    await workbench.page.keyboard.press('Enter');
    // The base is tested first: it is red, so nothing is paid for.
    await workbench
      .notification(/TASK-001/)
      .filter({ hasText: /base|before/i })
      .waitFor();
    await workbench.picture('errors-3-red-base');
  });

  it('leaves a checkout with unfinished changes alone, says so, and lands once they are out of the way', async () => {
    const repository = await session().reactor.repository('unfinished', plainProject());
    writeFileSync(join(repository, 'readme.txt'), 'Half a sentence\n');
    const workbench = await session().show(repository);
    await workbench.runTask('Write unfinished');
    const review = workbench.treeItem('Needs You', /TASK-001.*1 file/);
    await review.waitFor();
    await workbench.rowAction(review, /Approve/);
    const parked = workbench.treeItem('Needs You', /TASK-001.*parked.*unfinished changes/);
    await parked.waitFor();
    await workbench.picture('errors-4-unfinished');
    assert.deepEqual(
      [readFileSync(join(repository, 'readme.txt'), 'utf8'), await git(repository, 'log', '-1', '--format=%s', 'main')],
      ['Half a sentence\n', 'Start'],
    );
    await git(repository, 'checkout', '--', 'readme.txt');
    await workbench.rowAction(parked, /Resume/);
    await workbench.treeItem('Tasks', 'Landed').waitFor();
    assert.equal(readFileSync(join(repository, 'finished.txt'), 'utf8'), 'good\n');
  });
});
