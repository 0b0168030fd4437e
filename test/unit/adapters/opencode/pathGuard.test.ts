import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'mocha';
import { PathGuard } from '../../../../src/adapters/opencode/pathGuard.ts';
import { editedPaths, toolTitle } from '../../../../src/adapters/opencode/toolCall.ts';

describe('where an edit leads', () => {
  let root: string;
  let guard: PathGuard;
  beforeEach(() => {
    root = realpathSync(mkdtempSync(join(tmpdir(), 'reactor-guard-')));
    mkdirSync(join(root, 'tree', 'src'), { recursive: true });
    mkdirSync(join(root, 'tree-beside'));
    writeFileSync(join(root, 'tree', 'src', 'a.ts'), '');
    symlinkSync(join(root, 'tree-beside'), join(root, 'tree', 'out'));
    symlinkSync('src', join(root, 'tree', 'in'));
    symlinkSync('../tree-beside/new.txt', join(root, 'tree', 'dangling'));
    symlinkSync('loop', join(root, 'tree', 'loop'));
    symlinkSync(join(root, 'tree'), join(root, 'alias'));
    guard = new PathGuard(join(root, 'tree'));
  });
  afterEach(() => rmSync(root, { recursive: true, force: true }));

  it('inside is no violation, and outside is one of its kind', () => {
    const kind = (path: string): string => guard.violation('write', path)?.kind ?? 'inside';
    assert.deepEqual(
      [
        'src/a.ts',
        'new/deep/file',
        'in/b.ts',
        '..name/x',
        join(root, 'tree', 'x'),
        join(root, 'alias', 'x'),
        '.gitignore',
        '.github/x',
        'loop',
      ].map(kind),
      Array(9).fill('inside'),
    );
    assert.deepEqual(['out/x', 'dangling', 'out/deep/er/x'].map(kind), ['linkOutside', 'linkOutside', 'linkOutside']);
    assert.deepEqual(['../tree-beside/x', '/etc/passwd', '..', join(root, 'x'), '.git/config', '.git'].map(kind), [
      'editOutside',
      'editOutside',
      'editOutside',
      'editOutside',
      'editOutside',
      'editOutside',
    ]);
  });

  it('reading by a link is a violation where it leads to neither the worktree nor tools', () => {
    symlinkSync('/proc/self/environ', join(root, 'tree', 'environ'));
    symlinkSync('/usr/bin', join(root, 'tree', 'programs'));
    const kind = (path: string): string => guard.readViolation('read', path)?.kind ?? 'fine';
    assert.deepEqual(['out', 'out/x', 'environ'].map(kind), Array(3).fill('linkOutside'));
    // What is named outside is asked for; see the permissions.
    assert.deepEqual(['src/a.ts', 'in/a.ts', 'programs/git', '../tree-beside', '/etc/passwd', '.'].map(kind), Array(6).fill('fine'));
  });

  it('so are instructions that lead to what is the server’s', () => {
    mkdirSync(join(root, 'tree', 'sub', 'deep'), { recursive: true });
    assert.deepEqual(guard.instructionViolations('sub/deep/file'), []);
    symlinkSync('/proc/self/environ', join(root, 'tree', 'sub', 'AGENTS.md'));
    symlinkSync('/usr/share/doc', join(root, 'tree', 'CLAUDE.md'));
    const details = guard.instructionViolations('sub/deep/file').map(({ detail }) => detail);
    assert.equal(details.length, 1);
    assert.match(details[0] ?? '', /sub\/AGENTS\.md lead to \/proc/);
    assert.deepEqual(guard.instructionViolations('src/a.ts'), []);
    // Those of the configuration have any name, and the link may be a folder above.
    symlinkSync('/proc/self', join(root, 'tree', 'docs'));
    const configured = new PathGuard(join(root, 'tree'), [join(root, 'tree', 'src', 'a.ts'), join(root, 'tree', 'docs', 'environ')]);
    assert.match(
      configured
        .instructionViolations('src/a.ts')
        .map(({ detail }) => detail)
        .join('\n'),
      /^the instructions \S*\/tree\/docs\/environ lead to \/proc\/\S* outside the worktree$/,
    );
  });

  it('is the same for a worktree that is reached through a link', () => {
    const linked = new PathGuard(join(root, 'alias'));
    assert.equal(linked.violation('write', join(root, 'alias', 'src', 'a.ts')), null);
    assert.equal(linked.absolute('src/a.ts'), join(root, 'alias', 'src', 'a.ts'));
    assert.equal(linked.absolute('out/x'), join(root, 'tree-beside', 'x'));
    assert.equal(linked.display(join(root, 'alias', 'src', 'a.ts')), join('src', 'a.ts'));
  });

  it('is read from each tool that edits', () => {
    const patch =
      '*** Begin Patch\n*** Update File: src/a.ts\n*** Move to: src/b.ts\n@@\n-x\n+y\n*** Add File: c.ts\n+z\n*** Delete File: d.ts\n*** End Patch';
    assert.deepEqual(editedPaths('apply_patch', { patchText: patch }), ['src/a.ts', 'src/b.ts', 'c.ts', 'd.ts']);
    assert.deepEqual(editedPaths('write', { filePath: 'x', content: '*** Add File: y' }), ['x']);
    assert.deepEqual([editedPaths('read', { filePath: 'x' }), editedPaths('edit', {})], [[], []]);
  });

  it('has a title of one line', () => {
    assert.deepEqual(
      [
        toolTitle('write', { filePath: join(root, 'tree', 'src', 'a.ts') }, guard),
        toolTitle('bash', { command: 'npm test\n  --silent', description: 'runs tests' }, guard),
        toolTitle('grep', { pattern: 'x.*y' }, guard),
        toolTitle('unknown', {}, guard, 'given'),
      ],
      [join('src', 'a.ts'), 'npm test --silent', 'x.*y', 'given'],
    );
    assert.equal(toolTitle('bash', { command: 'x'.repeat(500) }, guard).length, 200);
  });
});
