import { copyFileSync, existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { locateExecutable } from '../../src/adapters/opencode/locateExecutable.ts';
import { silentLog } from '../../src/base/log.ts';
import { agentServerVersions, packageFolders } from '../../src/compose/program.ts';

/** Engines of a new data folder would each ask the agent server for its version, which takes it most of a second: the test run asks once. */
export async function rememberAgentServer(dataHome: string): Promise<void> {
  const ofRun = process.env['REACTOR_HOME'];
  if (ofRun === undefined) return;
  const memory = agentServerVersions(join(ofRun, 'repository'));
  const configured = process.env['REACTOR_OPENCODE'] ?? null;
  await locateExecutable({ configured, env: process.env, packageFolders, log: silentLog, memory });
  if (!existsSync(memory)) return;
  mkdirSync(dataHome, { mode: 0o700 });
  copyFileSync(memory, agentServerVersions(join(dataHome, 'repository')));
}
