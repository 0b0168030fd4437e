import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'mocha';
import { readProjectConfig } from '../../../../src/adapters/opencode/projectConfig.ts';
import { composeServerConfig, definesItsModels, instructionFiles } from '../../../../src/adapters/opencode/serverConfig.ts';
import { serverEnvironment } from '../../../../src/adapters/opencode/serverEnvironment.ts';
import { makeServerFolders } from '../../../../src/adapters/opencode/serverFolders.ts';
import { readUserConfig } from '../../../../src/adapters/opencode/userConfig.ts';
import { silentLog } from '../../../../src/base/log.ts';
import { UserFacingError } from '../../../../src/base/userFacingError.ts';

describe('configuration of a cell’s server', () => {
  let root: string;
  let env: NodeJS.ProcessEnv;
  beforeEach(() => {
    root = realpathSync(mkdtempSync(join(tmpdir(), 'reactor-config-')));
    env = { HOME: join(root, 'home'), PATH: '/bin' };
  });
  afterEach(() => rmSync(root, { recursive: true, force: true }));
  const write = (path: string, text: string): string => {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), text);
    return join(root, path);
  };

  it('has of a pattern of instructions the files that it means in the checkout, and none that comes later', () => {
    write('checkout/docs/a.md', 'a');
    write('checkout/docs/b.txt', 'b');
    const config = composeServerConfig({
      user: {
        folder: join(root, 'none'),
        config: { instructions: ['docs/*.md', 'none/*.md', 'later.md', '/own/*.md', 'https://a.example/*'] },
        auth: null,
        catalogue: null,
        files: [],
      },
      project: {},
      folder: join(root, 'checkout'),
      permissions: [],
      model: null,
      worktree: '/cell/worktree',
      shell: '/bin/sh',
    });
    const ofWorktree = ['/cell/worktree/docs/a.md', '/cell/worktree/later.md'];
    assert.deepEqual(config['instructions'], [...ofWorktree, '/own/*.md', 'https://a.example/*']);
    assert.deepEqual(instructionFiles(config, '/cell/worktree'), ofWorktree);
  });

  it('merges the user’s files in the order of the server, and takes the keys along', () => {
    write(
      'home/.config/opencode/opencode.jsonc',
      '{ /* mine */ "model": "a/1", "instructions": ["~/rules.md", "docs/*.md"], "provider": { "a": { "options": { "apiKey": "{file:key}" } } }, }',
    );
    write('home/.local/share/opencode/auth.json', '{"a":{"type":"api","key":"k"}}');
    env['OPENCODE_CONFIG'] = write('own.json', '{"model": "a/2", "instructions": ["more.md"], "plugin": ["./p.js", "published"]}');
    env['OPENCODE_CONFIG_CONTENT'] = '{"small_model": "a/3"}';
    const user = readUserConfig(env);
    assert.deepEqual(user.config, {
      model: 'a/2',
      small_model: 'a/3',
      instructions: [join(root, 'home', 'rules.md'), 'docs/*.md', 'more.md'],
      provider: { a: { options: { apiKey: `{file:${join(root, 'home', '.config', 'opencode', 'key')}}` } } },
      plugin: [`file://${join(root, 'p.js')}`, 'published'],
    });
    assert.equal(user.auth, '{"a":{"type":"api","key":"k"}}');
  });

  it('names the file of the user’s that is not valid', () => {
    const file = write('home/.config/opencode/opencode.json', '{"model": }');
    assert.throws(
      () => readUserConfig(env),
      (error) => error instanceof UserFacingError && error.code === 'configuration' && error.message.includes(file),
    );
  });

  it('takes of a project what is safe and nothing else', () => {
    write(
      'project/opencode.json',
      JSON.stringify({
        model: 'a/1',
        plugin: ['evil'],
        permission: 'allow',
        mcp: { x: { type: 'local', command: ['evil'] } },
        provider: { a: { options: { baseURL: 'http://evil' } } },
        command: { x: { template: 'evil' } },
        shell: '/evil',
        instructions: ['docs/rules.md', '../outside.md', '/etc/passwd', '~/x', 'http://evil', '{env:KEY}'],
        agent: {
          good: { prompt: '{file:prompts/good.md}', permission: 'allow', tools: { bash: true }, temperature: 0 },
          bad: { prompt: '{env:SECRET}', description: '{file:/etc/passwd}', mode: 'primary' },
          worse: { prompt: '{file:../outside.md}' },
        },
      }),
    );
    write('project/prompts/good.md', 'Be good.');
    write('outside.md', 'outside');
    write('project/AGENTS.md', 'rules');
    write('project/CLAUDE.md', 'more rules');
    assert.deepEqual(readProjectConfig(join(root, 'project'), '/tree', silentLog), {
      model: 'a/1',
      agent: { good: { prompt: 'Be good.', temperature: 0 }, bad: { mode: 'primary' }, worse: {} },
      instructions: ['/tree/AGENTS.md', '/tree/docs/rules.md'],
    });
    write('project/opencode.json', 'nonsense');
    assert.deepEqual(readProjectConfig(join(root, 'project'), '/tree', silentLog), { instructions: ['/tree/AGENTS.md'] });
  });

  it('puts what a cell needs above all, and the run’s refusals into every agent', () => {
    const user = {
      config: {
        share: 'auto',
        permission: 'allow',
        snapshot: true,
        model: 'a/1',
        instructions: ['x.md'],
        agent: { mine: { prompt: 'p', permission: { bash: 'allow', webfetch: 'deny' }, tools: { bash: true } } },
      },
      folder: join(root, 'nothing'),
      auth: null,
      catalogue: null,
      files: [],
    };
    const config = composeServerConfig({
      user,
      project: { model: 'a/2' },
      permissions: [{ permission: 'bash', pattern: '*', action: 'ask' }],
      model: 'b/3',
      worktree: '/tree',
      shell: '/cell/sh',
    });
    assert.deepEqual(config, {
      model: 'b/3',
      instructions: ['/tree/x.md'],
      agent: {
        build: { permission: { bash: 'ask' } },
        plan: { permission: { bash: 'ask' } },
        general: { permission: { bash: 'ask' } },
        explore: { permission: { bash: 'ask' } },
        mine: { prompt: 'p', permission: { bash: 'ask', webfetch: 'deny' } },
      },
      permission: { bash: 'ask' },
      shell: '/cell/sh',
      snapshot: false,
      share: 'disabled',
      autoupdate: false,
      compaction: { auto: false },
      lsp: false,
      formatter: false,
    });
  });

  it('needs no catalogue when every model is defined with an address or a price', () => {
    const provider = {
      a: { npm: 'p', models: { one: { cost: { input: 1, output: 1 } }, two: {} } },
      b: { npm: 'p', options: { baseURL: 'http://x' }, models: { three: {} } },
    };
    assert.deepEqual(
      [
        definesItsModels({ provider, model: 'a/one' }),
        definesItsModels({ provider, model: 'a/one', small_model: 'b/three' }),
        definesItsModels({ provider, model: 'a/two' }),
        definesItsModels({ provider, model: 'anthropic/claude' }),
        definesItsModels({ provider, model: 'a/one', agent: { x: { model: 'anthropic/claude' } } }),
        definesItsModels({ provider }),
      ],
      [true, true, false, false, false, false],
    );
  });

  it('hands on the user’s variables but those of another server, a hook or the editor', () => {
    const folders = makeServerFolders(join(root, 'cell'), join(root, 'none'));
    const given = {
      ...env,
      ANTHROPIC_API_KEY: 'k',
      OPENCODE_API_KEY: 'k2',
      OPENCODE_SERVER_PASSWORD: 'other',
      OPENCODE_CONFIG: '/x',
      GIT_DIR: '/x/.git',
      GIT_INDEX_FILE: '/x/index',
      GIT_SSH_COMMAND: 'ssh',
      VSCODE_PID: '1',
      XDG_DATA_HOME: '/user/data',
    };
    const result = serverEnvironment({
      cell: 'c1',
      env: given,
      folders,
      user: { config: {}, folder: '', auth: 'AUTH', catalogue: null, files: [] },
      config: '{}',
      password: 'pw',
      withoutCatalogue: true,
      withoutPlugins: true,
      added: { REACTOR_PORT: '8100' },
    });
    const of = (...names: readonly string[]) => names.map((name) => result[name] ?? null);
    assert.deepEqual(of('HOME', 'ANTHROPIC_API_KEY', 'OPENCODE_API_KEY', 'GIT_SSH_COMMAND', 'REACTOR_PORT', 'REACTOR_CELL'), [
      env['HOME'],
      'k',
      'k2',
      'ssh',
      '8100',
      'c1',
    ]);
    assert.deepEqual(of('OPENCODE_CONFIG', 'GIT_DIR', 'GIT_INDEX_FILE', 'VSCODE_PID'), [null, null, null, null]);
    assert.deepEqual(of('OPENCODE_SERVER_PASSWORD', 'OPENCODE_AUTH_CONTENT', 'XDG_DATA_HOME', 'OPENCODE_MODELS_PATH'), [
      'pw',
      'AUTH',
      join(root, 'cell', 'data'),
      folders.noModels,
    ]);
  });
});
