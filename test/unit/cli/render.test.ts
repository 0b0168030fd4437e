import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { cleanLines } from '../../../src/cli/commands/keeping.ts';
import { checkLines } from '../../../src/cli/commands/doctor.ts';
import { diffStatLines, patchLines } from '../../../src/cli/render/diffStat.ts';
import { bytesText, countText, elapsedText } from '../../../src/cli/render/figures.ts';
import { logLines } from '../../../src/cli/render/logLines.ts';
import { runDetails } from '../../../src/cli/render/runDetails.ts';
import { columnsFor, runLine } from '../../../src/cli/render/runLine.ts';
import { statusLines } from '../../../src/cli/render/statusLines.ts';
import type { Style } from '../../../src/cli/render/style.ts';
import { summaryLines } from '../../../src/cli/render/summary.ts';
import { textWidth } from '../../../src/cli/render/textWidth.ts';
import { FakeEngine } from '../../support/cli/fakeEngine.ts';
import { greenRun, landRun, storySpec, told } from '../../support/cli/story.ts';

const plain: Style = { columns: 80, colours: false };
const timeOfDay = (at: number) => new Date(at).toISOString().slice(11, 19);

/** Three runs as people meet them: landed at once, landed after a red attempt, never green. */
function threeRuns(): FakeEngine {
  const engine = new FakeEngine();
  greenRun(engine, 'r1', storySpec('TASK-001', 'Add slugify'));
  landRun(engine, 'r1');
  engine.tell('r2', told.requested('r2', storySpec('TASK-002', 'Parse durations')), told.started());
  engine.tell('r2', told.attempt(1), told.message(1), told.executed(1), told.candidate(1), told.tested(1, 1, 'not ok 1\nexpected 5\n'), told.reverted(1));
  engine.tell('r2', told.attempt(2), told.message(2), told.executed(2), told.candidate(2), told.tested(2, 0));
  landRun(engine, 'r2', 2);
  engine.tell('r3', told.requested('r3', storySpec('TASK-003', 'Impossible', { attempts: 1 })), told.started());
  engine.tell('r3', told.attempt(1), told.message(1, null), told.executed(1), told.candidate(1), told.tested(1, 1), told.reverted(1));
  engine.tell('r3', ...told.ended('failed', 2, 'never green in 1 attempt'));
  return engine;
}

describe('what the terminal shows', () => {
  it('sums three runs up in 80 columns', () => {
    const engine = threeRuns();
    const lines = summaryLines([...engine.states.values()], plain, engine.at);
    assert.equal(
      `\n${lines.join('\n')}\n`,
      `
`,
    );
  });
});
