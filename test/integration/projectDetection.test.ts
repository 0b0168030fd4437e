import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'mocha';
import { detectTest } from '../../src/adapters/project/detectTest.ts';

describe('detection of the test command', () => {
  let room = '';
  let count = 0;

  beforeEach(() => {
    room = mkdtempSync(join(tmpdir(), 'reactor-detect-'));
  });
  afterEach(() => rmSync(room, { recursive: true, force: true }));

  type Files = Readonly<Record<string, string>>;
  const make = (files: Files): string => {
    count += 1;
    const top = join(room, String(count));
    mkdirSync(join(top, '.git'), { recursive: true });
    for (const [path, text] of Object.entries(files)) {
      mkdirSync(dirname(join(top, path)), { recursive: true });
      writeFileSync(join(top, path), text);
      if (/(mvnw|gradlew)$/.test(path)) chmodSync(join(top, path), 0o755);
    }
    return top;
  };
  /** `command  <- source`, or `nothing`. */
  const found = async (files: Files, folder = ''): Promise<string> => {
    const detected = await detectTest(join(make(files), folder));
    return detected === null ? 'nothing' : `${detected.command}  <- ${detected.source}`;
  };
  const manifest = (test: string, more: object = {}) => JSON.stringify({ scripts: { test }, ...more });

  it('runs the script of package.json with the package manager in use', async () => {
    const script = { 'package.json': manifest('mocha') };
    assert.deepEqual(
      [
        await found(script),
        await found({ ...script, 'package-lock.json': '' }),
        await found({ ...script, 'pnpm-lock.yaml': '' }),
        await found({ ...script, 'yarn.lock': '' }),
        await found({ ...script, 'bun.lock': '' }),
        await found({ ...script, 'bun.lockb': '' }),
        await found({ 'package.json': manifest('mocha', { packageManager: 'pnpm@9.1.0+sha512.x' }) }),
        await found({ 'package.json': manifest('mocha', { packageManager: 'constructor@1' }) }),
        await found({ 'package.json': `\uFEFF${manifest('mocha')}` }),
      ],
      [
        'npm test  <- package.json scripts.test (npm)',
        'npm test  <- package.json scripts.test (npm)',
        'pnpm test  <- package.json scripts.test (pnpm)',
        'yarn test  <- package.json scripts.test (yarn)',
        'bun run test  <- package.json scripts.test (bun)',
        'bun run test  <- package.json scripts.test (bun)',
        'pnpm test  <- package.json scripts.test (pnpm)',
        'npm test  <- package.json scripts.test (npm)',
        'npm test  <- package.json scripts.test (npm)',
      ],
    );
  });

  it('finds the lock file of a monorepo above the folder, but not above the repository', async () => {
    const workspace = { 'package.json': '{"private":true}', 'pnpm-lock.yaml': '', 'packages/a/package.json': manifest('mocha') };
    writeFileSync(join(room, 'yarn.lock'), '');
    assert.deepEqual(
      [
        await found(workspace, 'packages/a'),
        await found(workspace),
        await found({ 'packages/a/package.json': manifest('x') }, 'packages/a'),
      ],
      ['pnpm test  <- package.json scripts.test (pnpm)', 'nothing', 'npm test  <- package.json scripts.test (npm)'],
    );
  });

  it('passes over a package.json that tests nothing', async () => {
    const placeholder = manifest('echo "Error: no test specified" && exit 1');
    const texts = [placeholder, manifest(' '), '{"scripts":{"test":["x"]}}', '{"scripts":[]}', '{}', '[]', 'null', '{', ''];
    const results: string[] = [];
    for (const text of texts) results.push(await found({ 'package.json': text, Makefile: 'test:\n\ttrue\n' }));
    assert.deepEqual(
      results,
      texts.map(() => 'make test  <- Makefile, target test'),
    );
    assert.equal(await found({ 'package.json': manifest('echo no test specified yet; mocha') }), 'nothing');
  });

  it('knows Go, Rust, Maven and Gradle by their files', async () => {
    assert.deepEqual(
      [
        await found({ 'go.mod': 'module x' }),
        await found({ 'Cargo.toml': '' }),
        await found({ 'pom.xml': '' }),
        await found({ 'pom.xml': '', mvnw: '' }),
        await found({ 'build.gradle': '' }),
        await found({ 'build.gradle.kts': '', gradlew: '' }),
        await found({ 'settings.gradle.kts': '', gradlew: '' }),
      ],
      [
        'go test ./...  <- go.mod',
        'cargo test  <- Cargo.toml',
        'mvn -q test  <- pom.xml',
        './mvnw -q test  <- pom.xml (mvnw)',
        'gradle test  <- build.gradle',
        './gradlew test  <- build.gradle.kts (gradlew)',
        './gradlew test  <- settings.gradle.kts (gradlew)',
      ],
    );
  });

  it('knows pytest by its settings, requirements and tests', async () => {
    const pytest = (source: string) => `python3 -m pytest  <- ${source}`;
    assert.deepEqual(
      [
        await found({ 'pytest.ini': '' }),
        await found({ 'pyproject.toml': '[project]\n[tool.pytest.ini_options]\n' }),
        await found({ 'pyproject.toml': '[dependency-groups]\ndev = ["pytest>=8"]\n' }),
        await found({ 'setup.cfg': '[tool:pytest]\n' }),
        await found({ 'tox.ini': '[pytest]\n' }),
        await found({ 'tests/conftest.py': '' }),
        await found({ 'requirements-dev.txt': 'requests\npytest==8.0\n' }),
        await found({ 'requirements/test.txt': 'pytest\n' }),
        await found({ 'tests/test_a.py': 'import os\nimport pytest\n' }),
        await found({ 'pyproject.toml': '[tool.pytest.ini_options]', 'uv.lock': '' }),
        await found({ 'pytest.ini': '', 'poetry.lock': '' }),
        await found({ 'requirements.txt': 'pytest-cov-free-thing\nxpytest\n', 'pyproject.toml': '[project]\n' }),
      ],
      [
        pytest('pytest.ini'),
        pytest('pyproject.toml'),
        pytest('pyproject.toml'),
        pytest('setup.cfg'),
        pytest('tox.ini'),
        pytest('tests/conftest.py'),
        pytest('requirements-dev.txt'),
        pytest('requirements/test.txt'),
        pytest('tests/test_a.py'),
        'uv run pytest  <- pyproject.toml, uv.lock',
        'poetry run pytest  <- pytest.ini, poetry.lock',
        'nothing',
      ],
    );
  });

  it('knows the targets of a makefile from its variables and special rules', async () => {
    assert.deepEqual(
      [
        await found({ Makefile: '.PHONY: test\nall: build\n\ncheck: all\n\t./run\n' }),
        await found({ Makefile: 'all test: build\n' }),
        await found({ Makefile: 'test::\n\ttrue\n' }),
        await found({ Makefile: 'check:\n\ttrue\r\ntest:\r\n\ttrue\r\n' }),
        await found({ Makefile: 'clean \\\n test: x\n' }),
        await found({ GNUmakefile: 'test:\n', Makefile: 'check:\n' }),
        await found({ Makefile: '.PHONY: test\ntest := x\ncheck ::= y\n# test:\n\ttest: z\ntests:\nA = test: b\n' }),
      ],
      [
        'make check  <- Makefile, target check',
        'make test  <- Makefile, target test',
        'make test  <- Makefile, target test',
        'make test  <- Makefile, target test',
        'make test  <- Makefile, target test',
        'make test  <- GNUmakefile, target test',
        'nothing',
      ],
    );
  });

  it('asks in a fixed order', async () => {
    const all: Record<string, string> = {
      'package.json': manifest('x'),
      'go.mod': '',
      'Cargo.toml': '',
      'pytest.ini': '',
      'test_a.py': 'import unittest\n',
      'pom.xml': '',
      'build.gradle': '',
      Makefile: 'test:\n',
    };
    const order: string[] = [];
    for (const name of Object.keys(all)) {
      order.push((await found(all)).split('  ')[0] ?? '');
      delete all[name];
    }
    assert.deepEqual(order, [
      'npm test',
      'go test ./...',
      'cargo test',
      'python3 -m pytest',
      'python3 -m unittest discover',
      'mvn -q test',
      'gradle test',
      'make test',
    ]);
    assert.equal(await found({ 'README.md': '' }), 'nothing');
  });

  describe('really tests', () => {
    // Python takes compiled code for fresh when second and size of the source are the same, as they are here.
    const env = { ...process.env, PYTHONDONTWRITEBYTECODE: '1' };
    const exitCode = (command: string, cwd: string) =>
      spawnSync('/bin/sh', ['-c', command], { cwd, env, timeout: 60_000, stdio: 'ignore' }).status;
    /** The detected command with what it ends with on good and on bad code. */
    const judged = async (good: Files, bad: Files) => {
      const folder = make(good);
      const { command } = (await detectTest(folder)) ?? { command: 'false' };
      const green = exitCode(command, folder);
      for (const [path, text] of Object.entries(bad)) writeFileSync(join(folder, path), text);
      return { command, green: green === 0, red: exitCode(command, folder) !== 0 };
    };
    const python = (expected: number) =>
      `import unittest\nimport app\nclass T(unittest.TestCase):\n  def test_f(self):\n    self.assertEqual(app.f(), ${expected})\n`;
    const app = { 'app.py': 'def f():\n  return 1\n' };

    it('unittest in the folder itself, in a folder of tests, and in a package of tests', async () => {
      const results = [];
      for (const [path, more] of [
        ['test_app.py', {}],
        ['tests/test_app.py', {}],
        ['tests/test_app.py', { 'tests/__init__.py': '' }],
      ] as const) {
        results.push(await judged({ ...app, ...more, [path]: python(1) }, { [path]: python(2) }));
      }
      assert.deepEqual(results, [
        { command: 'python3 -m unittest discover', green: true, red: true },
        { command: 'python3 -m unittest discover -s tests', green: true, red: true },
        { command: 'python3 -m unittest discover', green: true, red: true },
      ]);
    });

    it('make and npm', async () => {
      const makefile = (exit: number) => `test:\n\texit ${exit}\n`;
      assert.deepEqual(
        [
          await judged({ Makefile: makefile(0) }, { Makefile: makefile(1) }),
          await judged({ 'package.json': manifest('exit 0') }, { 'package.json': manifest('exit 1') }),
        ],
        [
          { command: 'make test', green: true, red: true },
          { command: 'npm test', green: true, red: true },
        ],
      );
    });
  });

  it('never runs what it looks at and never waits', async () => {
    const folder = make({ 'package.json': manifest('touch ran'), 'setup.py': 'open("ran", "w")\n' });
    mkdirSync(join(folder, 'Makefile'));
    spawnSync('/bin/sh', ['-c', 'mkfifo "$0" "$1"', join(folder, 'pyproject.toml'), join(folder, 'pytest.ini')]);
    rmSync(join(folder, 'package.json'));
    assert.deepEqual({ found: await detectTest(folder), ran: existsSync(join(folder, 'ran')) }, { found: null, ran: false });
    assert.equal(await detectTest(join(room, 'no such folder')), null);
  });
});
