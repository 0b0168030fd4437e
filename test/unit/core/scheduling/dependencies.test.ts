import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { event } from '../../../../src/core/journal/events.ts';
import { dependencyOf, linkDependencies, type Wanted } from '../../../../src/core/scheduling/dependencies.ts';
import { RunStory, specOf } from '../../../support/runStory.ts';

/** Tasks written as `C<A,B`: C comes after A and B. `!` at the end: it stays on its own branch. */
const wanted = (...tasks: readonly string[]): Wanted[] =>
  tasks.map((text) => {
    const [task = '', after = ''] = text.replace('!', '').split('<');
    return { run: `${task}-r1`, task, after: after === '' ? [] : after.split(','), stayOnBranch: text.endsWith('!') };
  });

const ended = (status: 'landed' | 'failed', reason: string) =>
  new RunStory(specOf({ task: 'OLD' })).tell(event('run/concluded', { status, exitCode: status === 'landed' ? 0 : 2, reason })).state;

const link = (tasks: readonly Wanted[], last: ReturnType<typeof ended> | null = null) => {
  const result = linkDependencies(tasks, (task) => (task === 'OLD' ? last : null));
  return result.ok ? Object.fromEntries([...result.value].map(([run, links]) => [run, links.map((one) => one.run)])) : result.error;
};

describe('linkDependencies', () => {
  it('finds the runs of tasks asked for together, wherever they stand in the list, and of earlier ones', () => {
    assert.deepEqual(link(wanted('C<A,B', 'A', 'B<A', 'D<OLD'), ended('landed', 'landed on main')), {
      'C-r1': ['A-r1', 'B-r1'],
      'A-r1': [],
      'B-r1': ['A-r1'],
      'D-r1': ['TASK-001-r1'],
    });
  });

  it('refuses, in one sentence each, what could never start', () => {
    assert.equal(link(wanted('A<A')), "A can't come after itself; nothing was started.");
    assert.equal(
      link(wanted('A<B', 'B<C', 'C<B')),
      'B comes after C comes after B: none of them could ever start, so nothing was started.',
    );
    assert.equal(link(wanted('A<NONE')), 'A comes after NONE, which is not among these tasks and has never run here; nothing was started.');
    assert.equal(
      link(wanted('A<OLD'), ended('failed', 'never green in 3 attempts')),
      'A comes after OLD, which did not land (never green in 3 attempts); nothing was started.',
    );
    assert.equal(
      link(wanted('A', 'B!', 'C<A,B')),
      'C comes after A and B, but B stays on its own branch, so there is no one commit to start from; nothing was started.',
    );
  });

  it('lets one task start from another that stays on its branch', () => {
    assert.deepEqual(link(wanted('A!', 'B<A')), { 'A-r1': [], 'B-r1': ['A-r1'] });
  });
});

describe('dependencyOf', () => {
  it('tells what is open, waits for a person, has landed and has failed', () => {
    const open = new RunStory(specOf());
    const parked = new RunStory(specOf()).tell(event('run/parked', { code: 'review', reason: 'nobody to ask', exitCode: 5 }));
    assert.deepEqual(
      [open.state, parked.state, ended('landed', 'landed on main'), ended('failed', 'rejected by ann'), null].map((state) => {
        const { state: how, reason } = dependencyOf('T', state);
        return `${how} ${reason}`.trim();
      }),
      ['open', 'parked', 'done', 'failed rejected by ann', 'failed it was never started'],
    );
  });
});
