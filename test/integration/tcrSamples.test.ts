import assert from 'node:assert/strict';
import { readFileSync, realpathSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { after, before, describe, it } from 'mocha';
import { defaultSandbox } from '../support/defaultSandbox.ts';
import { dataOf, type Outcome, onlyRun, Reactor } from '../support/reactor.ts';
import { cProject, plainProject, pythonProject, settings, typeScriptProject } from '../support/sampleProjects.ts';
import { checkoutState, commitFiles, git } from '../support/sampleRepository.ts';
import { byWord, edit, isRetry, tools, write } from '../support/sampleScript.ts';

const top = fileURLToPath(new URL('../..', import.meta.url));

const jitter = (factor: string): string => `
/** The delay of another backoff, at most this part of it longer. */
export const jittered = (backoff: Backoff, part: number, random: () => number): Backoff => (retry) => backoff(retry) * (1 + part * ${factor});
`;
const jitterTest = `import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { jittered, linearBackoff } from '../../../src/base/backoff.ts';

describe('jittered', () => {
  it('adds a part of the delay', () => {
    const backoff = jittered(linearBackoff(100), 0.5, () => 0.5);
    assert.deepEqual([backoff(1), backoff(2)], [125, 250]);
  });
});
`;

describe('Real projects', function () {
  this.timeout(180_000);
  let reactor: Reactor;

  before(async () => {
    reactor = await Reactor.open(
      byWord({
        median: (call) =>
          tools(
            write(
              'src/median.ts',
              `export const median = (numbers: readonly number[]): number => [...numbers].sort(${isRetry(call) ? '(a, b) => a - b' : ''})[numbers.length >> 1] ?? Number.NaN;\n`,
            ),
            write(
              'test/median.test.ts',
              "import assert from 'node:assert/strict';\nimport { test } from 'node:test';\nimport { median } from '../src/median.ts';\n\ntest('median', () => assert.equal(median([10, 9, 1]), 9));\n",
            ),
          )(call),
        greeting: (call) =>
          tools(
            edit('greeting.py', 'return "Hello"', isRetry(call) ? 'return f"Hello, {name}"' : 'return "Hello, " + nme'),
            edit('test_greeting.py', 'greet("Ada"), "Hello"', 'greet("Ada"), "Hello, Ada"'),
          )(call),
        clamping: (call) =>
          tools(
            edit(
              'clamp.c',
              'return value;',
              isRetry(call) ? 'return value < low ? low : value > high ? high : value;' : 'return value < low ? low : value',
            ),
          )(call),
        jitter: (call) =>
          tools(
            { name: 'read', args: { filePath: 'src/base/backoff.ts' } },
            {
              name: 'bash',
              args: {
                command: `cat >> src/base/backoff.ts <<'END'\n${jitter(isRetry(call) ? 'random()' : 'Math.round(random())')}END`,
                description: 'Add jittered',
              },
            },
            write('test/unit/base/jittered.test.ts', jitterTest),
          )(call),
        alpha: tools(write('alpha.txt', 'good\n')),
        package: tools(write('packages/app/package.txt', 'good\n')),
        umlaut: tools(write('Maße/größe ✓.txt', 'gut\n')),
      }),
      { REACTOR_SANDBOX: await defaultSandbox() },
    );
  });
  after(() => reactor.close());

  /** Landed after a first attempt that was red. */
  const assertLanded = (outcome: Outcome, test: string): void => {
    const { status, attempts, reason } = onlyRun(outcome);
    const tested = dataOf(outcome, 'attempt/tested').map(({ evidence }) => evidence.exitCode === 0);
    assert.deepEqual(
      [outcome.exitCode, status, attempts, tested, dataOf(outcome, 'run/requested')[0]?.spec.test],
      [0, 'landed', 2, [false, true], test],
      `${reason}\n${outcome.stderr}`,
    );
  };

  it('TypeScript, tested by the script of its package.json', async () => {
    const repository = await reactor.repository('typescript', typeScriptProject);
    assertLanded(await reactor.run(repository, 'Add median'), 'npm test');
    assert.match(readFileSync(join(repository, 'src/median.ts'), 'utf8'), /a - b/);
  });

  it('Python, tested by unittest', async () => {
    const repository = await reactor.repository('python', pythonProject);
    assertLanded(await reactor.run(repository, 'Make the greeting say the name'), 'python3 -m unittest discover');
    assert.match(readFileSync(join(repository, 'greeting.py'), 'utf8'), /Hello, \{name\}/);
    assert.equal(await git(repository, 'status', '--porcelain'), '');
  });

  it('C, built and tested by make', async () => {
    const repository = await reactor.repository('c', cProject);
    assertLanded(await reactor.run(repository, 'Do the clamping'), 'make test');
    assert.match(readFileSync(join(repository, 'clamp.c'), 'utf8'), /value > high/);
  });

  it('a folder of a monorepo: its own reactor.yaml applies, its command runs there, the whole repository lands', async () => {
    const repository = await reactor.repository('monorepo', {
      'reactor.yaml': settings('"false"'),
      'packages/lib/lib.txt': 'a library\n',
      'packages/app/reactor.yaml': settings('pwd && ! grep bad *.txt ../lib/lib.txt'),
      'packages/app/app.txt': 'an app\n',
    });
    const outcome = await reactor.run(join(repository, 'packages', 'app'), 'Write a package');
    const [planned] = dataOf(outcome, 'cell/planned');
    assert.deepEqual([outcome.exitCode, onlyRun(outcome).status], [0, 'landed'], outcome.stderr);
    assert.equal(dataOf(outcome, 'attempt/tested')[0]?.evidence.tail.split('\n')[0], join(planned?.worktree ?? '', 'packages', 'app'));
    assert.match(reactor.calls('package')[0]?.prompt ?? '', /Work in the folder `packages\/app`/);
    assert.equal(await git(repository, 'show', 'main:packages/app/package.txt'), 'good');
  });

  it('a repository with a submodule', async () => {
    const library = await reactor.repository('library', { 'lib.txt': 'from the library\n' });
    const repository = await reactor.repository('super', plainProject());
    await git(repository, '-c', 'protocol.file.allow=always', 'submodule', '--quiet', 'add', library, 'vendor/lib');
    await commitFiles(repository, { 'check.sh': 'grep -q library vendor/lib/lib.txt && ! grep bad *.txt\n' });
    const outcome = await reactor.run(repository, 'Write alpha');
    assert.deepEqual([outcome.exitCode, onlyRun(outcome).status], [0, 'landed'], `${onlyRun(outcome).reason}\n${outcome.stderr}`);
    assert.equal(await git(repository, 'diff', '--name-status', 'HEAD^', 'HEAD'), 'A\talpha.txt');
    assert.equal(await git(repository, 'status', '--porcelain'), '');
  });

  it('a path with spaces and letters of many languages', async () => {
    const repository = await reactor.repository('Größe und Maß ✓ 日本', plainProject());
    const outcome = await reactor.run(repository, 'Schreibe umlaut “größer” 日本語');
    assert.deepEqual([outcome.exitCode, onlyRun(outcome).status], [0, 'landed'], outcome.stderr);
    assert.equal(readFileSync(join(repository, 'Maße/größe ✓.txt'), 'utf8'), 'gut\n');
    assert.equal(await git(repository, 'log', '-1', '--format=%s'), 'Task TASK-001: Schreibe umlaut “größer” 日本語');
  });

  it('a linked worktree: lands on the branch checked out there, and INV-010: the main checkout is not touched', async () => {
    const repository = await reactor.repository('linking', plainProject());
    const linked = join(reactor.root, 'linked');
    await git(repository, 'worktree', 'add', '--quiet', '-b', 'feature', linked);
    const untouched = await checkoutState(repository);
    const outcome = await reactor.run(linked, 'Write alpha');
    assert.deepEqual([outcome.exitCode, onlyRun(outcome).status, onlyRun(outcome).branch], [0, 'landed', 'feature'], outcome.stderr);
    assert.equal(readFileSync(join(linked, 'alpha.txt'), 'utf8'), 'good\n');
    assert.deepEqual(await checkoutState(repository), untouched);
  });

  it("Reactor's own repository: a source file is edited and the project's unit tests decide", async () => {
    const repository = join(reactor.root, 'reactor');
    await git(reactor.root, 'clone', '--quiet', top, repository);
    reactor.adopt(repository);
    const test = 'node node_modules/mocha/bin/mocha.js "test/unit/base/*.test.ts" "test/unit/core/**/*.test.ts"';
    const packages = realpathSync(join(top, 'node_modules'));
    const setup = `mkdir node_modules && ln -s "${packages}"/* node_modules/`;
    await commitFiles(repository, { 'reactor.yaml': `files: { read: ["${packages}"] }\n` });
    const outcome = await reactor.run(repository, 'Add jitter to src/base/backoff.ts, with a test', ['--test', test, '--setup', setup]);
    assertLanded(outcome, test);
    const branch = await git(repository, 'symbolic-ref', '--short', 'HEAD');
    assert.equal(
      await git(repository, 'diff', '--name-only', `${branch}^`, branch),
      'src/base/backoff.ts\ntest/unit/base/jittered.test.ts',
    );
    assert.equal(await git(repository, 'status', '--porcelain'), '');
  });
});
