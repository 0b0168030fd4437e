import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import {
  anchored,
  commandMounts,
  isFixed,
  isPartOfTools,
  type SandboxFacts,
  serverMounts,
  withoutRepeats,
} from '../../../../src/core/policy/sandboxPolicy.ts';
import type { Mount } from '../../../../src/core/ports/sandbox.ts';

const facts: SandboxFacts = {
  isRoot: true,
  worktree: '/home/ada/.local/share/reactor/r/cells/c/worktree',
  cellHome: '/home/ada/.local/share/reactor/r/cells/c/home',
  fixed: ['/home/ada/.local/share/reactor/r/cells/c/home/shell'],
  others: ['/mnt', '/var/lib/lxd'],
  checkout: '/work/shop',
  sockets: ['/var/lib/dbd/sock', '/run/dbd/sock', '/var/lib/lxd/unix.socket', '/home/ada/.foo/lib/sock', '/var/lib/sss/pipes/nss'],
  settings: [{ kind: 'readOnly', path: '/home/ada/.gitconfig', from: '/cells/c/settings/git' }],
  homes: ['/home/ada'],
  temporary: ['/tmp'],
  hidden: ['/home/ada/.local/share/reactor'],
  program: '/home/ada/.opencode/bin',
  path: ['/usr/bin', '/home/ada/.foo/bin', '/home/ada/.local/bin', '/home/ada/scripts', '/mnt/c/tools', '/work/shop/node_modules/.bin'],
  serverOnly: ['/home/ada/.config/opencode/agents'],
  handedOver: ['/home/ada/.config/opencode/opencode.json', '/etc/opencode.json'],
  git: [{ kind: 'writable', path: '/home/ada/shop/.git', from: '/view' }],
  read: ['~/models'],
  write: ['/var/cache/shop'],
};

const at = (path: string): number => serverMounts(facts).findLastIndex((mount) => mount.path === path);
const kindAt = (path: string): string | undefined => serverMounts(facts)[at(path)]?.kind;

describe('What a cell sees', () => {
  it('is the machine read-only, and writable only its own places', () => {
    const writable = serverMounts(facts).filter(({ kind }) => kind === 'writable');
    assert.deepEqual(
      writable.map(({ path, from }) => [path, from]),
      [
        ['/tmp', `${facts.cellHome}/user-tmp`],
        ['/home/ada', `${facts.cellHome}/user`],
        [facts.worktree, undefined],
        [facts.cellHome, undefined],
        ['/home/ada/shop/.git', '/view'],
        ['/var/cache/shop', undefined],
      ],
    );
    assert.deepEqual(serverMounts(facts)[0], { kind: 'readOnly', path: '/' });
  });

  it('has the user’s tools; of one that is not known what is on PATH and what belongs to programs beside it, not its settings', () => {
    assert.equal(at('/home/ada/.foo'), -1);
    assert.equal(at('/home/ada/.foo/config.json'), -1);
    for (const path of [
      '/home/ada/.foo/bin',
      '/home/ada/.foo/lib',
      '/home/ada/.cargo',
      '/home/ada/.local/bin',
      '/home/ada/scripts',
      '/home/ada/.opencode/bin',
      '/home/ada/models',
    ])
      assert.equal(kindAt(path), 'readOnly', path);
    assert.equal(at('/home/ada/.local'), -1);
    for (const path of ['/home/ada/.cargo/credentials.toml', '/home/ada/.local/share/uv/credentials'])
      assert.equal(kindAt(path), 'nothing', path);
    assert.equal(serverMounts(facts)[at('/home/ada/.gitconfig')]?.from, '/cells/c/settings/git');
  });

  it('has neither other volumes, nor what the machine has kept of its users, nor the user’s checkout, but for what is on PATH', () => {
    for (const path of ['/mnt', '/var/lib/lxd', '/work/shop']) assert.equal(kindAt(path), 'empty', path);
    for (const path of ['/mnt/c/tools', '/work/shop/node_modules/.bin']) assert.equal(kindAt(path), 'readOnly', path);
    for (const checkout of ['/', '/home/ada', '/home/ada/shop', '/etc', '/opt/tool', '/tmp/shop', null])
      assert.deepEqual(
        serverMounts({ ...facts, checkout })
          .filter(({ kind, bytes }) => kind === 'empty' && bytes !== undefined)
          .map(({ path }) => path),
        facts.others,
      );
  });

  it('has no socket of another program where its file would be seen', () => {
    assert.deepEqual(
      facts.sockets.map((path) => kindAt(path)),
      ['nothing', undefined, undefined, 'nothing', undefined],
    );
    assert.equal(
      serverMounts({ ...facts, read: ['/var/lib/dbd'] }).findLast(({ path }) => '/var/lib/dbd/sock'.startsWith(path))?.kind,
      'readOnly',
    );
  });

  it('hides files with keys where they would be seen', () => {
    assert.equal(kindAt('/etc/opencode.json'), 'nothing');
    assert.equal(at('/home/ada/.config/opencode/opencode.json'), -1);
  });

  it('has a mount of its own at each folder on the way to another, so that none can be moved away', () => {
    const mounts = anchored(serverMounts(facts), facts.cellHome);
    const paths = mounts.map(({ path }) => path);
    const sourceOf = (path: string): unknown => mounts.filter((found) => found.path === path).map(({ kind, from }) => from ?? kind);
    for (const below of ['.local', '.local/share', 'shop'])
      assert.deepEqual(sourceOf(`/home/ada/${below}`), [`${facts.cellHome}/user/${below}`], below);
    // What hides Reactor's data is kept in memory.
    assert.deepEqual(sourceOf('/home/ada/.local/share/reactor/r'), ['empty']);
    assert.equal(paths.indexOf('/home/ada/.local') < paths.indexOf('/home/ada/.local/bin'), true);
    assert.deepEqual(paths.length, new Set(paths).size + duplicates(serverMounts(facts)));
  });

  it('has settings of the kernel covered for root alone: nobody else can write them, and commands have a /proc of their own then', () => {
    const covered = (isRoot: boolean): number =>
      [...serverMounts({ ...facts, isRoot }), ...commandMounts({ ...facts, isRoot }, true)].filter(({ path }) => path.startsWith('/proc/'))
        .length;
    assert.deepEqual([covered(true), covered(false)], [8, 0]);
  });

  it('tells what nothing in the cell can change', () => {
    const mounts = serverMounts(facts);
    for (const path of ['/usr/bin', '/home/ada/.foo/bin', '/home/ada/scripts']) assert.equal(isFixed(mounts, path), true, path);
    for (const path of ['/home/ada/bin', '/tmp/bin', `${facts.worktree}/bin`, '/run/bin', '/var/cache/shop/bin', '/home/eve/bin'])
      assert.equal(isFixed(mounts, path), false, path);
  });

  it('tells tools from the user’s other files', () => {
    const homes = ['/home/ada'];
    for (const path of ['/usr/lib/python3/x.py', '/home/ada/.cargo/registry/a', '/opt/x'])
      assert.equal(isPartOfTools(path, homes), true, path);
    for (const path of ['/proc/1/environ', '/home/ada/.ssh/id', '/home/ada/.cargo/credentials', '/etc/passwd', '/usrlocal'])
      assert.equal(isPartOfTools(path, homes), false, path);
  });

  it('lays the cell over what is hidden, never the other way round', () => {
    assert.ok(at('/home/ada/.local/share/reactor') < at(facts.worktree));
    assert.ok(at('/home/ada') < at('/home/ada/.foo/bin'));
    assert.ok(at(facts.cellHome) < at(`${facts.cellHome}/shell`));
    assert.ok(at('/proc') < at('/proc/sys'));
  });

  it('is for a command without the server’s folder and files', () => {
    const resolvers = (ownNetwork: boolean) => commandMounts(facts, true, ownNetwork).filter(({ path }) => path.startsWith('/run/'));
    assert.deepEqual([resolvers(false).length, resolvers(true).every(({ kind }) => kind === 'empty')], [0, true]);
    assert.ok(resolvers(true).some(({ path }) => path === '/run/systemd/resolve'));
    assert.deepEqual(
      commandMounts(facts, true).filter(({ path }) => !path.startsWith('/proc/')),
      [
        { kind: 'writable', path: '/' },
        { kind: 'proc', path: '/proc' },
        { kind: 'devices', path: '/dev' },
        { kind: 'empty', path: facts.cellHome },
        { kind: 'nothing', path: '/home/ada/.config/opencode/agents', optional: true },
      ],
    );
  });
});

const duplicates = (mounts: readonly { readonly path: string }[]): number => mounts.length - new Set(mounts.map(({ path }) => path)).size;

describe('Mounts that show again what is shown', () => {
  const seen = (path: string): Mount => ({ kind: 'readOnly', path, optional: true });
  const mounts: readonly Mount[] = [
    { kind: 'readOnly', path: '/' },
    { kind: 'writable', path: '/home/ann', from: '/cell/user' },
    seen('/home/ann/.tool'),
    seen('/home/ann/.tool/bin'),
    seen('/home/ann/.tool/bin'),
    seen('/home/ann/.tool/elsewhere'),
    { kind: 'empty', path: '/home/ann/.tool/data/cells' },
    seen('/home/ann/.tool/data'),
    { kind: 'readOnly', path: '/home/ann/.tool/settings', from: '/cell/settings' },
    { kind: 'writable', path: '/home/ann/.tool/cache' },
    seen('/home/ann/.tool/cache/programs'),
    seen('/usr/lib'),
  ];

  it('are left out, and only those', () => {
    const left = withoutRepeats(mounts, (path) => path.endsWith('/elsewhere'));
    const gone = mounts.filter((mount) => !left.includes(mount)).map(({ path }) => path);
    assert.deepEqual(gone, ['/home/ann/.tool/bin', '/home/ann/.tool/bin', '/usr/lib']);
  });

  it('and what can be changed stays what it was', () => {
    const left = withoutRepeats(mounts, () => false);
    for (const { path } of mounts) assert.equal(isFixed(left, path), isFixed(mounts, path), path);
  });
});
