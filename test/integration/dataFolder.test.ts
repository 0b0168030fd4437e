import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, realpathSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { homedir, tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'mocha';
import { dataFolderOf, prepareDataFolder } from '../../src/adapters/files/dataFolder.ts';
import { portLeaseFolder, runtimeFolder, socketPathOf } from '../../src/adapters/files/runtimeFolder.ts';
import { UserFacingError } from '../../src/base/userFacingError.ts';

const isEnvironmentError = (error: unknown): boolean => error instanceof UserFacingError && error.code === 'environment';
const modeOf = (path: string): string => (statSync(path).mode & 0o777).toString(8);

describe('the data folder', function () {
  this.timeout(60_000);
  let root: string;
  beforeEach(async () => {
    root = realpathSync(await mkdtemp(join(tmpdir(), 'reactor-data-')));
  });
  afterEach(() => rm(root, { recursive: true }));

  const folder = (...parts: string[]): string => {
    const path = join(root, ...parts);
    mkdirSync(path, { recursive: true });
    return path;
  };
  const named = (path: string): string => path.replace(/[0-9a-f]{12}$/, 'HASH');

  it('is named after the repository and lies in the data folder of the user', () => {
    const home = { HOME: '/home/ann' };
    assert.deepEqual(
      [
        dataFolderOf(folder('shop', '.git'), { ...home, REACTOR_HOME: '/data' }),
        dataFolderOf(folder('bare.git'), { ...home, REACTOR_HOME: '/data' }),
        dataFolderOf(folder('..we ird/ÄÖ$(x)', '.git'), { ...home, REACTOR_HOME: '/data' }),
        dataFolderOf(folder('ÄÖ', '.git'), { ...home, REACTOR_HOME: '/data' }),
        dataFolderOf(folder('shop', '.git'), { ...home, REACTOR_HOME: '', XDG_DATA_HOME: '/xdg' }),
        dataFolderOf(folder('shop', '.git'), { ...home, XDG_DATA_HOME: 'relative' }),
        dataFolderOf(folder('shop', '.git'), {}),
      ].map(named),
      process.platform === 'linux'
        ? [
            '/data/shop-HASH',
            '/data/bare-HASH',
            '/data/x--HASH',
            '/data/repository-HASH',
            '/xdg/reactor/shop-HASH',
            '/home/ann/.local/share/reactor/shop-HASH',
            `${homedir()}/.local/share/reactor/shop-HASH`,
          ]
        : [],
    );
  });

  it('is the same through a link and another for a repository of the same name', () => {
    const env = { REACTOR_HOME: '/data' };
    const one = folder('a', 'shop', '.git');
    symlinkSync(join(root, 'a'), join(root, 'link'));
    const other = folder('b', 'shop', '.git');
    assert.equal(dataFolderOf(join(root, 'link', 'shop', '.git'), env), dataFolderOf(one, env));
    assert.notEqual(dataFolderOf(other, env), dataFolderOf(one, env));
  });

  it('refuses a relative REACTOR_HOME', () => {
    assert.throws(
      () => dataFolderOf(folder('shop', '.git'), { REACTOR_HOME: 'data' }),
      (error) => error instanceof UserFacingError && error.code === 'configuration',
    );
  });

  it('is made for its user only, also when it was open before', async () => {
    const fresh = join(root, 'deep', 'data');
    const open = folder('open');
    chmodSync(open, 0o755);
    await prepareDataFolder(fresh);
    await prepareDataFolder(open);
    assert.deepEqual([modeOf(fresh), modeOf(open)], ['700', '700']);
  });

  it('is refused inside a git directory, whatever that is called and through links', async () => {
    execFileSync('git', ['init', '-q', '--bare', join(root, 'store')]);
    execFileSync('git', ['init', '-q', join(root, 'shop')]);
    symlinkSync(join(root, 'shop', '.git'), join(root, 'innocent'));
    for (const path of ['store/data', 'shop/.git/reactor/data', 'innocent/data', 'innocent'])
      await assert.rejects(prepareDataFolder(join(root, path)), isEnvironmentError);
    await prepareDataFolder(join(root, 'shop', 'data'));
  });

  it('is refused where nothing can be written', async () => {
    writeFileSync(join(root, 'file'), '');
    await assert.rejects(prepareDataFolder(join(root, 'file')), isEnvironmentError);
    await assert.rejects(prepareDataFolder(join(root, 'file', 'below')), isEnvironmentError);
    await assert.rejects(prepareDataFolder('/proc/self/task'), isEnvironmentError);
  });

  it('holds the socket unless the path would be too long for one', () => {
    const long = join('/', 'x'.repeat(120));
    const socket = socketPathOf(long, root);
    assert.deepEqual(
      [socketPathOf('/data/shop-1', root), socket.replace(/[0-9a-f]{24}/, 'HASH'), socketPathOf(long, root) === socket],
      ['/data/shop-1/engine.sock', join(root, `reactor-${userInfo().uid}`, 'HASH.sock'), true],
    );
    assert.notEqual(socketPathOf(`${long}y`, root), socket);
  });

  it("has a runtime folder beside it that is the user's alone", () => {
    const leases = portLeaseFolder(root);
    chmodSync(runtimeFolder(root), 0o777);
    assert.deepEqual(
      [leases, modeOf(leases), modeOf(runtimeFolder(root))],
      [join(root, `reactor-${userInfo().uid}`, 'ports'), '700', '700'],
    );
  });

  it('refuses a runtime folder that is a link or a file', () => {
    const elsewhere = folder('elsewhere');
    symlinkSync(elsewhere, join(root, `reactor-${userInfo().uid}`));
    assert.throws(() => runtimeFolder(root), isEnvironmentError);
    const other = folder('other');
    writeFileSync(join(other, `reactor-${userInfo().uid}`), '');
    assert.throws(() => runtimeFolder(other), isEnvironmentError);
    assert.throws(() => runtimeFolder(join(root, 'missing')), isEnvironmentError);
  });

  it('refuses a runtime folder of another user', () => {
    // Only root can give a folder away; others find the parent folder of all users to be not their own.
    if (userInfo().uid === 0) execFileSync('chown', ['65534', mkdirp(join(root, 'reactor-0'))]);
    else symlinkSync('/', join(root, `reactor-${userInfo().uid}`));
    assert.throws(() => runtimeFolder(root), isEnvironmentError);
  });
});

const mkdirp = (path: string): string => {
  mkdirSync(path, { recursive: true });
  return path;
};
