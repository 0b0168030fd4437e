import assert from 'node:assert/strict';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, it } from 'mocha';
import { endAll, findOwnProcesses, isAgentServer, settled } from '../../support/runner/ownProcesses.ts';
import { partsOf, runPart } from '../../support/runner/runSuite.ts';
import type { Suite } from '../../support/runner/suites.ts';

const repository = fileURLToPath(new URL('../../..', import.meta.url));
const header = "import assert from 'node:assert/strict'; import { it } from 'mocha';";

/** Empty when there is no such process, or only its zombie. */
const commandLineOf = (pid: number): string => (existsSync(`/proc/${pid}/cmdline`) ? readFileSync(`/proc/${pid}/cmdline`, 'utf8') : '');

describe('a suite in a process of its own', () => {
  let root: string;
  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), 'suite-'));
    mkdirSync(join(root, 'test'));
    for (const name of ['node_modules', 'test/support']) symlinkSync(join(repository, name), join(root, name));
    writeFileSync(join(root, 'package.json'), '{"type":"module"}');
  });
  afterEach(async () => {
    await endAll(() => findOwnProcesses(root, root));
    rmSync(root, { recursive: true, force: true });
  });

  const run = (text: string, env: NodeJS.ProcessEnv = {}, limitMs = 60_000) => {
    writeFileSync(join(root, 'test', 'a.test.ts'), `${header}\n${text}`);
    const suite: Suite = {
      name: 'one',
      files: 'test/*.test.ts',
      limitMs,
      testLimitMs: 60_000,
      stage: 1,
      needsBuild: false,
      startsServers: false,
    };
    return runPart(root, { suite, name: suite.name, files: null, waits: false }, { ...process.env, REACTOR_TEST_ROOT: root, ...env });
  };

  it('takes a suite apart by its files, the longest first, or leaves it whole', () => {
    for (const [name, length] of [
      ['short', 1],
      ['long', 30],
      ['middle', 8],
    ] as const)
      writeFileSync(join(root, 'test', `${name}.test.ts`), 'x'.repeat(length));
    const suite: Suite = {
      name: 'one',
      files: 'test/*.test.ts',
      limitMs: 1,
      testLimitMs: 1,
      stage: 1,
      needsBuild: false,
      startsServers: false,
    };
    assert.deepEqual(
      partsOf(root, { ...suite, byFile: true, waiting: ['short'] }).map(({ name, files, waits }) => [name, files, waits]),
      ['long', 'middle', 'short'].map((name) => [`one-${name}`, [`test/${name}.test.ts`], name === 'short']),
    );
    assert.deepEqual(
      partsOf(root, suite).map(({ name, files }) => [name, files]),
      [['one', null]],
    );
  });

  it('reports true totals with the whole failure', async () => {
    const outcome = await run(`it('a', () => {}); it('b', () => assert.deepEqual({ x: 1 }, { x: 2 }));`);
    assert.deepEqual({ passed: outcome.passed, titles: outcome.failures.map(({ title }) => title) }, { passed: 1, titles: ['b'] });
    assert.match(outcome.failures[0]?.error ?? '', /Expected values to be strictly deep-equal[\s\S]*a\.test\.ts/);
  });

  it('fails when the process leaves in the middle', async () => {
    const outcome = await run(`it('a', () => {}); it('b', () => process.exit(0)); it('c', () => {});`);
    assert.deepEqual(
      [outcome.passed, ...outcome.failures.map(({ error }) => error)],
      [1, 'broke off during or after "b" (test/a.test.ts): exit code 0'],
    );
  });

  it('fails when a file does not load', async () => {
    const outcome = await run('throw new Error("at load");');
    assert.equal(outcome.failures.length, 1);
    assert.match(outcome.failures[0]?.error ?? '', /before the first test[\s\S]*at load/);
  });

  it('fails when something keeps the process alive after the tests', async () => {
    const outcome = await run("it('a', () => { setInterval(() => {}, 1000); });", { REACTOR_TEST_LINGER_MS: '200' });
    assert.deepEqual([outcome.passed, outcome.failures.length], [1, 1]);
    assert.match(outcome.failures[0]?.error ?? '', /kept alive by .*Timeout/);
  });

  it('ends a process that hangs, with its children', async () => {
    const outcome = await run(
      `import { spawn } from 'node:child_process'; it('hangs', () => { spawn('sleep', ['600']); while (true); });`,
      {},
      4000,
    );
    const left = await settled(() => findOwnProcesses(`REACTOR_TEST_ROOT=${root}`, root), 5000);
    assert.match(outcome.failures[0]?.error ?? '', /^ran out of time (during|before)/);
    assert.deepEqual(left, []);
  }).timeout(60_000);

  it('finds what is left in a group of its own, knows an agent server, and ends it', async () => {
    const server = join(root, 'opencode');
    // Its child bears no mark, but is in its group. It says itself that it is there: just forked it would still look like the server.
    writeFileSync(
      server,
      `#!/bin/sh\ncd /\nenv -i /bin/sh -c 'echo $$ > ${root}/child.new && mv ${root}/child.new ${root}/child; exec sleep 600' &\nwait\n`,
      {
        mode: 0o755,
      },
    );
    const outcome = await run(`import { spawn } from 'node:child_process'; import { once } from 'node:events';
      it('leaves one behind', async () => {
        const child = spawn(${JSON.stringify(server)}, ['serve', '--port', '1'], { detached: true, stdio: 'ignore' });
        await once(child, 'spawn');
        while (!existsSync(${JSON.stringify(join(root, 'child'))})) await new Promise(setImmediate);
        child.unref();
      });
      import { existsSync } from 'node:fs';`);
    const child = Number(readFileSync(join(root, 'child'), 'utf8'));
    const find = () => findOwnProcesses(`REACTOR_TEST_ROOT=${root}`, root);
    assert.deepEqual([outcome.passed, outcome.failures, find().filter(isAgentServer).length], [1, [], 1]);
    await endAll(find);
    const left = await settled(() => (commandLineOf(child) === '' ? [] : [{ pid: child, commandLine: commandLineOf(child) }]), 5000);
    assert.deepEqual([find(), left], [[], []]);
  }).timeout(60_000);
});
