import { summaryLines } from '../../../src/cli/render/summary.ts';
import { statusLines } from '../../../src/cli/render/statusLines.ts';
import { runDetails } from '../../../src/cli/render/runDetails.ts';
import { logLines } from '../../../src/cli/render/logLines.ts';
import { liveLines } from '../../../src/cli/render/runLine.ts';
import { FakeEngine } from '../../support/cli/fakeEngine.ts';
import { greenRun, landRun, storySpec, told } from '../../support/cli/story.ts';
import { statusOf } from '../../../src/engine/queries.ts';
import { readerOf } from '../../support/cli/fakeHost.ts';
const plain = { columns: 80, colours: false };
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
const e = threeRuns();
console.log(summaryLines([...e.states.values()], plain, e.at).join('\n'));
console.log('-----details'); console.log(runDetails(e.state('r2'), '/data', plain, e.at).join('\n'));
console.log('-----logs'); console.log(e.entries.filter(x => x.run==='r2').flatMap((x) => logLines(x, plain, (at) => new Date(at).toISOString().slice(11, 19))).join('\n'));
const w = new FakeEngine(); greenRun(w, 'r1', storySpec('TASK-001', 'Add slugify')); w.tell('r1', told.review(1), told.parked());
w.tell('r2', told.requested('r2', storySpec('TASK-002', 'A very long title 漢字漢字 that does not fit in any column at all')), told.started(), told.attempt(1), told.message(1), told.permission());
w.tell('r3', told.requested('r3', storySpec('TASK-003', 'Short')), told.started(), told.attempt(1), told.message(1));
console.log('-----status'); console.log(statusLines(statusOf(readerOf(w), null), plain, w.at).join('\n'));
const s=[...w.states.values()];
console.log('-----live'); console.log(liveLines(s, plain, w.at, new Map([['r3','edit src/some/long/path/to/slug.ts']])).join('\n'))
console.log('-----'); console.log(summaryLines(s, plain, w.at).join('\n'));
