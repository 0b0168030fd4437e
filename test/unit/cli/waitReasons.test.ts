import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { event } from '../../../src/core/journal/events.ts';
import { FakeEngine } from '../../support/cli/fakeEngine.ts';
import { cli, fakeHost } from '../../support/cli/fakeHost.ts';
import { storySpec, told } from '../../support/cli/story.ts';

describe('what a run waits for, in the terminal', () => {
  it('stands below its row where there is no room beside it', async () => {
    const engine = new FakeEngine();
    const text = '1st in line, limit of 2 side by side';
    const spec = storySpec('TASK-001', 'Parse durations');
    engine.tell('TASK-001-r1', told.requested('TASK-001-r1', spec), event('run/queued', { code: 'limit', text }));
    const narrow = (await cli(['tasks'], fakeHost(engine), { tty: true })).out.split('\n');
    assert.match(narrow[1] ?? '', /^TASK-001 {2}Parse durations {2}. queued/);
    assert.equal(narrow[2], `          waits: ${text}`);
    assert.match((await cli(['tasks'], fakeHost(engine))).out, /WAITS FOR\n.* {2}1st in line, limit of 2 side by side\n/);
  });
});

describe('reactor show', () => {
  it('hints at other commands than itself', async () => {
    const engine = new FakeEngine();
    engine.tell('TASK-001-r1', told.requested('TASK-001-r1', storySpec('TASK-001', 'Parse durations')), told.started());
    engine.tell('TASK-001-r1', told.attempt(1), ...told.ended('failed', 2, 'never green'));
    assert.doesNotMatch((await cli(['show', 'TASK-001'], fakeHost(engine))).out, /reactor show/);
  });
});
