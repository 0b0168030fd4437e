import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'mocha';
import { writeEditorMoney } from '../../src/adapters/project/editorMoney.ts';
import { createFolderProject } from '../../src/adapters/project/folderProject.ts';
import { readTasks } from '../../src/adapters/project/tasksFile.ts';
import { UserFacingError } from '../../src/base/userFacingError.ts';
import { defaultConfig } from '../../src/core/model/projectConfig.ts';

describe('the settings of a folder', () => {
  let top = '';
  const write = (path: string, text: string | Buffer) => {
    mkdirSync(join(top, path, '..'), { recursive: true });
    writeFileSync(join(top, path), text);
  };
  /** The test command and the file it came from, or what a person is told. */
  const read = async (folder = '', below = top): Promise<unknown> => {
    try {
      const { config, file } = await createFolderProject(join(top, 'data')).config(join(top, folder), below);
      return [config.test ?? null, file === null ? null : relative(top, file)];
    } catch (error) {
      assert.ok(error instanceof UserFacingError && error.code === 'configuration', String(error));
      return { message: error.message.replaceAll(top, 'TOP'), actions: error.actions.map((action) => action.replaceAll(top, 'TOP')) };
    }
  };

  beforeEach(() => {
    top = realpathSync(mkdtempSync(join(tmpdir(), 'reactor-project-')));
  });
  afterEach(() => rmSync(top, { recursive: true, force: true }));

  it('are the defaults where there is no file', async () => {
    assert.deepEqual(await createFolderProject(join(top, 'data')).config(top, top), { config: defaultConfig(), file: null });
  });

  it('are filled up by what the editor says of money, which a file beats and a terminal obeys too', async () => {
    const data = join(top, 'data');
    await writeEditorMoney(data, { budgets: { perRunUsd: 1.5, perDayUsd: 10 }, prices: [{ model: 'a/one', input: 1, output: 2 }] });
    const alone = (await createFolderProject(data).config(top, top)).config;
    write('reactor.yaml', 'budgets: { perDayUsd: 20 }\n');
    const below = (await createFolderProject(data).config(top, top)).config;
    await writeEditorMoney(data, {});
    const none = (await createFolderProject(data).config(top, top)).config;
    assert.deepEqual(
      [alone, below, none].map(({ budgets, prices }) => [budgets.perRunUsd, budgets.perDayUsd, budgets.onExceed, prices.length]),
      [
        ['1.5', '10', 'pause', 1],
        ['1.5', '20', 'pause', 1],
        [undefined, '20', 'pause', 0],
      ],
    );
  });

  it('come from the nearest file, up to the top and not beyond', async () => {
    write('reactor.yaml', 'test: outside\n');
    write('repo/reactor.yaml', 'test: top\n');
    write('repo/packages/a/reactor.yaml', 'test: a\n');
    write('repo/packages/a/src/x', '');
    write('repo/packages/b/x', '');
    write('bare/src/x', '');
    const repo = join(top, 'repo');
    assert.deepEqual(
      [
        await read('repo', repo),
        await read('repo/packages/a/src', repo),
        await read('repo/packages/b', repo),
        await read('bare/src', join(top, 'bare')),
        await read('repo/packages/b/', `${repo}/`),
      ],
      [
        ['top', 'repo/reactor.yaml'],
        ['a', 'repo/packages/a/reactor.yaml'],
        ['top', 'repo/reactor.yaml'],
        [null, null],
        ['top', 'repo/reactor.yaml'],
      ],
    );
  });

  it('are found when the folder is reached by a link, and when the file is one', async () => {
    write('repo/packages/a/x', '');
    write('shared/settings.yaml', 'test: shared\n');
    symlinkSync('../shared/settings.yaml', join(top, 'repo/reactor.yaml'));
    symlinkSync(join(top, 'repo/packages/a'), join(top, 'shortcut'));
    assert.deepEqual(
      [await read('shortcut', join(top, 'repo')), await read('repo', join(top, 'repo'))],
      [
        ['shared', 'repo/reactor.yaml'],
        ['shared', 'repo/reactor.yaml'],
      ],
    );
  });

  it('may stand in reactor.yml where there is no reactor.yaml', async () => {
    write('reactor.yml', 'test: short\n');
    const short = await read();
    write('reactor.yaml', 'test: long\n');
    assert.deepEqual(
      [short, await read()],
      [
        ['short', 'reactor.yml'],
        ['long', 'reactor.yaml'],
      ],
    );
  });

  it('are refused by a name that leads to the file', async () => {
    write('packages/a/reactor.yaml', 'test: x\natempts: 3\n');
    assert.deepEqual(await read('packages/a'), {
      message: 'packages/a/reactor.yaml:2:1: "atempts" is not a setting; did you mean "attempts"?',
      actions: ['correct TOP/packages/a/reactor.yaml and try again'],
    });
  });

  it('are refused when they are not text, too large, or no file, and never waited for', async () => {
    write('binary/reactor.yaml', Buffer.from([0x74, 0x3a, 0xff, 0xfe]));
    write('large/reactor.yaml', `# ${'x'.repeat(1_048_576)}\n`);
    write('full/reactor.yaml', `test: y\n# ${'x'.repeat(1_048_576 - 11)}\n`);
    mkdirSync(join(top, 'folder/reactor.yaml'), { recursive: true });
    mkdirSync(join(top, 'pipe'));
    execFileSync('/bin/sh', ['-c', 'mkfifo "$0"', join(top, 'pipe/reactor.yaml')]);
    mkdirSync(join(top, 'loop'));
    symlinkSync('reactor.yaml', join(top, 'loop/reactor.yaml'));
    const told = [];
    for (const name of ['binary', 'large', 'full', 'folder', 'pipe', 'loop']) told.push(await read(name));
    const actions = (name: string) => [`correct TOP/${name}/reactor.yaml and try again`];
    assert.deepEqual(told, [
      { message: 'binary/reactor.yaml: is not UTF-8 text', actions: actions('binary') },
      { message: 'large/reactor.yaml: is larger than 1 MB, which no settings file needs to be', actions: actions('large') },
      ['y', 'full/reactor.yaml'],
      { message: 'folder/reactor.yaml: is no file, or a link that leads nowhere', actions: ['remove or rename TOP/folder/reactor.yaml'] },
      { message: 'pipe/reactor.yaml: is no file, or a link that leads nowhere', actions: ['remove or rename TOP/pipe/reactor.yaml'] },
      {
        message: "loop/reactor.yaml: can't be read: Error: ELOOP: too many symbolic links encountered, stat 'TOP/loop/reactor.yaml'",
        actions: actions('loop'),
      },
    ]);
  });

  it('are read anew each time', async () => {
    write('reactor.yaml', 'test: one\n');
    const first = await read();
    write('reactor.yaml', 'test: two\n');
    assert.deepEqual(
      [first, await read()],
      [
        ['one', 'reactor.yaml'],
        ['two', 'reactor.yaml'],
      ],
    );
  });

  it('do not hide that a link leads nowhere', async () => {
    symlinkSync('gone.yaml', join(top, 'reactor.yaml'));
    assert.deepEqual(await read(), {
      message: 'reactor.yaml: is no file, or a link that leads nowhere',
      actions: ['remove or rename TOP/reactor.yaml'],
    });
  });

  it('of a tasks file are read from where the person is, or said to be missing', async () => {
    write('tasks.yaml', '- prompt: x\n');
    assert.deepEqual(await readTasks(join(top, 'tasks.yaml'), top), [{ prompt: 'x', folder: top }]);
    await assert.rejects(
      readTasks(join(top, 'none.yaml'), top),
      new UserFacingError('configuration', `${join(top, 'none.yaml')}: there is no such file`, {
        actions: ['check the path given with --file'],
      }),
    );
  });
});
