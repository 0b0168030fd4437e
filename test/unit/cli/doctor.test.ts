import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { UserFacingError } from '../../../src/base/userFacingError.ts';
import { ProjectConfig } from '../../../src/core/model/projectConfig.ts';
import type { RepositoryFacts } from '../../../src/core/ports/git.ts';
import { FakeEngine } from '../../support/cli/fakeEngine.ts';
import { cli, fakeHost, fakeRepository } from '../../support/cli/fakeHost.ts';

const defaults = 'by default 2000 processes, memory and disk three quarters of what is there; watched each second';
const limits = `${defaults}; cpus: by affinity; no control group is delegated here`;

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

  it('names what control groups can limit', async () => {
    const { out } = await cli(['doctor'], fakeHost(new FakeEngine(), { controllers: () => Promise.resolve(['memory', 'pids', 'cpu']) }));
    assert.match(out, /cpus: exactly; control groups for memory, pids, cpu$/m);
  });

  it('names what the settings of the folder take from the boundary of cells', async () => {
    const config = ProjectConfig.parse({
      unsandboxed: 'allow',
      files: { write: ['~/.cache/x'] },
      tasks: [{ id: 'T', title: 'Do it', prompt: 'Do it', sandbox: 'off' }],
    });
    const host = fakeHost(new FakeEngine(), { config: () => Promise.resolve({ config, file: 'reactor.yaml' }) });
    const { out } = await cli(['doctor', '--json'], host);
    const { checks } = JSON.parse(out) as { checks: { name: string; state: string; text: string }[] };
    assert.deepEqual(
      checks.filter(({ name }) => name === 'boundary').map(({ state, text }) => [state, text]),
      [['warning', 'reactor.yaml loosens the boundary of cells: unsandboxed: allow; files.write: ~/.cache/x; tasks.T.sandbox: off']],
    );
  });

  it('takes a branch without a commit as it is, and names a HEAD that leads nowhere', async () => {
    const lineOf = async (facts: Partial<RepositoryFacts>): Promise<string> => {
      const repository = { ...fakeRepository, facts: { ...fakeRepository.facts, head: null, ...facts } };
      const { out } = await cli(['doctor'], fakeHost(new FakeEngine(), { repository: () => Promise.resolve(repository) }));
      return out.split('\n').find((line) => line.includes('repository')) ?? '';
    };
    assert.match(await lineOf({ unborn: 'main' }), /^✓ repository +\/repository, main, no commit yet: tasks start from nothing$/);
    assert.match(await lineOf({ branch: null }), /^✗ repository +\/repository: HEAD leads to no commit$/);
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
            text: 'no usable one on PATH (1.18 or a later 1.x is needed)',
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
