import assert from 'node:assert/strict';
import { after, afterEach, before, describe, it } from 'mocha';
import { EditorSession } from '../support/editor/editorSession.ts';
import { plainProject } from '../support/sampleProjects.ts';
import { byWord, isRetry, tools, write } from '../support/sampleScript.ts';

describe('The panel in the editor', function () {
  this.timeout(240_000);
  let session: EditorSession;
  let repository: string;
  before(async () => {
    session = await EditorSession.open(
      'panel',
      byWord({ beta: (call) => tools(write('beta.txt', isRetry(call) ? 'good\n' : 'bad\n'))(call) }),
    );
    repository = await session.reactor.repository('shop', plainProject());
    const outcome = await session.reactor.run(repository, 'Write beta');
    assert.equal(outcome.exitCode, 0, outcome.stderr);
  });
  afterEach(async function () {
    await session?.keepEvidence(this);
  });
  after(() => session?.close());

  it('shows the timeline of a run that ended before the window was opened', async () => {
    const workbench = await session.show(repository);
    await workbench.palette('Reactor: Show Timeline');
    await workbench.webview.getByText('TASK-001').first().waitFor();
    // Two attempts of some spans each, once the whole run has been read.
    await workbench.webview.getByText(/^reading /).waitFor({ state: 'hidden' });
    await workbench.webview
      .getByText(/^\d\d+$/)
      .first()
      .waitFor();
    await workbench.picture('1-timeline');
  });

  it('shows what it cost', async () => {
    const { workbench } = session;
    await workbench.palette('Reactor: Show Costs');
    await workbench.webview.getByText('$0.0150').first().waitFor();
    await workbench.picture('2-costs');
  });

  it('comes back after the window was loaded again', async () => {
    const { workbench } = session;
    await workbench.reload();
    await workbench.webview.getByText('$0.0150').first().waitFor();
  });
});
