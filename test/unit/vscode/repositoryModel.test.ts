import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { localDay } from '../../../src/base/localDay.ts';
import { event } from '../../../src/core/journal/events.ts';
import { daysLater } from '../../../src/core/projections/costs/calendar.ts';
import { dayStart } from '../../../src/vscode/notice/spending.ts';
import { RepositoryModel } from '../../../src/vscode/repositoryModel.ts';
import { FakeEngine } from '../../support/cli/fakeEngine.ts';
import { greenRun, landRun, storySpec, told } from '../../support/cli/story.ts';
import { FakeEditorWorld, settle } from '../../support/vscode/fakeEditorHost.ts';

function story(change: { hasEngine?: boolean } = {}) {
  const engine = new FakeEngine();
  const world = new FakeEditorWorld(engine);
  world.hasEngine = change.hasEngine ?? true;
  const model = new RepositoryModel({ id: '/repository/.git', name: 'repository', folder: '/repository' }, world.host());
  const seen: string[] = [];
  model.onDidChangeRun(({ run, phase }) => seen.push(`${run} ${phase}`));
  model.onDidChangeInbox((items) => seen.push(`inbox ${items.map(({ run, id }) => `${run}/${id}`).join(' ')}`));
  model.onDidReset(() => seen.push('reset'));
  model.onDidChangeState((state) => seen.push(state));
  const take = () => seen.splice(0).join(', ');
  return { engine, world, model, take };
}

describe('RepositoryModel', () => {
  it('reads the journal without an engine, and again when the file has changed', async () => {
    const { engine, world, model, take } = story({ hasEngine: false });
    greenRun(engine, 'TASK-001-r1', storySpec('TASK-001', 'Add slugify'));
    landRun(engine, 'TASK-001-r1');
    await model.open();
    assert.equal(take(), 'reset, resting');
    assert.deepEqual([...model.runs.keys()], ['TASK-001-r1']);
    const request = told.requested('TASK-002-r1', storySpec('TASK-002', 'Parked'));
    engine.tell('TASK-002-r1', request, told.started(), told.attempt(1), told.executed(1), told.candidate(1), told.tested(1, 0));
    engine.tell('TASK-002-r1', told.review(1), told.parked());
    for (const changed of world.watchers) changed();
    await settle();
    assert.equal(take(), 'reset, inbox TASK-002-r1/a1');
    assert.deepEqual([engine.clients, world.connects], [0, ['ifRunsOpen']]);
    model.dispose();
    assert.equal(world.watchers.size, 0);
  });

  it('follows the engine from the snapshot on, without gaps and without folding anything twice', async () => {
    const { engine, model, take } = story();
    greenRun(engine, 'TASK-001-r1', storySpec('TASK-001', 'Add slugify'));
    await model.open();
    await settle();
    assert.equal(take(), 'reset, live');
    engine.tell('TASK-001-r1', told.review(1));
    await settle();
    assert.equal(take(), 'TASK-001-r1 waiting, inbox TASK-001-r1/a1');
    engine.tell('TASK-001-r1', told.answered('a1', 'approved'));
    await settle();
    assert.equal(take(), 'TASK-001-r1 executing, inbox ');
    assert.deepEqual(model.run('TASK-001'), engine.state('TASK-001-r1'));
    model.dispose();
  });

  it('looks for the engine again when it ends, and catches up', async () => {
    const { engine, world, model, take } = story();
    greenRun(engine, 'TASK-001-r1', storySpec('TASK-001', 'Add slugify'));
    await model.open();
    await settle();
    engine.die();
    await settle();
    engine.tell('TASK-001-r1', told.review(1));
    take();
    world.clock.advance(999);
    await settle();
    assert.equal(take(), '');
    world.clock.advance(1);
    await settle();
    assert.equal(take(), 'TASK-001-r1 waiting, inbox TASK-001-r1/a1, live');
    model.dispose();
  });

  it('reads everything anew when the journal was removed and another begun', async () => {
    const { engine, world, model, take } = story();
    greenRun(engine, 'TASK-001-r1', storySpec('TASK-001', 'Add slugify'));
    await model.open();
    await settle();
    engine.beginAnew();
    engine.die();
    engine.tell('TASK-002-r1', told.requested('TASK-002-r1', storySpec('TASK-002', 'Begun anew')), told.started());
    await settle();
    take();
    world.clock.advance(1000);
    await settle();
    assert.deepEqual([[...model.runs.keys()], take()], [['TASK-002-r1'], 'reset, live']);
    engine.tell('TASK-002-r1', told.attempt(1));
    await settle();
    assert.equal(take(), 'TASK-002-r1 executing');
    model.dispose();
  });

  it('lets the engine go a minute after the last run has come to rest, and stays away while nothing new is recorded', async () => {
    const { engine, world, model, take } = story();
    greenRun(engine, 'TASK-001-r1', storySpec('TASK-001', 'Add slugify'));
    await model.open();
    await settle();
    world.clock.advance(120_000);
    assert.equal(engine.clients, 1, 'a run is open');
    landRun(engine, 'TASK-001-r1');
    await settle();
    world.clock.advance(60_000);
    await settle();
    assert.equal(engine.clients, 0);
    take();
    // The sign of life of an engine that another window holds.
    for (const changed of world.watchers) changed();
    await settle();
    assert.deepEqual([take(), engine.clients], ['', 0]);
    engine.tell('TASK-002-r1', told.requested('TASK-002-r1', storySpec('TASK-002', 'From a terminal')), told.started());
    for (const changed of world.watchers) changed();
    await settle();
    assert.deepEqual([take(), engine.clients], ['reset, live', 1]);
    model.dispose();
    assert.equal(engine.clients, 0);
  });

  it('says of what waits what became true after it was asked', async () => {
    const { engine, model, take } = story();
    greenRun(engine, 'TASK-001-r1', storySpec('TASK-001', 'Add slugify'));
    engine.tell('TASK-001-r1', told.review(1));
    await model.open();
    await settle();
    take();
    const conflicts = [{ with: 'main', run: null, paths: ['src/slug.ts'] }];
    engine.tell('TASK-001-r1', event('landing/conflictsPredicted', { conflicts }));
    await settle();
    assert.equal(take(), 'TASK-001-r1 waiting, inbox TASK-001-r1/a1');
    assert.match(model.inbox[0]?.title ?? '', /^review: 2 files \+12 −3, tests green, .*conflict/);
    model.dispose();
  });

  it('says where in line a run has come to that waits, and after a loss of the engine, too', async () => {
    const { engine, world, model, take } = story();
    const waits = (place: string) => ({ code: 'limit' as const, text: `${place} in line, limit of 2 side by side` });
    engine.tell('TASK-001-r1', told.requested('TASK-001-r1', storySpec('TASK-001', 'Waiting')), event('run/queued', waits('3rd')));
    await model.open();
    await settle();
    take();
    engine.live('TASK-001-r1', 'queued', `queued: ${waits('2nd').text}`);
    await settle();
    assert.deepEqual([take(), model.run('TASK-001')?.queued], ['TASK-001-r1 queued', waits('2nd')]);
    engine.die();
    await settle();
    const state = engine.state('TASK-001-r1');
    engine.states.set('TASK-001-r1', { ...state, queued: waits('1st') });
    world.clock.advance(1000);
    await settle();
    assert.deepEqual([take(), model.run('TASK-001')?.queued], ['lost, live, TASK-001-r1 queued', waits('1st')]);
    model.dispose();
  });

  it('says at midnight that there is a new budget for what one of the day before has parked', async () => {
    const { engine, world, model, take } = story({ hasEngine: false });
    const today = localDay(world.clock.now());
    const budget = { scope: { over: 'day' as const, of: 'repository' as const }, renewsOn: daysLater(today, 1) };
    engine.tell('TASK-001-r1', told.requested('TASK-001-r1', storySpec('TASK-001', 'Dear')), told.started(), told.attempt(1));
    engine.tell('TASK-001-r1', { type: 'run/parked', data: { code: 'budget', reason: 'used up', exitCode: 6, budget } });
    await model.open();
    await settle();
    assert.equal(model.inbox[0]?.title, 'used up');
    take();
    world.clock.advance(dayStart(world.clock.now(), 1) - world.clock.now());
    assert.equal(take(), 'inbox TASK-001-r1/parked');
    assert.equal(model.inbox[0]?.title, 'there is a new budget, and it can go on; used up');
    model.dispose();
    assert.equal(world.clock.timers, 0);
  });

  it('starts an engine for a request, and tells its refusal', async () => {
    const { engine, world, model } = story({ hasEngine: false });
    engine.handlers = { cancel: ({ run }) => ({ run, seq: 1 }) };
    await model.open();
    assert.deepEqual(await model.request('cancel', { run: 'TASK-001-r1' }), { run: 'TASK-001-r1', seq: 1 });
    await assert.rejects(model.request('resume', { run: 'TASK-001-r1' }), /no answer to resume/);
    assert.deepEqual(world.connects, ['ifRunsOpen', 'always']);
    assert.deepEqual(engine.attended, [true]);
    model.dispose();
  });

  it('asks for an old run that stirs and was left out of the first reading', async () => {
    const { engine, world, model } = story();
    greenRun(engine, 'TASK-001-r1', storySpec('TASK-001', 'Add slugify'));
    const reader = world.host().reader;
    const host = world.host({
      reader: async (folder) => ({ ...(await reader(folder)), openRuns: () => [], recentRuns: () => [] }),
    });
    const partial = new RepositoryModel(model.place, host);
    await partial.open();
    engine.tell('TASK-001-r1', told.review(1));
    await settle();
    assert.equal(partial.run('TASK-001-r1')?.phase, 'waiting');
    partial.dispose();
    model.dispose();
  });
});
