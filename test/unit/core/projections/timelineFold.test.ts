import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import type { Entry } from '../../../../src/core/journal/entry.ts';
import { event } from '../../../../src/core/journal/events.ts';
import { conversationItem } from '../../../../src/core/projections/conversation.ts';
import { TimelineFold } from '../../../../src/core/projections/timelineFold.ts';
import { PanelJournal, toolOf } from '../../../support/panel/panelJournal.ts';

const run = 'TASK-001-r1';
const tree = '1'.repeat(40);

const folded = (entries: readonly Entry[]): TimelineFold => {
  const fold = new TimelineFold();
  for (const entry of entries) fold.add(entry);
  return fold;
};
const text = (fold: TimelineFold): string[] =>
  fold.spans.map(({ kind, status, start, end, attempt, label }) => `${kind} ${status} ${start}–${end ?? ''} a${attempt} ${label}`);

const journal = () => new PanelJournal(0).boot(run, { task: 'TASK-001', title: 'Fix it' });

describe('the timeline of a run', () => {
  it('has a span for each phase, with model and tool calls, of a red attempt and a green one that lands', () => {
    const story = journal()
      .start(run, 1, 'Fix it.')
      .say(run, 1, 1000, { tools: [toolOf('read', 'a.ts', 100), toolOf('edit', 'a.ts', 300, { status: 'error' })] })
      .finish(run, 1, tree, 1, 'not ok', 500)
      .revert(run, 1)
      .start(run, 2, 'Again.', 'testsFailed')
      .finish(run, 2, tree, 0, 'ok', 500)
      .land(run, 2, tree);
    assert.deepEqual(text(folded(story.entries)), [
      'queued done 0–120 a0 Fix it',
      'boot good 120–1820 a0 ready after 1.8 s',
      'baseTest good 1920–3920 a0 npm test (exit 0)',
      'attempt bad 3970–5590 a1 attempt 1: reverted',
      'execute done 3970–4970 a1 3 model calls',
      'model done 3970–4970 a1 claude-sonnet',
      'tool done 4570–4670 a1 read: a.ts',
      'tool bad 4670–4970 a1 edit: a.ts',
      'test bad 5010–5510 a1 npm test (exit 1)',
      'revert bad 5510–5590 a1 tests failed with exit code 1',
      'attempt good 5640–6240 a2 attempt 2: committed',
      'execute done 5640–5640 a2 3 model calls',
      'test good 5680–6180 a2 npm test (exit 0)',
      'commit good 6180–6240 a2 ddddddd',
      'landing good 6270–6360 a2 landed on main',
      'teardown done 6380–6880 a2 ending the cell',
    ]);
  });

  it('says of an attempt what it has changed, in words that fit the number', () => {
    const label = (filesTotal: number): string => {
      const story = journal().start(run, 1, 'Fix it.');
      const kept = { keptRef: 'refs/reactor/kept/TASK-001-r1/1', keptCommit: 'c'.repeat(40) };
      const change = { filesTotal, added: 12 * filesTotal, removed: 0 };
      story.tell(run, event('attempt/candidateBuilt', { attempt: 1, tree, ...kept, files: [], ...change }));
      return folded(story.entries).spans.find(({ kind }) => kind === 'attempt')?.label ?? '';
    };
    assert.deepEqual([0, 1, 2].map(label), ['attempt 1: nothing changed', 'attempt 1: 1 file +12 −0', 'attempt 1: 2 files +24 −0']);
  });

  it('places each tool call by when it began, also side by side; without that, end to end before the end of the message', () => {
    const story = journal().start(run, 1, 'Fix it.');
    const began = story.at;
    const tools = [toolOf('read', 'a.ts', 100, { startedAt: began + 200 }), toolOf('read', 'b.ts', 400, { startedAt: began + 210 })];
    story.say(run, 1, 1000, { tools }).say(run, 1, 1000, { tools: [toolOf('read', 'a.ts', 100), toolOf('edit', 'a.ts', 300)] });
    assert.deepEqual(
      text(folded(story.entries)).filter((line) => line.startsWith('tool')),
      [
        'tool done 4170–4270 a1 read: a.ts',
        'tool done 4180–4580 a1 read: b.ts',
        'tool done 5570–5670 a1 read: a.ts',
        'tool done 5670–5970 a1 edit: a.ts',
      ],
    );
  });

  it('shows what goes on as open, and each gate from the question to the answer', () => {
    const story = journal().start(run, 1, 'Fix it.');
    const ask = (id: string, title: string) =>
      story.wait(100).tell(run, event('approval/requested', { id, kind: 'permission', attempt: 1, title, detail: '', tree: null }));
    ask('p1', 'bash: ls');
    ask('p2', 'bash: rm');
    ask('p3', 'bash: cat');
    story.wait(400).tell(run, event('approval/answered', { id: 'p1', decision: 'approved', tree: null, comment: null }), 'person:ann');
    story.wait(50).tell(run, event('approval/answered', { id: 'p2', decision: 'rejected', tree: null, comment: null }), 'person:ann');
    assert.deepEqual(text(folded(story.entries)).slice(3), [
      'attempt running 3970– a1 attempt 1',
      'execute running 3970– a1 the agent works',
      'gate good 4070–4670 a1 bash: ls',
      'gate bad 4170–4720 a1 bash: rm',
      'gate waiting 4270– a1 bash: cat',
    ]);
  });

  it('shows a parked run as waiting, and the boot of the one that goes on', () => {
    const story = journal().start(run, 1, 'Fix it.');
    story.wait(10).tell(run, event('run/parked', { code: 'permission', reason: 'nobody answers', exitCode: 5 }));
    story.wait(90).tell(run, event('run/resumed', { why: 'answered' }));
    story.wait(30).tell(run, event('cell/serverFailed', { code: 'exited', message: 'the port was taken', logTail: '', start: 1 }));
    story.wait(10).tell(run, event('cell/serverSpawned', { process: { pid: 9, startTime: '1' }, port: 8001, start: 2 }));
    assert.deepEqual(text(folded(story.entries)).slice(3), [
      'attempt running 3970– a1 attempt 1',
      'execute interrupted 3970–3980 a1 the agent works',
      'parked done 3980–4070 a1 nobody answers',
      'boot bad 4070–4100 a1 the port was taken',
      'boot running 4110– a1 starting the agent server',
    ]);
  });

  it('never ends a span before it starts, even when the clock has jumped back', () => {
    const story = journal().start(run, 1, 'Fix it.');
    story.wait(-2000).say(run, 1, 10);
    story.wait(-1000).tell(run, event('attempt/executed', { attempt: 1, end: 'done', steps: 1, durationMs: 1 }));
    const wrong = folded(story.entries).spans.filter(({ start, end }) => end !== null && end < start);
    assert.deepEqual(wrong, []);
  });

  it('tells a reader only what has changed, and ignores entries it has had', () => {
    const story = journal();
    const fold = folded(story.entries);
    const before = fold.takeChanged().length;
    story.start(run, 1, 'Fix it.');
    for (const entry of story.entries) fold.add(entry);
    const changed = fold.takeChanged().map(({ index, kind }) => `${index} ${kind}`);
    story.finish(run, 1, tree, 0, 'ok');
    for (const entry of story.entries) fold.add(entry);
    assert.deepEqual(
      { before, changed, after: fold.takeChanged().map(({ index, kind, status }) => `${index} ${kind} ${status}`) },
      { before: 3, changed: ['3 attempt', '4 execute'], after: ['3 attempt running', '4 execute done', '5 test good'] },
    );
  });

  it('names what a security violation was, as the conversation does', () => {
    const story = journal().start(run, 1, 'Fix it.');
    const violations = [{ kind: 'specialFile', detail: "a.txt has become a named pipe, which git can't hold" }];
    story.tell(run, event('attempt/violated', { attempt: 1, violations }));
    const item = conversationItem(story.entries.at(-1)!);
    const shown = folded(story.entries).spans.find(({ kind }) => kind === 'attempt');
    assert.deepEqual(
      [shown?.label, item?.title, item?.text],
      ["attempt 1: a.txt has become a named pipe, which git can't hold", 'Security violation', violations[0]?.detail],
    );
  });

  it('skips and counts entries of a type it does not know, and puts labels on one line', () => {
    const story = journal().start(run, 1, 'Fix it.');
    story.entries.push({ ...story.entries[0]!, seq: story.entries.length + 1, type: 'run/danced', data: {} });
    story.say(run, 1, 10, { error: `line one\nline two ${'x'.repeat(300)}` });
    const fold = folded(story.entries);
    const label = fold.spans.at(-1)?.label ?? '';
    assert.deepEqual([fold.unknownCount, label.length, label.slice(0, 18)], [1, 120, 'line one line two ']);
  });
});
