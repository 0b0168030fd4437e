import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { UserFacingError } from '../../../src/base/userFacingError.ts';
import { event } from '../../../src/core/journal/events.ts';
import { ProjectConfig } from '../../../src/core/model/projectConfig.ts';
import { Ledger } from '../../../src/engine/ledger.ts';
import type { EngineContext } from '../../../src/engine/runContext.ts';
import { Submissions } from '../../../src/engine/submission.ts';
import { EngineRoom } from '../../support/engineRoom.ts';
import { specOf } from '../../support/runStory.ts';

const COUNT = 1500;

describe('A submission that is made again', () => {
  it('finds all that an engine before had accepted of it, however many, and accepts none of them twice', async () => {
    const room = new EngineRoom();
    const tasks = Array.from({ length: COUNT }, (_, index) => `T-${index}`);
    const queue = { submission: 's', priority: 0, parallel: null, after: [], baseName: null };
    for (const task of tasks) {
      const run = `${task}-r1`;
      await room.tell(run, event('run/requested', { run, spec: specOf({ task, queue }) }));
    }
    const submissions = new Submissions({ deps: room.deps, ledger: new Ledger(room.deps) } as unknown as EngineContext);
    const requests = tasks.map((task) => ({ task, prompt: 'x', folder: '/repository' }));
    const accepted = await submissions.accept(requests, { submission: 's', again: true }, 'person:ann');
    assert.deepEqual(
      accepted.map(({ task, isNew }) => [task, isNew]),
      tasks.map((task) => [task, false]),
    );
  });
});

describe('A submission that can not be accepted', () => {
  it('says what the branch to land on is called now, or that there is none, and what to do; as for a task that is asked for twice', async () => {
    const repository = {
      facts: { topLevel: '/repository', commonDir: '/repository/.git', prefix: '', branch: 'main' },
      resolveCommit: async (name: string) =>
        name === 'nope' ? { ok: false, error: { code: 'unknownRef', message: '' } } : { ok: true, value: 'c' },
      treeOf: async () => 't',
      missingFilters: async () => [],
      readRef: async (ref: string) => (ref === 'refs/heads/main' ? 'c' : null),
      listRefs: async () => [],
      renamedTo: async (branch: string) => (branch === 'old' ? 'trunk' : null),
    };
    const room = new EngineRoom({
      repository: repository as never,
      git: { open: async () => ({ ok: true, value: repository }) } as never,
      project: { config: async () => ({ config: ProjectConfig.parse({ test: 'true' }), file: null }) },
    });
    const submissions = new Submissions({ deps: room.deps, ledger: new Ledger(room.deps) } as unknown as EngineContext);
    const refusal = async (...more: readonly object[]): Promise<readonly string[]> => {
      const requests = more.map((one) => ({ prompt: 'x', folder: '/repository', ...one }));
      const error = await submissions.accept(requests, {}, 'person:ann').then(
        () => null,
        (thrown: unknown) => thrown,
      );
      return error instanceof UserFacingError ? [error.message, ...error.actions] : [String(error)];
    };
    const orElse = 'or keep the work on its own branch with --land branch';
    assert.deepEqual(
      [
        await refusal({ target: 'old' }),
        await refusal({ target: 'never' }),
        await refusal({ task: 'A' }, { task: 'A' }),
        await refusal({ base: 'nope' }),
      ],
      [
        ['There is no branch old to land on: it is called trunk now.', 'name one with --target trunk', orElse],
        ['There is no branch never to land on.', 'name one with --target BRANCH', orElse],
        ['A is asked for twice; nothing was started.', 'give each task an id of its own'],
        [
          'There is no commit named nope in this repository.',
          'name another with --base REF, such as a branch that `git branch --all` lists',
        ],
      ],
    );
  });
});

describe('What the settings of a repository take from the boundary', () => {
  it('is told by the first run that it holds for, and each more of it when it comes', async () => {
    let document: object = { sandbox: 'off' };
    const repository = {
      facts: { topLevel: '/repository', commonDir: '/repository/.git', prefix: '', branch: 'main' },
      resolveCommit: async () => ({ ok: true, value: 'c' }),
      treeOf: async () => 't',
      missingFilters: async () => [],
      readRef: async () => 'c',
      listRefs: async () => [],
      watchBranch: () => ({ dispose: () => {} }),
    };
    const room = new EngineRoom({
      repository: repository as never,
      git: { open: async () => ({ ok: true, value: repository }) } as never,
      project: { config: async () => ({ config: ProjectConfig.parse({ test: 'true', ...document }), file: '/repository/reactor.yaml' }) },
      options: { sandbox: 'preferred' },
    });
    const submissions = new Submissions({ deps: room.deps, ledger: new Ledger(room.deps) } as unknown as EngineContext);
    const notesOf = async (...more: readonly object[]) => {
      const requests = more.map((one) => ({ prompt: 'x', folder: '/repository', ...one }));
      return (await submissions.accept(requests, {}, 'person:ann')).map(({ notes }) => notes.join());
    };
    const told = (settings: string): string =>
      `reactor.yaml loosens the boundary of cells: ${settings}; this is told once, and reactor doctor shows it`;
    assert.deepEqual(await notesOf({ sandbox: 'required' }), ['']);
    assert.deepEqual(await notesOf({}, {}), [told('sandbox: off'), '']);
    document = { files: { write: ['/x'] } };
    assert.deepEqual(await notesOf({}), [told('files.write: /x')]);
    assert.deepEqual(await notesOf({}), ['']);
  });
});
