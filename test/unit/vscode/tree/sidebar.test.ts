import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { event } from '../../../../src/core/journal/events.ts';
import { Usd } from '../../../../src/core/model/usd.ts';
import { PlannedTasks } from '../../../../src/vscode/plannedTasks.ts';
import { ReviewedFiles } from '../../../../src/vscode/review/reviewedFiles.ts';
import { CellsTree } from '../../../../src/vscode/tree/cellsTree.ts';
import { NeedsYouTree } from '../../../../src/vscode/tree/needsYouTree.ts';
import { TasksTree } from '../../../../src/vscode/tree/tasksTree.ts';
import type { TreeNode } from '../../../../src/vscode/tree/treeNode.ts';
import type { FakeEngine } from '../../../support/cli/fakeEngine.ts';
import { cli, fakeHost } from '../../../support/cli/fakeHost.ts';
import { greenRun, landRun, storySpec, told, treeOf } from '../../../support/cli/story.ts';
import { type EditorStory, editorStory } from '../../../support/vscode/editorStory.ts';
import { settle } from '../../../support/vscode/fakeEditorHost.ts';
import { renderTree } from '../../../support/vscode/renderTree.ts';

const cellPlanned = (task: string) => ({
  type: 'cell/planned' as const,
  data: { worktree: `/data/cells/${task}/worktree`, home: `/data/cells/${task}/home`, branch: `reactor/${task}`, base: 'b'.repeat(40) },
});

/** One landed, one that waits for a review, one that asks, one in line, one that failed. */
function tell(engine: FakeEngine): void {
  greenRun(engine, 'TASK-001-r1', storySpec('TASK-001', 'Add slugify'));
  landRun(engine, 'TASK-001-r1');
  const asked = (task: string, title: string) => told.requested(`${task}-r1`, storySpec(task, title));
  engine.tell(
    'TASK-002-r1',
    asked('TASK-002', 'Parse durations'),
    told.started(),
    cellPlanned('TASK-002'),
    told.attempt(1),
    told.message(1),
  );
  engine.tell('TASK-002-r1', told.executed(1), told.candidate(1), told.tested(1, 0), told.review(1));
  engine.tell('TASK-003-r1', asked('TASK-003', 'Publish'), told.started(), told.attempt(1), told.permission());
  engine.tell('TASK-004-r1', asked('TASK-004', 'Wait in line'));
  engine.tell('TASK-005-r1', asked('TASK-005', 'Impossible'), told.started(), told.attempt(1), told.message(1, null), told.executed(1));
  engine.tell(
    'TASK-005-r1',
    told.candidate(1),
    told.tested(1, 1),
    told.reverted(1),
    ...told.ended('failed', 2, 'never green in 1 attempt'),
  );
  engine.tell('TASK-006-r1', asked('TASK-006', 'Unwanted'), told.started(), told.attempt(1), ...told.rejected());
}

async function sidebar(story: EditorStory) {
  const { context } = story;
  const reviewed = new ReviewedFiles(context);
  const planned = new PlannedTasks(context);
  const needsYou = new NeedsYouTree(context, reviewed);
  const cells = new CellsTree(context);
  const tasks = new TasksTree(context, planned);
  await context.repositories.scan();
  await settle();
  // The first drawing is over.
  story.world.clock.advance(100);
  const show = async () => (await Promise.all([needsYou, cells, tasks].map((tree) => renderTree(tree)))).join('\n\n');
  const dispose = () => {
    for (const part of [needsYou, cells, tasks, planned, reviewed, context.repositories]) part.dispose();
  };
  return { ...story, needsYou, cells, tasks, planned, reviewed, show, dispose };
}

describe('the sidebar', () => {
  it('shows what waits, what works and what there is', async () => {
    const story = editorStory();
    tell(story.engine);
    story.editor.files.set(
      '/repository/reactor.yaml',
      'tasks:\n  - id: TASK-001\n    prompt: Add slugify\n  - id: TASK-009\n    prompt: Later\n',
    );
    const bar = await sidebar(story);
    assert.equal(
      await bar.show(),
      `(diff-multiple) TASK-002   review: 2 files +12 −3, tests green
  [ ] (file) slug.ts   M · src · +10 −3
  [ ] (file) slug.test.ts   A · test · +2 −0
(shield) TASK-003   asks to: bash npm publish --dry-run

(bell-dot) TASK-002  Parse durations   needs you · 45 s · attempt 1 of 3 · 1,830 tok · $0.0121
  (history) attempt 1 of 3   green in 0.8 s · tree 9f3c2ab
  (file) slug.ts   M · src · +10 −3
  (file) slug.test.ts   A · test · +2 −0
  (git-branch) reactor/TASK-002   from b1c2d3e
  (folder) worktree   /data/cells/TASK-002/worktree
  (output) server log
(bell-dot) TASK-003  Publish   needs you · 36 s · attempt 1 of 3
  (history) attempt 1 of 3

Not started   1
  (circle-outline) TASK-009  Later
Queued   1
  (clock) TASK-004  Wait in line
Running   2
  (bell-dot) TASK-003  Publish   attempt 1 of 3
  (bell-dot) TASK-002  Parse durations   attempt 1 of 3 · $0.0121
Landed   1 today
  (pass) TASK-001  Add slugify   d4e5f6a · attempt 1 · 11 s · $0.0121
Failed   1
  (error) TASK-005  Impossible   never green in 1 attempt · attempt 1 · 8.0 s · unpriced
Rejected   1
  (circle-slash) TASK-006  Unwanted   rejected by ann · attempt 1 · 3.0 s`,
    );
    assert.deepEqual(bar.needsYou.badge(), { value: 2, tooltip: '2 things need you' });
    bar.dispose();
  });

  it('says why a run does not go on, in the words of the terminal, also in its card', async () => {
    const story = editorStory();
    const { engine } = story;
    const asked = (task: string, title: string) => told.requested(`${task}-r1`, storySpec(task, title));
    const reasons = ['after TASK-009', '2nd in line, limit of 2 side by side', 'the budget of today ($1) is set aside for other runs'];
    const [after = '', line = '', money = ''] = reasons;
    engine.tell('TASK-001-r1', asked('TASK-001', 'Later'), event('run/queued', { code: 'after', text: after }));
    engine.tell('TASK-002-r1', asked('TASK-002', 'Resumed'), told.started(), event('run/queued', { code: 'limit', text: line }));
    const scope = { over: 'day', of: 'repository' } as const;
    const left = { scope, period: null, leftUsd: Usd.parse('0.1'), neededUsd: Usd.parse('0.2') };
    engine.tell('TASK-003-r1', asked('TASK-003', 'Costly'), told.started(), event('budget/deferred', { ...left, reason: money }));
    const bar = await sidebar(story);
    const row = (task: string) => (text: string) => text.split('\n').filter((shown) => shown.includes(task));
    const cells = await renderTree(bar.cells);
    const tasks = await renderTree(bar.tasks);
    const status = (await cli(['status'], fakeHost(engine))).out;
    for (const [index, reason] of reasons.entries()) {
      const shownIn = index === 0 ? [tasks, status] : [cells, tasks, status];
      for (const text of shownIn.flatMap(row(`TASK-00${index + 1}`))) assert.ok(text.includes(reason), `${reason}: ${text}`);
    }
    const [, running] = await bar.tasks.getChildren();
    const [node] = await bar.tasks.getChildren(running);
    const card = node === undefined ? undefined : bar.tasks.resolveTreeItem(bar.tasks.getTreeItem(node), node).tooltip;
    assert.match(String((card as { value?: string } | undefined)?.value), /Waits: /);
    bar.dispose();
  });

  it('shows tasks as a list, and only those that a filter leaves', async () => {
    const story = editorStory();
    tell(story.engine);
    const bar = await sidebar(story);
    await bar.tasks.setGrouped(false);
    bar.tasks.setFilter('landed');
    assert.equal(await renderTree(bar.tasks), '(pass) TASK-001  Add slugify   landed · d4e5f6a · attempt 1 · 11 s · $0.0121');
    bar.tasks.setFilter('task-00 impossible');
    assert.match(await renderTree(bar.tasks), /^\(error\) TASK-005[^\n]*$/);
    bar.dispose();
  });

  it('has rows read out by their names, not by what hovers over them', async () => {
    const story = editorStory();
    tell(story.engine);
    story.editor.files.set('/repository/reactor.yaml', 'tasks:\n  - id: TASK-009\n    prompt: Later\n');
    const bar = await sidebar(story);
    const heard = async (tree: typeof bar.cells | typeof bar.tasks) => {
      const [first] = await tree.getChildren();
      const rows = first === undefined ? [] : await tree.getChildren(first);
      return rows.map((row) => tree.getTreeItem(row).accessibilityInformation?.label);
    };
    assert.deepEqual(
      [await heard(bar.cells), await heard(bar.tasks)],
      [
        [
          'attempt 1 of 3, green in 0.8 s · tree 9f3c2ab',
          'src/slug.ts, modified, +10 −3',
          'test/slug.test.ts, added, +2 −0',
          'reactor/TASK-002, from b1c2d3e',
          'worktree, /data/cells/TASK-002/worktree',
          'server log',
        ],
        ['TASK-009, Later, not started'],
      ],
    );
    bar.dispose();
  });

  it('says how many tasks have landed today, until midnight', async () => {
    const story = editorStory();
    const { engine, world } = story;
    const heading = async () => (await renderTree(bar.tasks)).split('\n')[0];
    const day = 86_400_000;
    const land = (task: string) => {
      greenRun(engine, `${task}-r1`, storySpec(task, 'Add slugify'));
      landRun(engine, `${task}-r1`);
    };
    land('TASK-001');
    const bar = await sidebar(story);
    assert.equal(await heading(), 'Landed   1 today');
    let drawn = 0;
    bar.tasks.onDidChangeTreeData(() => {
      drawn += 1;
    });
    world.clock.advance(day);
    assert.deepEqual([await heading(), drawn], ['Landed   1', 1]);
    engine.at = world.clock.now();
    land('TASK-002');
    // At rest nobody follows the engine.
    for (const changed of world.watchers) changed();
    await settle();
    world.clock.advance(100);
    assert.equal(await heading(), 'Landed   2 · 1 today');
    bar.dispose();
  });

  it('keeps a task that a filter leaves when it moves under another heading', async () => {
    const story = editorStory();
    tell(story.engine);
    const bar = await sidebar(story);
    bar.tasks.setFilter('parse');
    await renderTree(bar.tasks);
    story.world.clock.advance(100);
    const drawn: string[] = [];
    bar.tasks.onDidChangeTreeData((nodes) => drawn.push(nodes?.map(({ key }) => key).join(' ') ?? 'all'));
    landRun(story.engine, 'TASK-002-r1');
    await settle();
    story.world.clock.advance(50);
    // Its new heading was not there: other tasks under it are not shown.
    assert.deepEqual(drawn, ['all']);
    assert.match(await renderTree(bar.tasks), /^Landed {3}1 today\n[^\n]*TASK-002[^\n]*$/);
    bar.dispose();
  });

  it('shows each repository of a workspace of several', async () => {
    const story = editorStory({ folders: ['/one', '/two'] });
    greenRun(story.engine, 'TASK-001-r1', storySpec('TASK-001', 'Add slugify'));
    story.engine.tell('TASK-001-r1', told.review(1));
    const bar = await sidebar(story);
    const rows = (text: string) => text.split('\n').map((line) => line.replace(/ {3}.*/, ''));
    assert.deepEqual(
      rows(await renderTree(bar.cells)).filter((line) => line !== ''),
      ['(repo) one', '  (bell-dot) TASK-001  Add slugify', '(repo) two', '  (bell-dot) TASK-001  Add slugify'],
    );
    assert.match(await renderTree(bar.needsYou), /tests green \(one\)[\s\S]*tests green \(two\)/);
    bar.dispose();
  });

  it('draws only the row that changed, and its headings when it moves', async () => {
    const story = editorStory();
    const { engine, world } = story;
    for (let number = 1; number <= 2000; number += 1) {
      const task = `TASK-${String(number).padStart(4, '0')}`;
      engine.tell(`${task}-r1`, told.requested(`${task}-r1`, storySpec(task, 'One of many')), ...told.ended('landed', 0, 'landed on main'));
    }
    greenRun(engine, 'OPEN-1-r1', storySpec('OPEN-1', 'Open'));
    greenRun(engine, 'OPEN-2-r1', storySpec('OPEN-2', 'Open too'));
    const bar = await sidebar(story);
    await bar.show();
    const drawn: string[] = [];
    const name = (node: TreeNode) => node.key.slice(node.key.indexOf('#') + 1);
    for (const tree of [bar.cells, bar.tasks]) tree.onDidChangeTreeData((nodes) => drawn.push(nodes?.map(name).join(' ') ?? 'all'));
    engine.tell('OPEN-1-r1', told.message(1));
    await settle();
    world.clock.advance(50);
    assert.deepEqual(drawn.splice(0), ['cell/OPEN-1-r1', 'task/OPEN-1']);
    landRun(engine, 'OPEN-1-r1');
    await settle();
    world.clock.advance(50);
    assert.deepEqual(drawn.splice(0), ['all', 'task/OPEN-1 group/running group/landed']);
    assert.equal((await bar.tasks.getChildren(undefined)).length, 2);
    bar.dispose();
  }).timeout(30_000);

  it('brings elapsed time up to date once a second, while somebody can see it', async () => {
    const story = editorStory();
    story.engine.tell('TASK-001-r1', told.requested('TASK-001-r1', storySpec('TASK-001', 'Add slugify')), told.started(), told.attempt(1));
    const bar = await sidebar(story);
    await bar.show();
    let drawn = 0;
    bar.cells.onDidChangeTreeData(() => {
      drawn += 1;
    });
    story.world.clock.advance(10_000);
    assert.equal(drawn, 0);
    bar.cells.setVisible(true);
    story.world.clock.advance(3100);
    assert.equal(drawn, 3);
    bar.cells.setVisible(false);
    story.world.clock.advance(10_000);
    assert.equal(drawn, 3);
    story.engine.live('TASK-001-r1', 'toolStarted', 'edit src/slug.ts');
    await settle();
    assert.match(await renderTree(bar.cells), /executing: edit src\/slug\.ts · 1m21s/);
    bar.dispose();
  });

  it('names what a path hides, in its row, when it is read out and in the title of its editor', async () => {
    const story = editorStory();
    const path = `src/${'deep/'.repeat(60)}evil\u202egnp.ts`;
    const files = [{ path, status: 'modified' as const, added: 1, removed: 0 }];
    const { type, data } = told.candidate(1) as Extract<ReturnType<typeof told.candidate>, { type: 'attempt/candidateBuilt' }>;
    story.engine.tell(
      'TASK-001-r1',
      told.requested('TASK-001-r1', storySpec('TASK-001', 'Evil')),
      told.started(),
      told.attempt(1),
      told.executed(1),
      { type, data: { ...data, files, filesTotal: 1 } },
      told.tested(1, 0),
      told.review(1),
    );
    const bar = await sidebar(story);
    const [ask] = await bar.needsYou.getChildren();
    const [file] = await bar.needsYou.getChildren(ask);
    assert.ok(file !== undefined);
    const { label, tooltip, accessibilityInformation, command } = bar.needsYou.getTreeItem(file);
    const title = (command?.arguments ?? []).at(-1);
    assert.equal(label, 'evil<U+202E>gnp.ts');
    for (const shown of [tooltip, accessibilityInformation?.label, title])
      assert.match(String(shown), /^src\/deep\/.*evil<U\+202E>gnp\.ts/);
    assert.equal(String(title).length, 200 + ' (TASK-001 attempt 1)'.length);
    bar.dispose();
  });

  it('shows the beginning of a long prompt in a hover card, so that what came of it has room', async () => {
    const story = editorStory();
    const prompt = Array.from({ length: 200 }, (_, line) => `line ${line + 1}`).join('\n');
    greenRun(story.engine, 'TASK-001-r1', storySpec('TASK-001', 'Long', { prompt }));
    const bar = await sidebar(story);
    const [cell] = await bar.cells.getChildren();
    assert.ok(cell !== undefined);
    const { value } = bar.cells.resolveTreeItem(bar.cells.getTreeItem(cell), cell).tooltip as unknown as { value: string };
    assert.match(value, /\nline 12…\n/);
    assert.ok(value.includes('Tokens 1,830'), value);
    bar.dispose();
  });

  it('escapes what models and people wrote in a hover card', async () => {
    const story = editorStory();
    const spec = storySpec('TASK-001', 'Evil [click](command:evil) \u202e', { prompt: 'a\n```\n[x](command:evil)' });
    greenRun(story.engine, 'TASK-001-r1', spec);
    const bar = await sidebar(story);
    const [cell] = await bar.cells.getChildren();
    assert.ok(cell !== undefined);
    const item = bar.cells.resolveTreeItem(bar.cells.getTreeItem(cell), cell);
    const { value, isTrusted } = item.tooltip as unknown as { value: string; isTrusted: { enabledCommands: string[] } };
    assert.deepEqual(isTrusted.enabledCommands, ['reactor.reviewChanges', 'reactor.showTimeline', 'reactor.openWorktree']);
    assert.ok(!value.includes('[click](command:evil)') && !value.includes('\u202e'), value);
    assert.match(value, /Tokens 1,830 = 1,200 in \\\+ 600 out \\\+ 30 cache read/);
    bar.dispose();
  });

  it('takes a tick from a file that is another in the next candidate, and leaves it on one that is the same', async () => {
    const story = editorStory();
    const { engine, world } = story;
    greenRun(engine, 'TASK-001-r1', storySpec('TASK-001', 'Add slugify'));
    engine.tell('TASK-001-r1', told.review(1));
    const change = (path: string, newOid: string) => ({
      status: 'modified' as const,
      path,
      oldMode: '100644',
      newMode: '100644',
      oldOid: '0',
      newOid,
      added: 1,
      removed: 0,
    });
    world.changed.set(treeOf(1), [change('src/slug.ts', 'a'), change('test/slug.test.ts', 'b')]);
    world.changed.set(treeOf(2), [change('src/slug.ts', 'a2'), change('test/slug.test.ts', 'b')]);
    const bar = await sidebar(story);
    const [model] = story.context.repositories.list;
    assert.ok(model !== undefined);
    const paths = ['src/slug.ts', 'test/slug.test.ts'];
    await bar.reviewed.set(
      model,
      'TASK-001-r1',
      treeOf(1),
      paths.map((path) => ({ path, reviewed: true })),
    );
    assert.match(await renderTree(bar.needsYou), /\[x\] \(file\) slug\.ts[\s\S]*\[x\] \(file\) slug\.test\.ts/);
    engine.tell(
      'TASK-001-r1',
      told.answered('a1', 'rejected'),
      told.attempt(2),
      told.executed(2),
      told.candidate(2),
      told.tested(2, 0),
      told.review(2),
    );
    await settle();
    await bar.reviewed.carryOver(model, 'TASK-001-r1', treeOf(2));
    assert.match(await renderTree(bar.needsYou), /\[ \] \(file\) slug\.ts[\s\S]*\[x\] \(file\) slug\.test\.ts/);
    bar.dispose();
  });
});
