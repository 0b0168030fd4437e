import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { UserFacingError } from '../../../../src/base/userFacingError.ts';
import { event } from '../../../../src/core/journal/events.ts';
import { FakePanelModel } from '../../../support/panel/fakePanelModel.ts';
import { OpenedPanel } from '../../../support/panel/openedPanel.ts';
import { PanelJournal, toolOf } from '../../../support/panel/panelJournal.ts';
import { baseTree } from '../../../support/runStory.ts';

const run = 'TASK-001-r1';
const tree = '1'.repeat(40);

const reviewed = (): PanelJournal => {
  const journal = new PanelJournal(0)
    .boot(run, { task: 'TASK-001', title: 'Fix it' })
    .start(run, 1, 'Fix it, please.')
    .say(run, 1, 1000, { text: 'Looking at the tokens.', tools: [toolOf('bash', 'npm test', 300)] })
    .finish(run, 1, tree, 0, '# pass 3');
  journal.tell(run, event('approval/requested', { id: 'q', kind: 'review', attempt: 1, title: 'Review', detail: '', tree }));
  return journal;
};
const opened = async (journal = reviewed()) => {
  const model = new FakePanelModel(journal.entries);
  const panel = new OpenedPanel(model);
  await panel.load();
  return { model, panel };
};

describe('what the panel asks for', () => {
  it('is the detail of a span: facts, texts, files, tokens and cost', async () => {
    const { panel } = await opened();
    const detailOf = async (index: number) => {
      const answer = await panel.ask({ type: 'span', run, index });
      assert.equal(answer.type, 'span');
      return answer.type === 'span' ? answer.detail : assert.fail();
    };
    const attempt = await detailOf(3);
    assert.deepEqual(
      attempt.texts.map(({ title, text }) => `${title}: ${text}`),
      ['End of the output: # pass 3', 'Prompt: Fix it, please.'],
    );
    assert.deepEqual([attempt.files.length, attempt.tokens?.input, attempt.cost?.usd, attempt.tree], [2, 1200, '0.012', tree]);
    const call = await detailOf(5);
    assert.deepEqual(
      [call.facts.map(({ name, value }) => `${name} ${value}`), call.texts.map(({ text }) => text), call.files],
      [['model anthropic/claude-sonnet', 'agent build'], ['Looking at the tokens.', '✓ bash: npm test (300 ms)'], []],
    );
    const test = await detailOf(7);
    assert.deepEqual([test.outputFile, test.facts[1]], ['runs/x/test.log', { name: 'result', value: 'exit code 0' }]);
  });

  it('is a conversation, its end first, what lies before it, and what matches a search', async () => {
    const journal = new PanelJournal(0).boot(run, { task: 'TASK-001' }).start(run, 1, 'Count.');
    for (let call = 0; call < 450; call += 1) journal.say(run, 1, 10, { text: `number ${call}` });
    const { panel } = await opened(journal);
    const ask = async (before: number | null, query = '') => {
      const answer = await panel.ask({ type: 'conversation', run, before, query });
      return answer.type === 'conversation' ? answer : assert.fail();
    };
    const last = await ask(null);
    const earlier = await ask(last.items[0]?.seq ?? 0);
    const first = await ask(earlier.items[0]?.seq ?? 0);
    assert.deepEqual(
      [last, earlier, first].map(({ items, more }) => [items.length, items[0]?.title, items.at(-1)?.title, more]),
      [
        [200, 'number 250', 'number 449', true],
        [200, 'number 50', 'number 249', true],
        [51, 'Prompt of attempt 1', 'number 49', false],
      ],
    );
    const found = await ask(null, '44 NUMBER');
    const expected = Array.from({ length: 450 }, (_, call) => `number ${call}`).filter((title) => title.includes('44'));
    assert.deepEqual([found.items.map(({ title }) => title), found.more], [expected, false]);
  });

  it('is a diff of two states of known runs; nothing else is handed to git', async () => {
    const { panel } = await opened();
    panel.patch = 'diff --git a/a.ts b/a.ts\n--- a/a.ts\n+++ b/a.ts\n@@ -1 +1 @@\n-a\n+b\n';
    const answer = await panel.ask({ type: 'diff', run, from: baseTree, to: tree });
    assert.deepEqual(answer.type === 'diff' ? answer.files.map(({ path, added, removed }) => [path, added, removed]) : answer, [
      ['a.ts', 1, 1],
    ]);
    const refused = await panel.ask({ type: 'diff', run, from: '--output=/tmp/x', to: tree });
    assert.deepEqual(refused.type === 'failed' ? refused.message : refused, 'These states are not known any more. Choose others.');
    assert.deepEqual(
      panel.patches.map(({ from, to }) => [from, to]),
      [[baseTree, tree]],
    );
  });

  it('is a new candidate without what was rejected, of the tree that was seen; a refusal is told as it was said', async () => {
    const { panel, model } = await opened();
    const question = {
      type: 'revise',
      run,
      tree,
      rejected: [
        { path: 'a.ts', hunks: [0, 2] },
        { path: 'b.bin', hunks: null },
      ],
    };
    assert.equal((await panel.ask(question)).type, 'done');
    assert.deepEqual(model.requests, [{ method: 'revise', params: { run, tree, rejected: question.rejected } }]);
    model.refusal = new UserFacingError('notPossibleNow', 'There is a newer candidate. Look at it first.');
    const refused = await panel.ask(question);
    assert.deepEqual(refused.type === 'failed' ? refused.message : refused, 'There is a newer candidate. Look at it first.');
  });

  it('is the costs, kept up to date from then on, at most once a second', async () => {
    const journal = reviewed();
    const { panel, model } = await opened(journal);
    panel.webview.say({ type: 'costs' });
    await panel.until(() => panel.of('costs').length === 1);
    const known = journal.entries.length;
    journal.say(run, 1, 10).say(run, 1, 10);
    model.append(...journal.entries.slice(known));
    panel.clock.advance(900);
    await panel.settle();
    assert.equal(panel.of('costs').length, 1);
    panel.clock.advance(200);
    await panel.until(() => panel.of('costs').length === 2);
    assert.deepEqual(
      panel.of('costs').map(({ report }) => [report.by.task[0]?.cost.usd, report.burn.budgetUsd]),
      [
        ['0.012', '2'],
        ['0.036', '2'],
      ],
    );
  });

  it('is one of the editor’s commands, named for the run and the candidate that were shown', async () => {
    const { panel } = await opened();
    panel.webview.say({ type: 'command', command: 'run', run: null, tree: null });
    panel.webview.say({ type: 'command', command: 'review', run, tree });
    panel.webview.say({ type: 'command', command: 'workbench.action.quit', run, tree });
    await panel.settle();
    assert.deepEqual(panel.editor.executed, [
      { command: 'reactor.runTask', args: [] },
      { command: 'reactor.reviewChanges', args: [{ repository: '/repo/.git', run, tree }] },
    ]);
    assert.deepEqual(
      panel.logged.map(({ message }) => message),
      ['the panel sent something malformed'],
    );
  });

  it('is the whole output of a command, found in the journal and not named by the page', async () => {
    const { panel } = await opened();
    await panel.ask({ type: 'output', run, index: 7 });
    assert.deepEqual(panel.editor.executed, [{ command: 'vscode.open', args: ['/data/runs/x/test.log'] }]);
    const none = await panel.ask({ type: 'output', run, index: 5 });
    assert.deepEqual(none.type === 'failed' ? none.message : none, 'This part of the run has no output.');
  });

  it('is a table saved where the person says, or not at all', async () => {
    const { panel } = await opened();
    await panel.ask({ type: 'export', name: '../costs.csv', text: 'a,b\r\n' });
    panel.editor.saveTo = '/home/ann/costs.csv';
    const saved = await panel.ask({ type: 'export', name: 'costs.csv', text: 'a,b\r\n' });
    assert.deepEqual(panel.editor.written, [{ path: '/home/ann/costs.csv', text: 'a,b\r\n' }]);
    assert.deepEqual(saved.type === 'done' ? saved.message : saved, 'Saved as costs.csv.');
  });

  it('is refused with a sentence when the run or the page is not known', async () => {
    const { panel } = await opened();
    const unknown = await panel.ask({ type: 'conversation', run: 'TASK-999-r1', before: null, query: '' });
    assert.deepEqual(unknown.type === 'failed' ? unknown.message : unknown, 'The run TASK-999-r1 is not in this journal.');
    panel.webview.say({ type: 'ready', protocol: 99 });
    await panel.until(() => panel.of('failed').length === 2);
    assert.match(panel.of('failed')[1]?.message ?? '', /another version of Reactor/);
  });
});
