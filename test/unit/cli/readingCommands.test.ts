import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'mocha';
import { UserFacingError } from '../../../src/base/userFacingError.ts';
import type { CliHost } from '../../../src/cli/cliHost.ts';
import { runCli } from '../../../src/cli/runCli.ts';
import { FakeEngine } from '../../support/cli/fakeEngine.ts';
import { cli, fakeHost } from '../../support/cli/fakeHost.ts';
import { FakeTerminal, settle } from '../../support/cli/fakeTerminal.ts';
import { greenRun, landRun, storySpec, told, treeOf } from '../../support/cli/story.ts';

function twoRuns(): FakeEngine {
  const engine = new FakeEngine();
  greenRun(engine, 'TASK-001-r1', storySpec('TASK-001', 'Add slugify'));
  landRun(engine, 'TASK-001-r1');
  greenRun(engine, 'TASK-002-r1', storySpec('TASK-002', 'Parse durations'));
  engine.tell('TASK-002-r1', told.review(1), told.parked());
  return engine;
}

/** The host of a repository where no engine is alive: everything has to come from the journal. */
const offline = (engine: FakeEngine, change: Partial<CliHost> = {}): CliHost => {
  const started: string[] = [];
  return fakeHost(engine, {
    connect: (_, { start }) => {
      started.push(start);
      return start === 'ifRunsOpen' ? Promise.resolve(null) : Promise.reject(new Error(`started an engine: ${started.join()}`));
    },
    ...change,
  });
};

const json = async (argv: readonly string[], host: CliHost) => JSON.parse((await cli([...argv, '--json'], host)).out);

describe('commands that read', () => {
  it('need no engine', async () => {
    const host = offline(twoRuns());
    const codes = [];
    for (const argv of [
      ['status'],
      ['tasks'],
      ['cells'],
      ['show', 'TASK-001'],
      ['logs', 'TASK-001'],
      ['logs', 'TASK-001', '-f'],
      ['export'],
      ['export', '--verify'],
    ]) {
      const { exitCode, err } = await cli(argv, host);
      codes.push(`${argv.join(' ')} ${exitCode} ${err}`.trim());
    }
    assert.deepEqual(codes, [
      'status 0',
      'tasks 0',
      'cells 0',
      'show TASK-001 0',
      'logs TASK-001 0',
      'logs TASK-001 -f 0',
      'export 0',
      'export --verify 0',
    ]);
  });

  it('give status, cells and inbox as JSON', async () => {
    const status = await json(['status'], offline(twoRuns()));
    assert.deepEqual(Object.keys(status), ['runs', 'cells', 'inbox']);
    assert.deepEqual(
      [status.runs.map((row: { task: string; status: string; phase: string }) => [row.task, row.status, row.phase]), status.inbox],
      [
        [['TASK-002', 'parked', 'parked']],
        [
          {
            run: 'TASK-002-r1',
            task: 'TASK-002',
            id: 'a1',
            kind: 'review',
            title: 'review: 2 files +12 −3, tests green',
            detail: '',
            tree: treeOf(1),
            at: 21_000,
          },
        ],
      ],
    );
  });

  it('show a whole run as JSON: spec, attempts with diff, test output, tree and kept ref, and its timeline', async () => {
    const engine = twoRuns();
    const shown = await json(['show', 'TASK-001'], offline(engine));
    const [attempt] = shown.attemptList;
    assert.deepEqual(
      {
        spec: shown.spec,
        status: shown.status,
        tree: attempt.tree,
        kept: attempt.kept,
        files: attempt.diff.files.length,
        patch: attempt.diff.patch.split('\n')[0],
        test: attempt.test,
        timeline: shown.timeline.length,
      },
      {
        spec: storySpec('TASK-001', 'Add slugify'),
        status: 'landed',
        tree: treeOf(1),
        kept: 'refs/reactor/kept/run/1',
        files: 2,
        patch: 'diff --git a/a.ts b/a.ts',
        test: {
          command: 'npm test',
          exitCode: 0,
          end: 'exited',
          durationMs: 812,
          outputBytes: 0,
          truncated: false,
          output: '',
          outputFile: '/data/runs/test.log',
          tree: treeOf(1),
          changedByTest: [],
        },
        timeline: engine.entries.filter(({ run }) => run === 'TASK-001-r1').length,
      },
    );
  });

  it('show the patch with --diff, harmless', async () => {
    const { out } = await cli(['show', 'TASK-001', '--diff'], offline(twoRuns()));
    assert.match(out, /@@ -1 \+1 @@\n-old\n\+new␛\[2J\n$/);
  });

  it('page through long logs', async () => {
    const engine = new FakeEngine();
    greenRun(engine, 'TASK-001-r1', storySpec('TASK-001', 'Add slugify'));
    engine.tell('TASK-001-r1', ...Array.from({ length: 1200 }, (_, n) => told.message(1, '0.01', `message ${n}`)));
    landRun(engine, 'TASK-001-r1');
    const { out } = await cli(['logs', 'TASK-001', '--json'], offline(engine));
    assert.deepEqual(
      out
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line).seq),
      engine.entries.map(({ seq }) => seq),
    );
  });

  it('follow a log until the run rests, each entry once', async () => {
    const engine = new FakeEngine();
    greenRun(engine, 'TASK-001-r1', storySpec('TASK-001', 'Add slugify'));
    const terminal = new FakeTerminal(['logs', 'TASK-001', '-f', '--json']);
    const ended = runCli(terminal, () => Promise.resolve(fakeHost(engine)));
    await settle();
    engine.tell('TASK-001-r1', told.review(1));
    await settle();
    engine.tell('TASK-001-r1', told.parked());
    assert.equal(await ended, 0);
    assert.deepEqual(
      terminal.stdout.lines.map((line) => JSON.parse(line).seq),
      engine.entries.map(({ seq }) => seq),
    );
  });

  it('stop following when the reader of the output has gone, and on Ctrl-C', async () => {
    const endings = [];
    for (const stop of [(t: FakeTerminal) => t.stdout.hangUp(), (t: FakeTerminal) => t.interrupt()]) {
      const engine = new FakeEngine();
      greenRun(engine, 'TASK-001-r1', storySpec('TASK-001', 'Add slugify'));
      const terminal = new FakeTerminal(['logs', 'TASK-001', '-f']);
      const ended = runCli(terminal, () => Promise.resolve(fakeHost(engine)));
      await settle();
      stop(terminal);
      endings.push([await ended, engine.clients, engine.asked]);
    }
    assert.deepEqual(endings, [
      [0, 0, []],
      [130, 0, []],
    ]);
  });
});

describe('reactor watch', () => {
  it('shows every run in place until q', async () => {
    const engine = twoRuns();
    const terminal = new FakeTerminal(['watch'], { tty: true, now: engine.at });
    const ended = runCli(terminal, () => Promise.resolve(fakeHost(engine)));
    await settle();
    greenRun(engine, 'TASK-003-r1', storySpec('TASK-003', 'New'));
    await settle();
    terminal.clock.advance(100);
    terminal.press('x');
    terminal.press('q');
    assert.equal(await ended, 0);
    const frame = terminal.stdout.text.split('\u001b[?2026h').at(-1)?.replaceAll('\u001b[K', '') ?? '';
    assert.equal(
      frame.replace(/^\r.*?A/, '').split('\u001b[J')[0],
      `reactor watch  2 open  q quits
TASK      TITLE            STATE      ATTEMPT  TIME     COST
TASK-002  Parse durations  ◇ parked   1 of 3   6.0 s  $0.0121
TASK-003  New              ◐ testing  1 of 3   0.0 s  $0.0121
`.replace('ATTEMPT  TIME     COST', 'ATTEMPT   TIME     COST'),
    );
    assert.equal(engine.clients, 0);
  });

  it('prints plain lines without a terminal, of every run from now on', async () => {
    const engine = twoRuns();
    const terminal = new FakeTerminal(['watch']);
    const ended = runCli(terminal, () => Promise.resolve(fakeHost(engine)));
    await settle();
    engine.tell('TASK-002-r1', told.cancelRequested());
    await settle();
    terminal.interrupt('SIGTERM');
    assert.equal(await ended, 130);
    assert.equal(terminal.stdout.text, '00:00:23 TASK-002 cancelled by engine\n');
  });

  it('comes back after the loss of an engine', async () => {
    const engine = twoRuns();
    const terminal = new FakeTerminal(['watch']);
    const ended = runCli(terminal, () => Promise.resolve(fakeHost(engine)));
    await settle();
    engine.die();
    await settle();
    engine.tell('TASK-002-r1', told.resumed());
    terminal.clock.advance(1000);
    await settle();
    engine.tell('TASK-002-r1', told.cancelRequested());
    await settle();
    terminal.interrupt();
    assert.equal(await ended, 130);
    assert.match(terminal.stdout.text, /The engine has gone; starting another one\.\n.*goes on.*\n.*TASK-002 cancelled by engine\n$/);
  });

  it('comes back after the loss of an engine that had not answered yet', async () => {
    const engine = twoRuns();
    const terminal = new FakeTerminal(['watch']);
    let connections = 0;
    const connect = () => {
      const client = engine.connect(false);
      connections += 1;
      if (connections <= 2) engine.die();
      return Promise.resolve(client);
    };
    const ended = runCli(terminal, () => Promise.resolve(fakeHost(engine, { connect })));
    for (let second = 0; second < 2; second += 1) {
      await settle();
      terminal.clock.advance(1000);
    }
    await settle();
    engine.tell('TASK-002-r1', told.cancelRequested());
    await settle();
    terminal.interrupt();
    assert.deepEqual([await ended, connections], [130, 3]);
    assert.match(terminal.stdout.text, /TASK-002 cancelled by engine\n$/);
  });
});

describe('reactor export, restore and clean', () => {
  let folder = '';
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'reactor-export-'));
  });
  after(() => rm(folder, { recursive: true, force: true }));

  it('names the first broken entry and exits 1', async () => {
    const host = offline(twoRuns(), { verifyJournal: () => Promise.resolve({ ok: false, firstBroken: 17, what: 'its data was changed' }) });
    const { exitCode, out, err } = await cli(['export', '--verify'], host);
    assert.deepEqual([exitCode, out, err.split('\n')[0]], [1, '', 'reactor: the journal is broken at entry 17: its data was changed']);
  });

  it('writes to a new file and never over an old one', async () => {
    const engine = twoRuns();
    const first = await cli(['export', '--output', 'journal.ndjson'], offline(engine), { folder });
    const again = await cli(['export', '--output', 'journal.ndjson'], offline(engine), { folder });
    assert.deepEqual(
      [
        first.out,
        again.exitCode,
        again.err.split('\n')[0],
        (await readFile(join(folder, 'journal.ndjson'), 'utf8')).split('\n').length - 1,
      ],
      [
        `${engine.entries.length} entries written to journal.ndjson\n`,
        1,
        'reactor: journal.ndjson already exists and was left as it is.',
        engine.entries.length,
      ],
    );
  });

  it('restores an attempt as a branch and says what to do with it', async () => {
    const engine = twoRuns();
    engine.handlers.restore = ({ attempt }) => ({ branch: 'restore/TASK-001-1', commit: 'c1'.repeat(20), attempt: attempt ?? 1 });
    const { exitCode, out } = await cli(['restore', 'TASK-001', '--attempt', '1'], fakeHost(engine));
    assert.deepEqual(
      [exitCode, out, engine.asked],
      [
        0,
        'Attempt 1 of TASK-001 is now branch restore/TASK-001-1 (c1c1c1c); nothing else was touched.\n  → git diff b1c2d3e restore/TASK-001-1\n  → git switch restore/TASK-001-1\n',
        ['restore {"run":"TASK-001-r1","attempt":1,"tree":null}'],
      ],
    );
    assert.match(
      (await cli(['restore', 'TASK-001', '--attempt', 'two'], fakeHost(engine))).err,
      /--attempt two is not the number of an attempt/,
    );
  });
});

const limits = 'by default 2000 processes, memory and disk three quarters of what is there; watched each second; cpus: by affinity';

describe('reactor doctor', () => {
  it('has one line per thing and exits 0 when a run can work', async () => {
    const engine = new FakeEngine();
    engine.handlers.clean = () => ({ orphans: [{ kind: 'process', name: '77', why: 'no run knows it', keptIn: null, removed: false }] });
    const { exitCode, out } = await cli(['doctor'], fakeHost(engine));
    assert.equal(
      out,
      `✓ Node        ${process.versions.node}
✓ git         2.39.5
✓ repository  /repository, main
✓ OpenCode    1.18.33, /bin/opencode
✓ sandbox     bubblewrap 0.11.0
✓ limits      ${limits}
✓ keys        keys of model providers are kept from commands in a sandbox; without one an agent can read them
✓ settings    no reactor.yaml, defaults; test: npm test
✓ ports       1,001 of 1,001 free in 8000-9000
✓ data folder /data, 50.0 GB free
✓ memory      20.0 GB available; a cell takes about 0.4 GB
✓ journal     0 entries, chain whole
✓ engine      answers; log: /data/engine.log
! orphans     1 orphan left by earlier runs
              → reactor clean --dry-run lists them
`,
    );
    assert.equal(exitCode, 0);
  });

  it('names what commands of a sandboxed cell reach or see all the same', async () => {
    const sandbox = {
      boundary: 'bubblewrap',
      version: '0.11.0',
      ownProc: true,
      why: '',
      todo: '',
      reachable: ['@/tmp/.X11-unix/X0'],
    } as const;
    const host = fakeHost(new FakeEngine(), { probeSandbox: () => Promise.resolve(sandbox) });
    const environment = { NPM_TOKEN: 'a1b2c3d4e5f6a7b8', ANTHROPIC_API_KEY: 'a1b2c3d4e5f6a7b8', HOME_TOKENS_DIR: '/x' };
    const { out } = await cli(['doctor'], host, { environment });
    assert.match(out, /^! sandbox +bubblewrap 0\.11\.0; with network: open commands reach the desktop by @\/tmp\/\.X11-unix\/X0$/m);
    assert.match(out, /; commands see NPM_TOKEN, which tests may need$/m);
  });

  it('says what to do about what is missing, and exits 1', async () => {
    const host = fakeHost(new FakeEngine(), {
      gitVersion: () => Promise.resolve('2.30.1'),
      locateAgentServer: () => Promise.resolve(null),
      probeSandbox: () =>
        Promise.resolve({
          boundary: null,
          version: null,
          ownProc: false,
          why: 'bubblewrap (bwrap) is not installed',
          todo: 'install bubblewrap',
        }),
      repository: () =>
        Promise.reject(new UserFacingError('notARepository', '/repository is not in a git repository.', { actions: ['git init'] })),
    });
    const { exitCode, out } = await cli(['doctor', '--json'], host);
    const { ok, checks } = JSON.parse(out);
    assert.deepEqual(
      [exitCode, ok, checks.slice(1)],
      [
        1,
        false,
        [
          { name: 'git', state: 'missing', text: '2.30.1', todo: 'install git 2.38 or newer' },
          { name: 'repository', state: 'missing', text: '/repository is not in a git repository.', todo: 'git init' },
          {
            name: 'OpenCode',
            state: 'missing',
            text: 'not found on PATH',
            todo: 'install it (https://opencode.ai), then run: reactor doctor',
          },
          { name: 'sandbox', state: 'warning', text: 'bubblewrap (bwrap) is not installed', todo: 'install bubblewrap' },
          { name: 'limits', state: 'ok', text: limits, todo: '' },
          {
            name: 'keys',
            state: 'warning',
            text: "commands of an agent can read the model provider's key: there is no sandbox to keep it in",
            todo: 'give Reactor a key of its own with a spending limit, or work where there is a sandbox',
          },
        ],
      ],
    );
  });
});
