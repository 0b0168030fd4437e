import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { liveView } from '../../../src/cli/follow/liveView.ts';
import { event } from '../../../src/core/journal/events.ts';
import { FakeEngine } from '../../support/cli/fakeEngine.ts';
import { FakeTerminal } from '../../support/cli/fakeTerminal.ts';
import { storySpec, told } from '../../support/cli/story.ts';

describe('the line of a run that is followed', () => {
  it('says once where the run stands, and nothing of what stands in it already', () => {
    const engine = new FakeEngine();
    const terminal = new FakeTerminal(['run'], { tty: true });
    const view = liveView(terminal.stdout, terminal);
    const shown = (...events: Parameters<FakeEngine['tell']>[1][]): string => {
      const before = engine.entries.length;
      engine.tell('r1', ...events);
      for (const entry of engine.entries.slice(before)) {
        const state = engine.states.get('r1');
        if (state !== undefined) view.entry(entry, state);
      }
      terminal.clock.advance(100);
      const frame = terminal.stdout.text.replaceAll('\u001b', '\n').split('[?2026h').at(-1) ?? '';
      return (/TASK-001.*/.exec(frame)?.[0] ?? '').replace(/\d+\.\d s/, '… s').trimEnd();
    };
    assert.deepEqual(
      [
        shown(told.requested('r1', storySpec('TASK-001', 'Add slugify'))),
        shown(event('run/queued', { code: 'limit', text: '1st in line' })),
        shown(told.started(), told.attempt(1)),
        shown(told.permission()),
      ],
      [
        'TASK-001 Add slugify  ◌ queued     … s',
        'TASK-001 Add slugify  ◌ queued     … s  1st in line',
        'TASK-001 Add slugify  ● executing  attempt 1 of 3  … s  the agent works',
        'TASK-001 Add slugify  ◇ needs you  attempt 1 of 3  … s  bash npm publish --…',
      ],
    );
    view.end();
  });
});
