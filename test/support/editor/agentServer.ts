import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { projectRoot } from './codeServer.ts';

/** Names the agent server of the project's dependencies in the environment: an extension has none beside it. */
export function agentServer(): NodeJS.ProcessEnv {
  const path = join(projectRoot, 'node_modules', `opencode-${process.platform}-${process.arch}`, 'bin', 'opencode');
  return existsSync(path) ? { REACTOR_OPENCODE: path } : {};
}
