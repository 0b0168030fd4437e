import { createHmac, randomBytes } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { silentLog } from '../../base/log.ts';
import type { StartServer } from '../../core/ports/agent.ts';
import { filesNamed } from './enclose.ts';
import type { LocatedExecutable } from './locateExecutable.ts';
import { readProjectConfig } from './projectConfig.ts';
import { composeServerConfig } from './serverConfig.ts';
import { readUserConfig } from './userConfig.ts';

/** Of this process: a fingerprint tells nothing of a short value to who sees it. */
const secret = randomBytes(32);
/** Folders of the user's that each server is led to. */
const LINKED = ['agent', 'agents', 'skill', 'skills', 'plugin', 'plugins', 'tool', 'tools'];

/**
 * What a server takes in when it starts and believes as long as it lives: the configuration, stored keys, variables, the files these take values
 * from, the user's agents and plugins, and the program itself. Starts with the same fingerprint come to servers that are alike.
 * @throws UserFacingError `configuration` when the user's configuration is not valid
 */
export function startFingerprint(
  env: NodeJS.ProcessEnv,
  executable: LocatedExecutable | null,
  { projectFolder, worktree, model, permissions }: Pick<StartServer, 'projectFolder' | 'worktree' | 'model' | 'permissions'>,
): string {
  const user = readUserConfig(env);
  const project = readProjectConfig(projectFolder, worktree, silentLog);
  const config = composeServerConfig({ user, project, permissions, model, worktree, shell: '' });
  const parts = {
    config,
    auth: user.auth,
    catalogue: user.catalogue,
    env: Object.entries(env).toSorted(([a], [b]) => (a < b ? -1 : 1)),
    files: filesNamed(config).map((path) => [path, contentOf(path)]),
    linked: LINKED.map((name) => filesBelow(join(user.folder, name))),
    executable: executable === null ? null : [executable, stampOf(executable.path)],
  };
  return createHmac('sha256', secret).update(JSON.stringify(parts)).digest('hex');
}

function contentOf(path: string): string | null {
  try {
    return readFileSync(path, 'base64');
  } catch {
    // As for the server: it is not there.
    return null;
  }
}

function stampOf(path: string): readonly number[] {
  try {
    const { mtimeMs, size } = statSync(path);
    return [mtimeMs, size];
  } catch {
    return [];
  }
}

function filesBelow(folder: string): readonly unknown[] {
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((path) => !path.includes('node_modules'))
    .toSorted()
    .map((path) => [path, stampOf(join(folder, path))]);
}
