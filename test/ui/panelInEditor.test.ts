import assert from 'node:assert/strict';
import { before, describe, it } from 'mocha';
import { sharedEditor } from '../support/editor/sharedEditor.ts';
import { plainProject } from '../support/sampleProjects.ts';
import { isRetry, tools, write } from '../support/sampleScript.ts';

describe('The panel in the editor', function () {
  this.timeout(300_000);
  const session = sharedEditor({
    twice: (call) => tools(write('twice.txt', isRetry(call) ? 'good\n' : 'bad\n'))(call),
  });
  let repository: string;
  before(async () => {
    repository = await session().reactor.repository('past', plainProject());
    const outcome = await session().reactor.run(repository, 'Write twice');
    assert.equal(outcome.exitCode, 0, outcome.stderr);
  });

  it('shows the timeline of a run that ended before the window was opened', async () => {
    const workbench = await session().show(repository);
    await workbench.palette('Reactor: Show Timeline');
    await workbench.webview.getByText('TASK-001').first().waitFor();
    // Two attempts of some spans each, once the whole run has been read.
    await workbench.webview.getByText(/^reading /).waitFor({ state: 'hidden' });
    await workbench.webview
      .getByText(/^\d\d+$/)
      .first()
      .waitFor();
    await workbench.picture('panel-1-timeline');
  });

  it('shows what it cost', async () => {
    const { workbench } = session();
    await workbench.palette('Reactor: Show Costs');
    await workbench.webview.getByText('$0.0150').first().waitFor();
    await workbench.picture('panel-2-costs');
  });

  it('comes back after the window was loaded again', async () => {
    const { workbench } = session();
    await workbench.reload();
    await workbench.webview.getByText('$0.0150').first().waitFor();
  });

  it('comes back also where nothing was ever run and no view of Reactor is seen', async () => {
    const workbench = await session().show(await session().reactor.repository('unused', plainProject()));
    await workbench.palette('View: Show Explorer');
    await workbench.palette('Reactor: Open Panel');
    const empty = workbench.webview.getByText('No task has run in this repository yet.');
    await empty.waitFor();
    await workbench.reload();
    await empty.waitFor();
  });
});
