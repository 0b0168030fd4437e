import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { ProjectConfig } from '../../../src/core/model/projectConfig.ts';
import type { RunState } from '../../../src/core/run/state.ts';
import type { EngineDeps } from '../../../src/engine/deps.ts';
import { findPastLimits } from '../../../src/engine/retention.ts';

const DAY_MS = 86_400_000;
const NOW = 1000 * DAY_MS;

/** What is past the limits, of outputs each of a megabyte and as many days old as the number in its name says. */
async function pastLimits(logs: object, ages: readonly number[], open: readonly string[] = []): Promise<string[]> {
  const { retention } = ProjectConfig.parse({ test: 'true', retention: { logs } });
  const deps = {
    clock: { now: () => NOW },
    repository: { listRefs: async () => [] },
    files: { listOutputs: async () => ages.map((age) => ({ run: `run${age}`, at: NOW - age * DAY_MS, bytes: 1_000_000 })) },
  };
  const found = await findPastLimits(
    deps as unknown as EngineDeps,
    open.map((run) => ({ run }) as RunState),
    retention,
  );
  return found.map(({ name, limit }) => `${name}: ${limit}`);
}

describe('limits of kept states', () => {
  /** What is past the limits, of kept states that are as many days old as their names say and share a megabyte; each has two of its own. */
  async function pastKept(keptRefs: object, ages: readonly number[], open: readonly string[] = []): Promise<string[]> {
    const { retention } = ProjectConfig.parse({ test: 'true', retention: { keptRefs } });
    const deps = {
      clock: { now: () => NOW },
      repository: {
        listRefs: async () => ages.map((age) => ({ ref: `refs/reactor/kept/run${age}/1`, oid: `oid${age}`, at: NOW - age * DAY_MS })),
        diskUsage: async (commits: readonly string[], beside: readonly string[]) =>
          commits.length * 2_000_000 + (commits.length > 0 && beside.length === 0 ? 1_000_000 : 0),
      },
      files: { listOutputs: async () => [] },
    };
    const found = await findPastLimits(
      deps as unknown as EngineDeps,
      open.map((run) => ({ run }) as RunState),
      retention,
    );
    return found.map(({ name, limit }) => `${name.split('/')[3]}: ${limit}`);
  }
  const ages = [1, 2, 3, 4, 5];

  it('hold by size, the oldest first, with what they share counted once', async () => {
    assert.deepEqual(await pastKept({ mb: 11 }, ages), []);
    assert.deepEqual(await pastKept({ mb: 10 }, ages), ['run5: beyond the newest 10 MB']);
    assert.deepEqual(
      await pastKept({ mb: 4 }, ages),
      [5, 4, 3, 2].map((age) => `run${age}: beyond the newest 4 MB`),
    );
    assert.deepEqual(
      await pastKept({ mb: 1 }, ages),
      [5, 4, 3, 2, 1].map((age) => `run${age}: beyond the newest 1 MB`),
    );
    assert.deepEqual(await pastKept({ mb: 7, count: 4, days: 4 }, [1, 2, 3, 4, 5, 6]), [
      'run6: older than 4 days',
      'run5: older than 4 days',
      'run4: beyond the newest 7 MB',
    ]);
  });

  it('never touch what an open run has, and do not count it', async () => {
    assert.deepEqual(await pastKept({ mb: 6 }, ages, ['run5', 'run1']), []);
    assert.deepEqual(await pastKept({ mb: 4 }, ages, ['run5', 'run1']), ['run4: beyond the newest 4 MB']);
  });
});

describe('limits of the output of commands', () => {
  const ages = [1, 2, 3, 4, 5];

  it('hold by age, by count and by size, the oldest first', async () => {
    assert.deepEqual(await pastLimits({ days: 3 }, ages), ['run5: older than 3 days', 'run4: older than 3 days']);
    assert.deepEqual(await pastLimits({ count: 3 }, ages), ['run5: beyond the newest 3', 'run4: beyond the newest 3']);
    assert.deepEqual(await pastLimits({ mb: 4 }, ages), ['run5: beyond the newest 4 MB']);
    assert.deepEqual(await pastLimits({}, ages), []);
  });

  it('never touch what an open run has, and do not count it', async () => {
    assert.deepEqual(await pastLimits({ count: 3 }, ages, ['run5', 'run1']), []);
  });
});
