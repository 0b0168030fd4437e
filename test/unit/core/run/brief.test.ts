import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { runTable, statusRow } from '../../../../src/cli/render/statusLines.ts';
import { briefRun } from '../../../../src/core/run/brief.ts';
import { FakeEngine } from '../../../support/cli/fakeEngine.ts';
import { storySpec, told } from '../../../support/cli/story.ts';

describe('A run in a list', () => {
  it('says the same as the whole one and is small whatever it was asked and printed', () => {
    const engine = new FakeEngine();
    const run = 'TASK-001-r1';
    const long = 'word '.repeat(200_000);
    engine.tell(run, told.requested(run, storySpec('TASK-001', 'Add slugs', { prompt: long })), told.started());
    for (const attempt of [1, 2]) {
      engine.tell(run, told.attempt(attempt), told.message(attempt), told.executed(attempt), told.candidate(attempt));
      engine.tell(run, told.tested(attempt, 1, long), told.reverted(attempt));
    }
    engine.tell(run, ...told.ended('failed', 2, 'the tests stayed red'));
    const whole = engine.state(run);
    const brief = briefRun(whole);
    assert.deepEqual(statusRow(brief, []), statusRow(whole, []));
    const style = { columns: 120, colours: false };
    assert.deepEqual(runTable([brief], style, 0), runTable([whole], style, 0));
    assert.ok(JSON.stringify(whole).length > 3_000_000);
    assert.ok(JSON.stringify(brief).length < 8000, `${JSON.stringify(brief).length} characters`);
  });
});
