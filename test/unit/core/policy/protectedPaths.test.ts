import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import {
  changesDecidingPart,
  isExempt,
  isPartlyProtected,
  protectedText,
  protectionOf,
} from '../../../../src/core/policy/protectedPaths.ts';

const rules = { test: 'npm test', scripts: '', folder: '', patterns: [] as string[] };
const why = (path: string, over: Partial<typeof rules> = {}, status = 'modified') => protectionOf({ path, status }, { ...rules, ...over });

describe('protected paths', () => {
  it('are what decides the tests, what runs elsewhere, and settings', () => {
    const paths = [
      ...['reactor.yaml', 'packages/a/reactor.yaml', '.opencode/agent/a.md', 'opencode.json', '.github/workflows/ci.yml', 'ci/Jenkinsfile'],
      ...['.husky/pre-commit', '.pre-commit-config.yaml', '.gitattributes', 'sub/.gitattributes', '.gitmodules', '.vscode/tasks.json'],
      ...[
        '.npmrc',
        'jest.config.ts',
        'a/vitest.config.mts',
        '.mocharc.json',
        'pytest.ini',
        '.GitAttributes',
        '.devcontainer/devcontainer.json',
      ],
      // Of other agents and editors, which start what these name in the user's own checkout.
      ...['.claude/settings.json', '.claude/hooks/a.sh', 'a/.mcp.json', '.cursor/mcp.json', '.vscode/mcp.json', '.gemini/settings.json'],
      ...[
        '.codex/config.toml',
        '.aider.conf.yml',
        '.zed/tasks.json',
        '.dir-locals.el',
        '.exrc',
        '.nvim.lua',
        'mise.toml',
        '.mise/config.toml',
      ],
      ...['pytest.toml', 'tox.toml', 'hatch.toml'],
    ];
    assert.deepEqual(
      paths.filter((path) => why(path) === null),
      [],
    );
    const ordinary = [
      'src/a.ts',
      'test/a.test.ts',
      'README.md',
      '.gitignore',
      'package-lock.json',
      'Makefile',
      'src/jest.config.helper/a.ts',
      '.github/CODEOWNERS',
    ];
    assert.deepEqual(
      ordinary.filter((path) => why(path) !== null),
      [],
    );
  });

  it('are found in every spelling that a file system may take for the same', () => {
    const spellings = ['PACKAGE.JSON', 'package\u200c.json', 'pac\u212aage.json', 'pac\uff4bage.json', 'package.j\u017fon'];
    assert.deepEqual(
      spellings.filter((path) => !isPartlyProtected({ path })),
      [],
    );
    assert.deepEqual(
      ['.GITMODULE\u017f', '.git\u200dattributes', '.hus\u212ay/pre-commit', '.LFSConfig'].filter(
        (path) => why(path, {}, 'added') === null,
      ),
      [],
    );
    const test = 'sh scripts/check.sh';
    assert.equal(why('Scripts/chec\u212a.sh', { test }, 'added'), 'is run as the test');
    assert.equal(why('caf\u0065\u0301/a', { patterns: ['caf\u00e9/'] }), 'is protected in reactor.yaml');
  });

  it('are links in the place of folders of settings and tools, under which other names would bring in what is protected', () => {
    const link = (path: string) => protectionOf({ path, status: 'added', newMode: '120000' }, rules);
    const places = ['.vscode', 'a/.vscode', '.idea', '.github', '.github/workflows', '.husky', '.cargo', '.opencode', 'node_modules'];
    assert.deepEqual(
      places.filter((path) => link(path) === null),
      [],
    );
    assert.deepEqual([link('docs/latest'), why('.vscode/extensions.json')], [null, null]);
  });

  it('are also files that the test command runs', () => {
    const test = 'sh ./scripts/check.sh && make all';
    assert.equal(why('scripts/check.sh', { test }), 'is run as the test');
    assert.equal(why('pkg/scripts/check.sh', { test, folder: 'pkg' }), 'is run as the test');
    assert.equal(why('scripts/check.sh', { test, folder: 'pkg' }), null);
    assert.equal(why('scripts/check.sh', { test }, 'added'), null);
    assert.equal(why('Makefile', { test }), 'decides what the tests are');
    assert.equal(
      protectionOf({ path: 'old.sh', oldPath: 'scripts/check.sh', status: 'renamed' }, { ...rules, test }),
      'is run as the test',
    );
  });

  it('are also files that scripts of the base run for it, but not what is a test by its name', () => {
    const scripts = 'sh scripts/test.sh test/a.test.ts test_b.py\nvitest run';
    assert.equal(why('scripts/test.sh', { scripts }), 'is run as the test');
    assert.equal(why('vite.config.ts', { scripts }), 'decides what the tests are');
    assert.deepEqual(
      ['test/a.test.ts', 'test_b.py', 'scripts/other.sh'].map((path) => why(path, { scripts })),
      [null, null, null],
    );
  });

  it('are settings of builds where the test command is of that build', () => {
    const of: Record<string, string> = {
      'conftest.py': 'pytest -q',
      'app/build.gradle.kts': './gradlew test',
      'pom.xml': 'mvn -q verify',
      'CMakeLists.txt': 'cmake --build b && ctest',
      'gradle/wrapper/gradle-wrapper.properties': './gradlew test',
      'buildSrc/src/main/kotlin/a.gradle.kts': './gradlew test',
      '.mvn/maven.config': './mvnw verify',
      'mix.exs': 'mix test',
      'project/plugins.sbt': 'sbt test',
      'build.xml': 'ant test',
      'tools/bazel': 'bazel test //...',
      'a/meson.build': 'meson test -C b',
      'angular.json': 'npx ng test',
      'apps/a/project.json': 'npx nx test a',
    };
    for (const [path, test] of Object.entries(of)) {
      assert.equal(why(path, { test }), 'decides what the tests are', path);
      assert.equal(why(path), null, path);
    }
  });

  it('are also files that git runs as the person’s settings say, new ones too', () => {
    const commands = ['sh ./tools/clean.sh %f', '"/usr/bin/python3" -m nbstripout', 'git-lfs clean -- %f'];
    const of = (path: string) => protectionOf({ path, status: 'added' }, { ...rules, commands });
    assert.deepEqual(
      ['tools/clean.sh', 'Tools/Clean.sh', 'nbstripout.py', 'nbstripout/__main__.py', 'tools/other.sh', 'a/nbstripout.py', 'clean'].map(
        (path) => of(path) !== null,
      ),
      [true, true, true, true, false, false, false],
    );
  });

  it('can be added to and taken from, the last pattern counts', () => {
    const patterns = ['migrations/', '*.sql', '!.gitattributes', '/infra/**', '!infra/readme.md'];
    assert.deepEqual(
      ['migrations/1.ts', 'a/migrations/2.ts', 'x/y.sql', '.gitattributes', 'infra/a/b.tf', 'infra/readme.md', 'a/infra/b.tf'].map(
        (path) => (why(path, { patterns }) === null ? '-' : path),
      ),
      ['migrations/1.ts', 'a/migrations/2.ts', 'x/y.sql', '-', 'infra/a/b.tf', '-', '-'],
    );
    assert.deepEqual(
      [isExempt('package.json', { patterns: ['!package.json'] }), isExempt('package.json', { patterns: [] })],
      [true, false],
    );
  });

  it('of a manifest only the part that decides counts', () => {
    const manifest = (scripts: object, more: object = {}) => JSON.stringify({ name: 'a', scripts, ...more });
    const before = manifest({ test: 'mocha' });
    assert.ok(isPartlyProtected({ path: 'a/package.json' }));
    assert.equal(changesDecidingPart('package.json', before, manifest({ test: 'mocha' }, { dependencies: { x: '1.0.0' } })), false);
    assert.equal(changesDecidingPart('package.json', before, manifest({ test: 'true' })), true);
    assert.equal(changesDecidingPart('package.json', before, manifest({ test: 'mocha', pretest: 'x' })), true);
    assert.equal(changesDecidingPart('package.json', before, 'not json'), true);
    assert.equal(changesDecidingPart('package.json', before, null), true);
    assert.equal(changesDecidingPart('package.json', null, '{"name":"b"}'), false);
    const toml = (options: string) => `[project]\nname = "a"\n[tool.pytest.ini_options]\naddopts = "${options}"\n[tool.black]\nx = 1\n`;
    assert.equal(changesDecidingPart('pyproject.toml', toml('-q'), toml('-q').replace('x = 1', 'x = 2')), false);
    assert.equal(changesDecidingPart('pyproject.toml', toml('-q'), toml('--co')), true);
  });

  it('of a manifest the deciding part is found in every way to write it', () => {
    const before = '# mine\n[project]\nname = "a"\n[tool.black]\nx = 1\n';
    const written = [
      '[tool . pytest . ini_options]\naddopts = "--co"\n',
      '["tool".\'pytest\'.ini_options]\naddopts = "--co"\n',
      '["tool"."py\\u0074est".ini_options]\naddopts = "--co"\n',
      '[tool]\npytest.ini_options.addopts = "--co"\n',
      '[tool.hatch]\nenvs.default.scripts.test = "true"\n',
    ];
    assert.deepEqual(
      written.filter((added) => !changesDecidingPart('pyproject.toml', before, before + added)),
      [],
    );
    assert.equal(changesDecidingPart('pyproject.toml', before, `tool.pytest.ini_options.addopts = "--co"\n${before}`), true);
    assert.equal(changesDecidingPart('pyproject.toml', before, before.replace('mine', 'ours')), false);
    const crate = '[package]\nname = "a"\n';
    assert.deepEqual(
      ['autotests = false\n', '[[bin]]\nname = "a"\ntest = false\n', '[profile]\ntest.debug = 0\n', 'version = "2"\n'].map((added) =>
        changesDecidingPart('Cargo.toml', crate, crate + added),
      ),
      [true, true, true, false],
    );
    assert.deepEqual(
      [
        { packageManager: 'yarn@https://evil.example/x.js' },
        { wireit: { test: { command: 'true' } } },
        { 'lint-staged': { '*': 'id' } },
      ].map((added) =>
        changesDecidingPart('package.json', '{"scripts":{"test":"wireit"}}', JSON.stringify({ scripts: { test: 'wireit' }, ...added })),
      ),
      [true, true, true],
    );
    assert.ok(isPartlyProtected({ path: 'deno.jsonc' }));
  });

  it('are told in one phrase', () => {
    const change = { path: 'a', why: 'is b' };
    assert.equal(protectedText([change]), 'a is b');
    assert.equal(protectedText([change, change, change, change, change]), 'a is b, a is b, a is b and 2 more');
  });
});
