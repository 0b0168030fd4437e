import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { PlannedTasks } from '../../../../src/vscode/plannedTasks.ts';
import { ReviewedFiles } from '../../../../src/vscode/review/reviewedFiles.ts';
import { CellsTree } from '../../../../src/vscode/tree/cellsTree.ts';
import { NeedsYouTree } from '../../../../src/vscode/tree/needsYouTree.ts';
import { TasksTree } from '../../../../src/vscode/tree/tasksTree.ts';
import { greenRun, landRun, storySpec, told } from '../../../support/cli/story.ts';
import { editorStory } from '../../../support/vscode/editorStory.ts';
import { settle } from '../../../support/vscode/fakeEditorHost.ts';
import { renderTree } from '../../../support/vscode/renderTree.ts';

const cellPlanned = (task: string) => ({
  type: 'cell/planned' as const,
  data: { worktree: `/data/cells/${task}/worktree`, home: `/data/cells/${task}/home`, branch: `reactor/${task}`, base: 'b'.repeat(40) },
});

describe('the sidebar', () => {
  it('shows what waits, what works and what there is', async () => {
    const { engine, world, context, editor } = editorStory();
    greenRun(engine, 'TASK-001-r1', storySpec('TASK-001', 'Add slugify'));
    landRun(engine, 'TASK-001-r1');
    engine.tell('TASK-002-r1', told.requested('TASK-002-r1', storySpec('TASK-002', 'Parse durations')), told.started(), cellPlanned('TASK-002'));
    engine.tell('TASK-002-r1', told.attempt(1), told.message(1), told.executed(1), told.candidate(1), told.tested(1, 0), told.review(1));
    engine.tell('TASK-003-r1', told.requested('TASK-003-r1', storySpec('TASK-003', 'Publish')), told.started(), told.attempt(1), told.permission());
    engine.tell('TASK-004-r1', told.requested('TASK-004-r1', storySpec('TASK-004', 'Wait in line')));
    editor.files.set('/repository/reactor.yaml', 'tasks:\n  - id: TASK-001\n    prompt: Add slugify\n  - id: TASK-009\n    prompt: Later\n');
    world.clock.advance(engine.at - world.clock.now() > 0 ? engine.at - world.clock.now() : 0);
    const reviewed = new ReviewedFiles(context);
    const trees = [new NeedsYouTree(context, reviewed), new CellsTree(context), new TasksTree(context, new PlannedTasks(context))];
    await context.repositories.scan();
    await settle();
    const shown = await Promise.all(trees.map((tree) => renderTree(tree)));
    assert.equal(
      shown.join('\n\n'),
      'x',
    );
  });
});
