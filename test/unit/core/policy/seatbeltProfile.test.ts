import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { PROXY_PLACE, type SeatbeltRequest, seatbeltProfile } from '../../../../src/core/policy/seatbeltProfile.ts';

const request: SeatbeltRequest = {
  mounts: [
    { kind: 'readOnly', path: '/' },
    { kind: 'proc', path: '/proc' },
    { kind: 'devices', path: '/dev' },
    { kind: 'writable', path: '/Users/ada', from: '/data/cells/c/user' },
    { kind: 'readOnly', path: '/Users/ada/.cargo', optional: true },
    { kind: 'nothing', path: '/Users/ada/.cargo/credentials', optional: true },
    { kind: 'readOnly', path: '/Users/ada/.gitconfig', from: '/data/settings/0' },
    { kind: 'empty', path: '/data' },
    { kind: 'writable', path: '/data/cells/c/work "tree"' },
    { kind: 'readOnly', path: '/data/cells/c/work "tree"/a/b/fixed' },
    { kind: 'writable', path: '/data/shared.txt' },
  ],
  isFolder: (path) => !path.endsWith('.txt'),
  network: 'none',
  ports: [8123],
  ownSockets: ['/data/cells/c/user'],
  sockets: ['/run/broker.sock'],
};

describe('the Seatbelt profile of a cell', () => {
  const text = seatbeltProfile(request);
  const lines = text.split('\n');
  /** Which rule decides for a path: the last of the operation that matches; one for a part of an operation stands above it. */
  const decides = (operation: string, path: string): string | null => {
    const found = lines.findLast((line) => {
      const [head = '', rest = ''] = line.split(/ \((?=subpath|literal)/, 2);
      if (!head.split(/[( ]/).includes(operation)) return false;
      return [...`(${rest}${line.slice(head.length + rest.length + 2)}`.matchAll(/\((subpath|literal) "((?:[^"\\]|\\.)*)"\)/g)].some(
        ([, kind, quoted = '']) => {
          const of = quoted.replaceAll('\\', '');
          return path === of || (kind === 'subpath' && path.startsWith(of === '/' ? '/' : `${of}/`));
        },
      );
    });
    return /^\((allow|deny)/.exec(found ?? '')?.[1] ?? null;
  };

  it('denies what it does not name, and keeps the order of the policy', () => {
    assert.deepEqual(lines.slice(0, 2), ['(version 1)', '(deny default)']);
    const seen = [
      '/usr/bin/git',
      '/Users/ada/.ssh/id_rsa',
      '/Users/ada/.cargo/bin/cargo',
      '/Users/ada/.cargo/credentials',
      '/Users/ada/.gitconfig',
      '/data/settings/0',
      '/data/journal.db',
      '/data/cells/c/work "tree"/a',
      '/data/cells/c/work "tree"/a/b/fixed/x',
      '/data/cells/c/user/x',
      '/dev/null',
      '/dev/disk0',
    ];
    assert.deepEqual(
      seen.map((path) => [path, decides('file-read*', path), decides('file-write*', path)]),
      [
        ['/usr/bin/git', 'allow', 'deny'],
        ['/Users/ada/.ssh/id_rsa', 'deny', 'deny'],
        ['/Users/ada/.cargo/bin/cargo', 'allow', 'deny'],
        ['/Users/ada/.cargo/credentials', 'deny', 'deny'],
        ['/Users/ada/.gitconfig', 'deny', 'deny'],
        ['/data/settings/0', 'allow', 'deny'],
        ['/data/journal.db', 'deny', 'deny'],
        ['/data/cells/c/work "tree"/a', 'allow', 'allow'],
        ['/data/cells/c/work "tree"/a/b/fixed/x', 'allow', 'deny'],
        ['/data/cells/c/user/x', 'allow', 'allow'],
        ['/dev/null', 'allow', 'allow'],
        ['/dev/disk0', 'allow', 'deny'],
      ],
    );
  });

  it('keeps folders in place that paths of the policy lead through', () => {
    const places = ['', '/a', '/a/b', '/a/b/fixed', '/a/c'].map((path) => `/data/cells/c/work "tree"${path}`);
    assert.deepEqual(
      [...places, '/data/cells/c/user', '/data/shared.txt'].map((path) => decides('file-write-unlink', path)),
      ['deny', 'deny', 'deny', null, null, 'deny', null],
    );
  });

  it('lets no command look at the environment of another, nor reach what is not its own', () => {
    assert.doesNotMatch(text, /procargs|\(allow sysctl-read\)|mach-priv|task/);
    assert.deepEqual(
      lines.filter((line) => line.includes('network')),
      [
        '(allow network-bind (local unix-socket (subpath "/data/cells/c/user")))',
        '(allow network-outbound (remote unix-socket (subpath "/data/cells/c/user")))',
        '(allow network-outbound (remote unix-socket (subpath "/run/broker.sock")))',
        '(allow network-bind network-inbound (local ip "localhost:8123"))',
        '(allow network-outbound (remote ip "localhost:8123"))',
      ],
    );
  });

  it('leads a cell with a list to its way out, and an open one to every host, but to no socket of another program', () => {
    const ofNetwork = (network: SeatbeltRequest['network']): string[] =>
      seatbeltProfile({ ...request, network, ports: [], ownSockets: [], sockets: [] })
        .split('\n')
        .filter((line) => line.includes('network-outbound'));
    assert.deepEqual(ofNetwork('none'), []);
    assert.deepEqual(ofNetwork('allowlist'), [`(allow network-outbound (remote ip ${PROXY_PLACE}))`]);
    assert.deepEqual(ofNetwork('open'), [
      '(allow network-outbound (remote unix-socket (subpath "/private/var/run/mDNSResponder")))',
      '(allow network-outbound (remote ip "*:*"))',
    ]);
  });

  it('is one expression after the other, with every quote and bracket closed', () => {
    const bare = text.replace(/"(?:[^"\\]|\\.)*"/g, '');
    assert.equal(bare.includes('"'), false);
    for (const line of bare.split('\n'))
      assert.equal([...line].filter((c) => c === '(').length, [...line].filter((c) => c === ')').length, line);
  });
});
