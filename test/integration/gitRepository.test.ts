import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, it } from 'mocha';
import { GitFixture, outcome, value } from './gitFixture.ts';

describe('a git repository', function () {
  this.timeout(60_000);
  let at: GitFixture | undefined;
  const fixture = (options?: ConstructorParameters<typeof GitFixture>[0]): GitFixture => (at = new GitFixture(options));
  afterEach(() => at?.dispose());

  it('tells the version', async () => {
    const f = fixture();
    assert.equal(`git version ${await f.git.version()}`, f.run('version').replace(/ \(.*$/, ''));
  });

  it('asks again when a git that only reads is killed, and never takes a killed one for an answer', async () => {
    const f = fixture();
    const head = f.commit({ a: '1\n' });
    const { facts } = await f.open();
    const real = execFileSync('sh', ['-c', 'command -v git'], { encoding: 'utf8' }).trim();
    const folder = join(f.root, 'bin');
    const deaths = join(f.root, 'deaths');
    mkdirSync(folder);
    writeFileSync(
      join(folder, 'git'),
      `#!/bin/sh\nif read -r _ < ${deaths}; then sed -i 1d ${deaths}; kill -9 $$; fi\nexec ${real} "$@"\n`,
      {
        mode: 0o755,
      },
    );
    writeFileSync(deaths, '');
    const opened = value(await f.anotherGit({ ...f.environment, PATH: `${folder}:${f.environment['PATH']}` }).open(f.repo));
    assert.deepEqual(opened.facts, facts);
    writeFileSync(deaths, 'once\n');
    assert.equal(value(await opened.resolveCommit('main')), head);
    writeFileSync(deaths, 'once\ntwice\n');
    await assert.rejects(opened.resolveCommit('main'), /ended by SIGKILL/);
  });

  it('tells what is checked out, in a sub-folder, with Unicode, spaces and a newline in its path', async () => {
    const f = fixture({ name: 'Grüße 世界\nrepo' });
    const head = f.commit({ 'packages/a b/x.txt': '1\n' });
    const { facts } = await f.open(join(f.repo, 'packages/a b'));
    assert.deepEqual(facts, { commonDir: join(f.repo, '.git'), topLevel: f.repo, prefix: 'packages/a b', branch: 'main', head });
  });

  it('opens without a commit, bare, detached, and in a linked worktree', async () => {
    const f = fixture();
    const empty = await f.open();
    const { branch, head: none, unborn } = empty.facts;
    assert.deepEqual([branch, none, unborn, outcome(await empty.resolveCommit('HEAD'))], ['main', null, 'main', 'noCommit']);
    const head = f.commit({ a: '1\n' });
    f.in(f.root, 'clone', '--quiet', '--bare', f.repo, 'bare.git');
    assert.deepEqual((await f.open(join(f.root, 'bare.git'))).facts, {
      commonDir: join(f.root, 'bare.git'),
      topLevel: null,
      prefix: '',
      branch: null,
      head,
    });
    f.run('worktree', 'add', '--quiet', '--detach', join(f.root, 'linked'));
    assert.deepEqual((await f.open(join(f.root, 'linked'))).facts, {
      commonDir: join(f.repo, '.git'),
      topLevel: join(f.root, 'linked'),
      prefix: '',
      branch: null,
      head,
    });
  });

  it('tells the branch that HEAD names, also where that is another name of one', async () => {
    const f = fixture();
    const head = f.commit({ a: '1\n' });
    f.run('symbolic-ref', 'refs/heads/trunk', 'refs/heads/main');
    f.run('symbolic-ref', 'HEAD', 'refs/heads/trunk');
    const { facts } = await f.open();
    assert.deepEqual([facts.branch, facts.head], ['trunk', head]);
    assert.equal(await (await f.open()).treeOf(head), f.run('rev-parse', 'HEAD^{tree}'));
  });

  it('works on a bare repository and from a linked worktree', async () => {
    const f = fixture();
    const base = f.commit({ 'a.txt': '1\n' });
    f.in(f.root, 'clone', '--quiet', '--bare', f.repo, 'bare.git');
    const bare = await f.open(join(f.root, 'bare.git'));
    const cell = await f.cell(bare, 'one', base);
    f.write({ 'b.txt': '2\n' }, cell);
    const { tree } = value(await bare.snapshot(cell));
    assert.deepEqual(
      (await bare.changes(base, tree)).map((change) => change.path),
      ['b.txt'],
    );
    value(await bare.removeWorktree(cell));
    f.run('worktree', 'add', '--quiet', '-b', 'side', join(f.root, 'linked'));
    const linked = await f.open(join(f.root, 'linked'));
    const second = await f.cell(linked, 'two', base);
    assert.equal(value(await linked.snapshot(second)).tree, await linked.treeOf(base));
    value(await linked.removeWorktree(second));
    assert.equal(outcome(await linked.removeWorktree(join(f.root, 'linked'))), 'failed');
    assert.equal(outcome(await linked.removeWorktree(f.repo)), 'failed');
  });

  it('says so where there is no repository', async () => {
    const f = fixture();
    assert.deepEqual(
      [outcome(await f.git.open(f.root)), outcome(await f.git.open(join(f.root, 'gone')))],
      ['notARepository', 'notARepository'],
    );
  });

  it('ignores the repository of a surrounding hook', async () => {
    const f = fixture();
    f.commit({ a: '1\n' });
    const environment = {
      ...f.environment,
      GIT_DIR: join(f.root, 'elsewhere'),
      GIT_INDEX_FILE: join(f.root, 'index'),
      GIT_WORK_TREE: f.root,
    };
    const git = f.anotherGit(environment);
    assert.equal(value(await git.open(f.repo)).facts.topLevel, f.repo);
  });

  it('resolves names and refuses what only looks like one', async () => {
    const f = fixture();
    const first = f.commit({ a: '1\n' });
    const second = f.commit({ a: '2\n' });
    f.run('tag', '-a', '-m', 'v', 'v1', first);
    const repository = await f.open();
    assert.deepEqual(
      [
        value(await repository.resolveCommit('v1')),
        value(await repository.resolveCommit('HEAD~1')),
        value(await repository.resolveCommit(second.slice(0, 8))),
      ],
      [first, first, second],
    );
    const bad = ['', '-rf', '--all', '^main', 'main..v1', 'HEAD:a', 'nope', 'main\nv1', 'a'.repeat(40)];
    assert.deepEqual(
      await Promise.all(bad.map(async (name) => outcome(await repository.resolveCommit(name)))),
      bad.map(() => 'unknownRef'),
    );
    assert.deepEqual([await repository.isAncestor(first, second), await repository.isAncestor(second, first)], [true, false]);
  });

  for (const format of ['sha1', 'sha256']) {
    it(`moves refs only from where they are expected (${format})`, async () => {
      const f = fixture({ init: [`--object-format=${format}`] });
      const first = f.commit({ a: '1\n' });
      const second = f.commit({ a: '2\n' });
      const repository = await f.open();
      const ref = 'refs/reactor/kept/RUN-1/1';
      const move = async (to: string, expected: string | null) =>
        outcome(await repository.moveRef({ ref, to, expected, reason: 'keep\nit' }));
      assert.deepEqual(
        [
          await move(first, second),
          await move(first, null),
          await move(second, null),
          await move(second, second),
          await move(second, first),
        ],
        ['refMoved', 'ok', 'refMoved', 'refMoved', 'ok'],
      );
      assert.equal(await repository.readRef(ref), second);
      assert.deepEqual(
        (await repository.listRefs('refs/reactor/ke')).map(({ ref: name, oid }) => [name, oid]),
        [[ref, second]],
      );
      assert.equal((await repository.listRefs('refs/reactor/'))[0]?.at, Number(f.run('log', '-1', '--format=%ct', second)) * 1000);
      assert.deepEqual(
        [
          outcome(await repository.deleteRef({ ref, expected: first })),
          outcome(await repository.deleteRef({ ref, expected: second })),
          outcome(await repository.deleteRef({ ref, expected: second })),
        ],
        ['refMoved', 'ok', 'refMoved'],
      );
      assert.equal(await repository.readRef(ref), null);
      const cell = await f.cell(repository, 'hash');
      f.write({ b: '3\n' }, cell);
      const { tree } = value(await repository.snapshot(cell));
      assert.deepEqual(f.files(tree), ['100644 a', '100644 b']);
      const commit = value(await repository.writeCommit({ tree, parents: [second], message: 'more', sign: false }));
      assert.deepEqual(
        [value(await repository.mergeTrees({ ours: second, theirs: commit })), commit.length],
        [{ kind: 'clean', tree }, second.length],
      );
    });
  }

  it('names the lock file of a ref that stays locked', async () => {
    const f = fixture();
    const head = f.commit({ a: '1\n' });
    const repository = await f.open();
    const lock = join(f.repo, '.git/refs/heads/held.lock');
    writeFileSync(lock, '');
    const result = await repository.moveRef({ ref: 'refs/heads/held', to: head, expected: null, reason: 'test' });
    assert.equal(outcome(result), 'locked');
    assert.ok(!result.ok && result.error.message.includes(lock));
  });

  it('gets through when a lock goes away in time', async () => {
    const f = fixture();
    const head = f.commit({ a: '1\n' });
    const repository = await f.open();
    const lock = join(f.repo, '.git/refs/heads/held.lock');
    writeFileSync(lock, '');
    const moving = repository.moveRef({ ref: 'refs/heads/held', to: head, expected: null, reason: 'test' });
    setTimeout(() => rmSync(lock), 300);
    assert.equal(outcome(await moving), 'ok');
  });

  it('writes commits as the user, or as Reactor when git knows nobody, and runs no hook', async () => {
    const f = fixture();
    const base = f.commit({ a: '1\n' });
    f.write({ '.git/hooks/post-commit': '#!/bin/sh\ntouch ran\n', '.git/hooks/reference-transaction': '#!/bin/sh\ntouch ran\n' });
    chmodSync(join(f.repo, '.git/hooks/post-commit'), 0o755);
    chmodSync(join(f.repo, '.git/hooks/reference-transaction'), 0o755);
    const repository = await f.open();
    const tree = await repository.treeOf(base);
    const message = '-x: Grüße\n\nbody\n\nReactor-Run: R1\nReactor-Run: R1-long';
    const own = value(await repository.writeCommit({ tree, parents: [base], message, sign: true }));
    f.run('config', '--unset', 'user.email');
    f.run('config', '--unset', 'user.name');
    const other = value(await repository.writeCommit({ tree, parents: [own], message: 'x\n\nReactor-Run: R2', sign: true }));
    value(await repository.moveRef({ ref: 'refs/heads/hooked', to: other, expected: null, reason: 'test' }));
    assert.deepEqual(
      [own, other].map((commit) => f.run('log', '-1', '--format=%an <%ae>, %cn <%ce>', commit)),
      ['Ada <ada@example.org>, Ada <ada@example.org>', 'Reactor <reactor@localhost>, Reactor <reactor@localhost>'],
    );
    assert.equal(f.run('log', '-1', '--format=%B', own), `${message}\n`);
    assert.deepEqual(
      [
        await repository.commitsWithTrailer({ base: null, tip: other }, { key: 'Reactor-Run', value: 'R1' }),
        await repository.commitsWithTrailer({ base: own, tip: other }, { key: 'Reactor-Run', value: 'R1' }),
        await repository.commitsWithTrailer({ base, tip: other }, { key: 'Reactor-Run', value: 'R2' }),
        await repository.commitsWithTrailer({ base, tip: other }, { key: 'Reactor-Run', value: 'R' }),
      ],
      [[own], [], [other], []],
    );
    assert.equal(f.run('status', '--porcelain', '--ignored'), '');
  });

  it('signs only when asked and configured', async () => {
    const f = fixture();
    const base = f.commit({ a: '1\n' });
    const repository = await f.open();
    const request = { tree: await repository.treeOf(base), parents: [base], message: 'm' };
    f.write({ sign: '#!/bin/sh\ncat > /dev/null\necho "[GNUPG:] SIG_CREATED " >&2\necho -----BEGIN PGP SIGNATURE-----\n' }, f.root);
    chmodSync(join(f.root, 'sign'), 0o755);
    f.run('config', 'gpg.program', join(f.root, 'sign'));
    const isSigned = async (sign: boolean) =>
      f.run('cat-file', 'commit', value(await repository.writeCommit({ ...request, sign }))).includes('PGP');
    const without = await isSigned(true);
    f.run('config', 'commit.gpgsign', 'true');
    assert.deepEqual([without, await isSigned(true), await isSigned(false)], [false, true, false]);
    f.run('config', 'gpg.program', '/bin/false');
    assert.equal(outcome(await repository.writeCommit({ ...request, sign: true })), 'unsigned');
  });

  it('lists changes with every kind of name and mode', async () => {
    const f = fixture();
    const long = Array.from({ length: 30 }, (_, n) => `line ${n}\n`).join('');
    f.write({
      'old name': long,
      'run.sh': 'x\n',
      '-rf': '1\n',
      'new\nline': '1\n',
      link: 'was a file\n',
      gone: 'what goes\n',
      bin: 'a\0b',
    });
    const from = f.commit({});
    renameSync(join(f.repo, 'old name'), join(f.repo, 'Ünïcode\tname'));
    chmodSync(join(f.repo, 'run.sh'), 0o755);
    rmSync(join(f.repo, 'link'));
    symlinkSync('run.sh', join(f.repo, 'link'));
    rmSync(join(f.repo, 'gone'));
    const to = f.commit({ '-rf': '2\n', 'new\nline': '1\n2\n', bin: 'a\0c', fresh: 'x\n' });
    f.run('config', 'diff.external', '/bin/false');
    const repository = await f.open();
    const changes = await repository.changes(from, to);
    assert.deepEqual(
      changes.map(({ status, path, oldPath, oldMode, newMode, added, removed }) => [
        status,
        path,
        oldPath,
        oldMode,
        newMode,
        added,
        removed,
      ]),
      [
        ['modified', '-rf', undefined, '100644', '100644', 1, 1],
        ['modified', 'bin', undefined, '100644', '100644', null, null],
        ['added', 'fresh', undefined, '000000', '100644', 1, 0],
        ['deleted', 'gone', undefined, '100644', '000000', 0, 1],
        ['typeChanged', 'link', undefined, '100644', '120000', 1, 1],
        ['modified', 'new\nline', undefined, '100644', '100644', 1, 0],
        ['modified', 'run.sh', undefined, '100644', '100755', 0, 0],
        ['renamed', 'Ünïcode\tname', 'old name', '100644', '100644', 0, 0],
      ],
    );
    const { text, truncated } = await repository.patch({ from, to, paths: ['-rf', 'bin'], maxBytes: 10_000 });
    assert.deepEqual(
      [truncated, text.split('\n').filter((line) => /^([-+][12]|Binary)/.test(line))],
      [false, ['-1', '+2', 'Binary files a/bin and b/bin differ']],
    );
    const cut = await repository.patch({ from, to, maxBytes: 200 });
    assert.deepEqual([cut.truncated, cut.text.length <= 200, cut.text.endsWith('\n')], [true, true, true]);
    assert.deepEqual(await repository.patch({ from, to, paths: [], maxBytes: 200 }), { text: '', truncated: false });
    const read = async (path: string) => {
      const bytes = await repository.readFile(to, path);
      return bytes === null ? null : Buffer.from(bytes).toString();
    };
    assert.deepEqual(
      [await read('-rf'), await read('new\nline'), await read('bin'), await read('gone'), await read('./bin'), await read('')],
      ['2\n', '1\n2\n', 'a\0c', null, null, null],
    );
    const blobs = new Map((await repository.changes(from, to)).map(({ path, newOid }) => [path, newOid]));
    const absent = 'e'.repeat(40);
    const sizes = await repository.blobSizes([...blobs.values(), absent, 'no name']);
    assert.deepEqual(
      ['-rf', 'new\nline', 'bin', 'gone'].map((path) => sizes.get(blobs.get(path) ?? '')),
      [2, 4, 3, undefined],
    );
    assert.deepEqual([sizes.has(absent), await repository.blobSizes([])], [false, new Map()]);
  });

  it('merges without a worktree and names what conflicts', async () => {
    const f = fixture();
    const base = f.commit({ a: '1\n', 'new\nline': '1\n' });
    const ours = f.commit({ a: '2\n', 'new\nline': '2\n' });
    f.run('checkout', '--quiet', '-b', 'side', base);
    const clean = f.commit({ b: '1\n' });
    const theirs = f.commit({ a: '3\n', 'new\nline': '3\n' });
    const repository = await f.open();
    const merged = value(await repository.mergeTrees({ ours, theirs: clean }));
    assert.deepEqual(merged.kind === 'clean' && f.files(merged.tree), ['100644 a', '100644 b', '100644 new\nline']);
    const conflict = value(await repository.mergeTrees({ ours, theirs }));
    assert.ok(conflict.kind === 'conflicts');
    const { tree, ...told } = conflict;
    // It has both sides, with the places marked.
    assert.match(f.run('cat-file', '-p', `${tree}:a`), /^<<<<<<< .*\n2\n=======\n3\n>>>>>>> /);
    assert.deepEqual(told, {
      kind: 'conflicts',
      paths: ['a', 'new\nline'],
      message: 'CONFLICT (content): Merge conflict in a\nCONFLICT (content): Merge conflict in new\nline',
    });
    f.run('checkout', '--quiet', '--orphan', 'other');
    const unrelated = f.commit({ c: '1\n' });
    assert.equal(outcome(await repository.mergeTrees({ ours, theirs: unrelated })), 'failed');
    const both = value(await repository.mergeTrees({ ours, theirs: unrelated, unrelated: true }));
    assert.deepEqual(both.kind === 'conflicts' && both.paths, ['a', 'new\nline']);
  });

  for (const init of ['--bare', '--object-format=sha1', '--object-format=sha256']) {
    it(`has one commit that stands for having none, whoever asks (${init})`, async () => {
      const f = fixture({ init: [init] });
      const commits = [value(await (await f.open()).emptyCommit()), value(await (await f.open()).emptyCommit())];
      const [empty = ''] = commits;
      assert.deepEqual([commits[1], f.files(empty), f.run('rev-list', '--count', empty)], [empty, [], '1']);
    });
  }

  it('tells a branch without a commit from one whose commit is missing, and counts the files that are in none', async () => {
    const f = fixture();
    f.write({ a: '1\n', 'b/c': '1\n', 'd.log': '1\n', '.gitignore': '*.log\n' });
    f.run('add', 'a');
    assert.equal(await (await f.open()).countFiles(), 3);
    f.write({ '.git/refs/heads/main': `${'1'.repeat(40)}\n` });
    const { unborn, head } = (await f.open()).facts;
    assert.deepEqual([unborn, head], [undefined, null]);
  });

  it('ends git when aborted, with the reason given', async () => {
    const f = fixture();
    f.commit({ a: '1\n' });
    const repository = await f.open();
    mkdirSync(f.cellPath(''), { recursive: true });
    const controller = new AbortController();
    const reason = new Error('stop');
    f.write({ slow: `#!/bin/sh\nwhile [ -e '${f.root}/slow' ]; do sleep 0.1; done\n` }, f.root);
    chmodSync(join(f.root, 'slow'), 0o755);
    f.run('config', 'commit.gpgsign', 'true');
    f.run('config', 'gpg.program', join(f.root, 'slow'));
    const head = value(await repository.resolveCommit('HEAD'));
    const writing = repository.writeCommit(
      { tree: await repository.treeOf(head), parents: [], message: 'm', sign: true },
      controller.signal,
    );
    setTimeout(() => controller.abort(reason), 300);
    await assert.rejects(writing, reason);
    await assert.rejects(repository.resolveCommit('HEAD', controller.signal), reason);
  });
});
