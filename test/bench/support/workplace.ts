import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { composeServerConfig, definesItsModels } from '../../../src/adapters/opencode/serverConfig.ts';
import { serverEnvironment } from '../../../src/adapters/opencode/serverEnvironment.ts';
import { makeServerFolders } from '../../../src/adapters/opencode/serverFolders.ts';
import { readUserConfig } from '../../../src/adapters/opencode/userConfig.ts';
import { type ScriptedModel, scriptedConfig } from '../../support/scriptedModel.ts';
import { newFolder } from './benchFolder.ts';

export const openCode = fileURLToPath(
  new URL(`../../../node_modules/opencode-${process.platform}-${process.arch}/bin/opencode`, import.meta.url),
);

/** The environment of a user whose only model is the scripted one, with a home and a data folder of their own. */
export function userEnvironment(model: ScriptedModel, warmCells = 0): NodeJS.ProcessEnv {
  const home = newFolder('user');
  const reactorHome = join(home, 'reactor');
  mkdirSync(reactorHome);
  return {
    PATH: process.env['PATH'],
    HOME: home,
    TMPDIR: process.env['TMPDIR'],
    LANG: process.env['LANG'],
    REACTOR_HOME: reactorHome,
    REACTOR_OPENCODE: openCode,
    REACTOR_IDLE_MS: '600000',
    REACTOR_WARM: String(warmCells),
    REACTOR_SANDBOX: process.env['REACTOR_SANDBOX'],
    OPENCODE_CONFIG_CONTENT: JSON.stringify({ ...scriptedConfig(model.port), permission: { '*': 'allow' } }),
  };
}

/** The environment of a server with the settings that Reactor gives one, but for the tuning of its runtime, for a script that starts it by hand. */
export function leanEnvironment(user: NodeJS.ProcessEnv, worktree: string, password: string): Record<string, string> {
  const given = readUserConfig(user);
  const folders = makeServerFolders(newFolder('bare-home'), given.folder);
  const config = composeServerConfig({
    user: given,
    project: {},
    permissions: [{ permission: '*', pattern: '*', action: 'allow' }],
    model: null,
    worktree,
    shell: folders.shell,
  });
  return serverEnvironment({
    cell: 'bare',
    env: user,
    folders,
    user: given,
    config: JSON.stringify(config),
    password,
    withoutCatalogue: definesItsModels(config),
    withoutPlugins: definesItsModels(config),
    added: {},
  });
}
