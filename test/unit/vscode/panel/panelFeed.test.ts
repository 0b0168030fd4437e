import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import type { Entry } from '../../../../src/core/journal/entry.ts';
import { event } from '../../../../src/core/journal/events.ts';
import { TimelineFold } from '../../../../src/core/projections/timelineFold.ts';
import type { HostMessage } from '../../../../src/protocol/panelMessages.ts';
import { openPanel } from '../../../../src/vscode/panel/openPanel.ts';
import { LaneStore } from '../../../../webview-ui/src/timeline/laneStore.ts';
import { FakePanelModel } from '../../../support/panel/fakePanelModel.ts';
import { OpenedPanel } from '../../../support/panel/openedPanel.ts';
import { PanelJournal } from '../../../support/panel/panelJournal.ts';

const run = 'TASK-001-r1';
const tree = '1'.repeat(40);
const begun = () => new PanelJournal(0).boot(run, { task: 'TASK-001', title: 'Fix it' }).start(run, 1, 'Fix it.');

/** The kinds of a lane's spans as a page has them that took these messages. */
function laneOnPage(messages: readonly HostMessage[], of = run): string[] {
  const generation = messages.findLast(({ type }) => type === 'snapshot');
  const store = new LaneStore();
  for (const message of messages) {
    if (message.type !== 'spans' || message.run !== of || generation?.type !== 'snapshot' || message.generation !== generation.generation)
      continue;
    store.apply(message.columns);
  }
  return Array.from({ length: store.count }, (_, index) => {
    const span = store.span(index);
    return `${span?.kind} ${span?.status}`;
  });
}
const whole = ['queued done', 'boot good', 'baseTest good', 'attempt running', 'execute running'];

describe('the feed of the panel', () => {
  it('sends the lanes first and their spans only when the lanes are on the screen', async () => {
    const panel = new OpenedPanel(new FakePanelModel(begun().entries));
    panel.webview.say({ type: 'ready', protocol: 1 });
    await panel.settle();
    const before = panel.messages.map(({ type }) => type);
    await panel.load();
    assert.deepEqual(before, ['snapshot']);
    assert.deepEqual(
      panel.of('snapshot')[0]?.lanes.map(({ task, phase, title }) => `${task} ${phase} ${title}`),
      ['TASK-001 executing Fix it'],
    );
    assert.deepEqual(laneOnPage(panel.messages), whole);
  });

  it('says that only what was recorded before can be shown, for as long as it is so', async () => {
    const model = new FakePanelModel(begun().entries);
    model.readOnly = 'The disk is read-only. What follows was recorded before.';
    const panel = new OpenedPanel(model);
    await panel.load();
    model.readOnly = null;
    model.find();
    await panel.load();
    assert.deepEqual(
      [...new Set(panel.of('snapshot').map(({ readOnly }) => readOnly))],
      ['The disk is read-only. What follows was recorded before.', null],
    );
  });

  it('sends what is appended after it, batched, as changes only', async () => {
    const journal = begun();
    const model = new FakePanelModel(journal.entries);
    const panel = new OpenedPanel(model);
    await panel.load();
    const sent = panel.webview.posted.length;
    const known = journal.entries.length;
    journal.say(run, 1, 100).finish(run, 1, tree, 0, 'ok');
    model.append(...journal.entries.slice(known));
    await panel.settle();
    assert.deepEqual(
      panel.messages.slice(sent).map(({ type }) => type),
      ['said', 'said'],
    );
    panel.clock.advance(60);
    await panel.settle();
    const after = panel.messages.slice(sent);
    assert.deepEqual(
      after.map(({ type }) => type),
      ['said', 'said', 'lanes', 'spans'],
    );
    const spans = after.at(-1);
    assert.deepEqual(spans?.type === 'spans' ? [...spans.columns.index] : [], [3, 4, 5, 6]);
    assert.deepEqual(laneOnPage(panel.messages).slice(3), ['attempt running', 'execute done', 'model done', 'test good']);
  });

  it('misses nothing that is appended while the journal is being read', async () => {
    const journal = begun();
    for (let call = 0; call < 2500; call += 1) journal.say(run, 1, 10);
    const model = new FakePanelModel(journal.entries);
    const panel = new OpenedPanel(model);
    panel.webview.say({ type: 'ready', protocol: 1 });
    await panel.until(() => panel.of('snapshot').length === 1);
    panel.webview.say({ type: 'painted', generation: 1 });
    await panel.until(() => panel.of('spans').length === 1);
    const known = journal.entries.length;
    journal.finish(run, 1, tree, 1, 'not ok').revert(run, 1);
    model.append(...journal.entries.slice(known));
    await panel.until(() => panel.isDone(run, 1));
    panel.clock.advance(60);
    await panel.settle();
    const lane = laneOnPage(panel.messages);
    assert.deepEqual([lane.length, lane.at(-2), lane.at(-1)], [5 + 2500 + 2, 'test bad', 'revert bad']);
  });

  it('catches a hidden panel up by one snapshot, and sends it nothing meanwhile', async () => {
    const journal = begun();
    const model = new FakePanelModel(journal.entries);
    const panel = new OpenedPanel(model);
    await panel.load();
    panel.webview.show(false);
    const sent = panel.webview.posted.length;
    const known = journal.entries.length;
    journal.finish(run, 1, tree, 0, 'ok').land(run, 1, tree);
    model.append(...journal.entries.slice(known));
    model.live({ run, kind: 'text', text: 'unseen' });
    panel.clock.advance(5000);
    await panel.settle();
    assert.equal(panel.webview.posted.length, sent);
    panel.webview.show(true);
    await panel.load();
    assert.deepEqual(
      panel.of('snapshot').map(({ lanes }) => lanes[0]?.status),
      ['running', 'landed'],
    );
    assert.deepEqual(laneOnPage(panel.messages).slice(3), [
      'attempt good',
      'execute done',
      'test good',
      'commit good',
      'landing good',
      'teardown done',
    ]);
  });

  it('shows a run that is new, and what another process has written', async () => {
    const journal = begun();
    const model = new FakePanelModel(journal.entries);
    const panel = new OpenedPanel(model);
    await panel.load();
    const other = 'TASK-002-r1';
    let known = journal.entries.length;
    journal.boot(other, { task: 'TASK-002' });
    model.append(...journal.entries.slice(known));
    panel.clock.advance(60);
    await panel.until(() => panel.isDone(other, 1));
    assert.deepEqual(laneOnPage(panel.messages, other), ['queued done', 'boot good', 'baseTest good']);
    known = journal.entries.length;
    journal.end(other, 'failed', 2, 'no');
    model.find(...journal.entries.slice(known));
    await panel.until(() => panel.of('snapshot').length === 2);
    panel.webview.say({ type: 'painted', generation: 2 });
    await panel.until(() => panel.isDone(other, 2));
    assert.deepEqual(laneOnPage(panel.messages, other).at(-1), 'teardown done');
  });

  it('has no gap after the journal was read anew, whether the panel was seen or hidden meanwhile', async () => {
    const whole = (entries: readonly Entry[]): string[] => {
      const fold = new TimelineFold();
      for (const entry of entries) fold.add(entry);
      return fold.spans.map(({ kind, status }) => `${kind} ${status}`);
    };
    for (const isHidden of [false, true]) {
      const journal = begun();
      const model = new FakePanelModel(journal.entries);
      const panel = new OpenedPanel(model);
      await panel.load();
      if (isHidden) panel.webview.show(false);
      let known = journal.entries.length;
      const next = (): Entry[] => {
        const fresh = journal.entries.slice(known);
        known = journal.entries.length;
        return fresh;
      };
      journal.say(run, 1, 10, { text: 'unheard' });
      model.find(...next());
      journal.say(run, 1, 10, { text: 'heard' });
      model.append(...next());
      if (isHidden) panel.webview.show(true);
      await panel.load();
      journal.finish(run, 1, tree, 0, 'ok');
      model.append(...next());
      panel.clock.advance(60);
      await panel.settle();
      assert.deepEqual(laneOnPage(panel.messages), whole(journal.entries), isHidden ? 'hidden' : 'seen');
      const answer = await panel.ask({ type: 'conversation', run, before: null, query: '' });
      assert.deepEqual(answer.type === 'conversation' ? answer.items.map(({ title }) => title) : answer, [
        'Prompt of attempt 1',
        'unheard',
        'heard',
        'Tests green: npm test',
      ]);
    }
  });

  it('says what is appended while the journal is being read', async () => {
    const journal = begun();
    for (let call = 0; call < 2500; call += 1) journal.say(run, 1, 10);
    const model = new FakePanelModel(journal.entries);
    const panel = new OpenedPanel(model);
    panel.webview.say({ type: 'ready', protocol: 1 });
    await panel.until(() => panel.of('snapshot').length === 1);
    panel.webview.say({ type: 'painted', generation: 1 });
    await panel.until(() => panel.of('spans').length === 1);
    const known = journal.entries.length;
    journal.say(run, 1, 10, { text: 'meanwhile' });
    model.append(...journal.entries.slice(known));
    assert.equal(panel.isDone(run, 1), false);
    assert.deepEqual(
      panel.of('said').flatMap(({ items }) => items.map(({ title }) => title)),
      ['meanwhile'],
    );
  });

  it('gathers the text that streams in and sends it at most once per batch, in its place among the rest', async () => {
    const model = new FakePanelModel(begun().entries);
    const panel = new OpenedPanel(model);
    await panel.load();
    for (const text of ['Loo', 'king', '.']) model.live({ run, kind: 'text', text });
    model.live({ run, kind: 'toolStarted', text: 'read a.ts' });
    for (const text of ['Do', 'ne']) model.live({ run, kind: 'text', text });
    panel.clock.advance(60);
    assert.deepEqual(
      panel.of('live').map(({ kind, text }) => `${kind}: ${text}`),
      ['text: Looking.', 'toolStarted: read a.ts', 'text: Done'],
    );
  });

  it('lists the newest runs and every open one, and older ones when asked for', async () => {
    const journal = new PanelJournal(0);
    journal.boot('TASK-000-r1', { task: 'TASK-000' });
    for (let task = 1; task <= 70; task += 1) {
      const id = `TASK-${String(task).padStart(3, '0')}`;
      journal.boot(`${id}-r1`, { task: id }).end(`${id}-r1`, 'failed', 2, 'no');
    }
    const panel = new OpenedPanel(new FakePanelModel(journal.entries));
    await panel.load();
    const first = panel.of('snapshot')[0];
    assert.deepEqual(
      [first?.lanes.length, first?.lanes[0]?.task, first?.lanes.at(-1)?.task, first?.olderRuns],
      [51, 'TASK-070', 'TASK-000', 20],
    );
    panel.webview.say({ type: 'command', command: 'showOlder', run: null, tree: null });
    await panel.until(() => panel.of('snapshot').length === 2);
    assert.deepEqual([panel.of('snapshot')[1]?.lanes.length, panel.of('snapshot')[1]?.olderRuns], [71, 0]);
  });

  it('shows a run that was left out when it is asked for, keeps it, and tells a page once', async () => {
    const journal = new PanelJournal(0);
    for (let task = 1; task <= 60; task += 1) {
      const id = `TASK-${String(task).padStart(3, '0')}`;
      journal.boot(`${id}-r1`, { task: id }).end(`${id}-r1`, 'failed', 2, 'no');
    }
    const model = new FakePanelModel(journal.entries);
    const panel = new OpenedPanel(model, 'costs');
    await panel.load();
    const ask = (of: string) => openPanel(panel.editor.deps(model, panel.host), 'timeline', of);
    ask('TASK-003-r1');
    ask('TASK-040-r1');
    const known = journal.entries.length;
    journal.boot('TASK-061-r1', { task: 'TASK-061' });
    model.find(...journal.entries.slice(known));
    panel.webview.show(false);
    panel.webview.show(true);
    panel.webview.say({ type: 'ready', protocol: 1 });
    await panel.until(() => panel.of('snapshot').length === 4);
    assert.deepEqual(
      panel.of('snapshot').map(({ tab, run: shown, lanes }) => [tab, shown, lanes.some(({ task }) => task === 'TASK-003')]),
      [
        ['costs', null, false],
        ['timeline', 'TASK-003-r1', true],
        [null, null, true],
        [null, null, true],
      ],
    );
    assert.deepEqual(
      panel.of('show').map(({ tab, run: shown }) => [tab, shown]),
      [['timeline', 'TASK-040-r1']],
    );
  });

  it('has a lane for the run that was picked before the window was loaded again', async () => {
    const journal = new PanelJournal(0);
    for (let task = 1; task <= 60; task += 1) {
      const id = `TASK-${String(task).padStart(3, '0')}`;
      journal.boot(`${id}-r1`, { task: id }).end(`${id}-r1`, 'failed', 2, 'no');
    }
    const panel = new OpenedPanel(new FakePanelModel(journal.entries));
    panel.webview.say({ type: 'ready', protocol: 1, run: 'TASK-003-r1' });
    await panel.until(() => panel.of('snapshot').length === 1);
    const [{ run: shown, lanes } = { run: '', lanes: [] }] = panel.of('snapshot');
    assert.deepEqual([shown, lanes.length, lanes.at(-1)?.task], [null, 51, 'TASK-003']);
  });

  it('tells how long a parked run has worked, not how long it stands', async () => {
    const journal = begun();
    const model = new FakePanelModel(journal.entries);
    const panel = new OpenedPanel(model);
    journal.wait(1000).tell(run, event('run/parked', { code: 'budget', reason: 'the budget is used up', exitCode: 6 }));
    model.append(...journal.entries.slice(-1));
    await panel.load();
    assert.deepEqual(panel.of('snapshot')[0]?.lanes[0]?.parkedAt, journal.at);
  });

  it('hears nothing more once it is closed', async () => {
    const journal = begun();
    const model = new FakePanelModel(journal.entries);
    const panel = new OpenedPanel(model);
    await panel.load();
    panel.webview.dispose();
    const sent = panel.webview.posted.length;
    model.append(journal.tell(run, event('attempt/executed', { attempt: 1, end: 'done', steps: 1, durationMs: 1 })));
    panel.clock.advance(5000);
    await panel.settle();
    assert.deepEqual([model.listeners, panel.webview.posted.length], [0, sent]);
  });
});
