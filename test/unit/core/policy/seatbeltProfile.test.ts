import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { seatbeltProfile } from '../../../../src/core/policy/seatbeltProfile.ts';
import type { Mount } from '../../../../src/core/ports/sandbox.ts';

const mounts: readonly Mount[] = [
  { kind: 'readOnly', path: '/' },
  { kind: 'proc', path: '/proc' },
  { kind: 'devices', path: '/dev' },
  { kind: 'writable', path: '/Users/ada', from: '/data/cells/c/user' },
  { kind: 'readOnly', path: '/Users/ada/.cargo', optional: true },
  { kind: 'nothing', path: '/Users/ada/.cargo/credentials', optional: true },
  { kind: 'empty', path: '/data' },
  { kind: 'writable', path: '/data/cells/c/work "tree"' },
];

describe('the Seatbelt profile of a cell', () => {
  const { text, moved } = seatbeltProfile(mounts, 'none');
  const lines = text.split('\n');
  /** Which rule of a kind of access decides for a path: the last that matches. */
  const decides = (access: 'file-read*' | 'file-write*', path: string): string => {
    const found = lines.findLast((line) => {
      const of = /\((?:subpath|literal) "((?:[^"\\]|\\.)*)"\)/.exec(line)?.[1]?.replaceAll('\\', '');
      const covers = of !== undefined && (path === of || (line.includes('(subpath') && path.startsWith(of === '/' ? '/' : `${of}/`)));
      return covers && (line.includes(access) || line.startsWith('(deny file* '));
    });
    return /^\((allow|deny)/.exec(found ?? '(deny')?.[1] ?? 'deny';
  };

  it('denies what it does not name, and keeps the order of the policy', () => {
    assert.deepEqual(lines.slice(0, 2), ['(version 1)', '(deny default)']);
    const seen = [
      '/usr/bin/git',
      '/Users/ada/.ssh/id_rsa',
      '/Users/ada/.cargo/bin/cargo',
      '/Users/ada/.cargo/credentials',
      '/data/journal.db',
      '/data/cells/c/work "tree"/a',
      '/data/cells/c/user/x',
    ];
    assert.deepEqual(
      seen.map((path) => [path, decides('file-read*', path), decides('file-write*', path)]),
      [
        ['/usr/bin/git', 'allow', 'deny'],
        ['/Users/ada/.ssh/id_rsa', 'deny', 'deny'],
        ['/Users/ada/.cargo/bin/cargo', 'allow', 'deny'],
        ['/Users/ada/.cargo/credentials', 'deny', 'deny'],
        ['/data/journal.db', 'deny', 'deny'],
        ['/data/cells/c/work "tree"/a', 'allow', 'allow'],
        ['/data/cells/c/user/x', 'allow', 'allow'],
      ],
    );
  });

  it('says what has to be led elsewhere, since it can’t be mounted', () => {
    assert.deepEqual(moved, [{ path: '/Users/ada', from: '/data/cells/c/user' }]);
  });

  it('writes to no device but harmless ones, and reaches the network as asked', () => {
    assert.doesNotMatch(text, /disk|rdisk/);
    assert.match(text, /\(deny network\*\)\n\(allow network\* \(local ip "localhost:\*"\)/);
    assert.match(seatbeltProfile(mounts, 'open').text, /\(allow network\*\)/);
  });

  it('is one expression after the other, with every quote and bracket closed', () => {
    const bare = text.replace(/"(?:[^"\\]|\\.)*"/g, '');
    assert.equal(bare.includes('"'), false);
    for (const line of bare.split('\n'))
      assert.equal([...line].filter((c) => c === '(').length, [...line].filter((c) => c === ')').length, line);
  });
});
