import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { FakeEngine } from '../../support/cli/fakeEngine.ts';
import { cli, fakeHost } from '../../support/cli/fakeHost.ts';
import { greenRun, storySpec } from '../../support/cli/story.ts';

const engine = new FakeEngine();
greenRun(engine, 'TASK-001-r1', storySpec('TASK-001', 'One'));
greenRun(engine, 'TASK-002-r1', storySpec('TASK-002', 'Two'));
/** Completion must not start an engine. */
const host = fakeHost(engine, { connect: () => Promise.reject(new Error('an engine was asked for')) });

const offered = async (...words: readonly string[]): Promise<string[]> => {
  const { exitCode, out, err } = await cli(['__complete', '--', ...words], host);
  assert.deepEqual([exitCode, err], [0, '']);
  return out.split('\n').slice(0, -1);
};

describe('completion', () => {
  it('offers commands', async () => {
    assert.deepEqual(await offered('re'), ['reject', 'resume', 'restore']);
    assert.deepEqual(await offered('__'), []);
    assert.deepEqual((await offered('')).includes('engine'), false);
  });

  it('offers options, and the values of those that have a few', async () => {
    assert.deepEqual(await offered('run', '--pro'), ['--prompt']);
    assert.deepEqual(await offered('run', '--approve', ''), ['auto', 'ask', 'never']);
    assert.deepEqual(await offered('run', '--prompt', 'x', '--land', 'f'), ['ff']);
    assert.deepEqual(await offered('completion', ''), ['bash', 'zsh', 'fish']);
    assert.deepEqual(await offered('clean', '--d'), ['--dry-run']);
  });

  it('offers runs and tasks where one belongs, once', async () => {
    assert.deepEqual(await offered('approve', 'TASK-002'), ['TASK-002', 'TASK-002-r1']);
    assert.deepEqual(await offered('show', '--repo', '/x', 'TASK-001-'), ['TASK-001-r1']);
    assert.deepEqual(await offered('export', '--run', 'TASK-001-'), ['TASK-001-r1']);
    assert.deepEqual(await offered('approve', 'TASK-001', 'TASK'), []);
    assert.deepEqual(await offered('approve', 'TASK-001', '--tree', ''), []);
    assert.deepEqual(await offered('run', ''), []);
  });

  it('offers nothing, and fails not, where there is no repository', async () => {
    const nowhere = fakeHost(engine, { reader: () => Promise.reject(new Error('no repository')) });
    const { exitCode, out, err } = await cli(['__complete', '--', 'approve', ''], nowhere);
    assert.deepEqual([exitCode, out, err], [0, '', '']);
  });
});
