import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { chmodSync, mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import type { Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type FoundProcess, findOwnProcesses } from './ownProcesses.ts';

/** A private place for one test run: temporary folder, home folder, and a mark on every process that comes out of it. */
export interface TestRoom {
  /** Environment of a suite; each suite has a temporary folder of its own. */
  environment(suite: string): NodeJS.ProcessEnv;
  /** Running processes that came out of this test run. */
  processes(): FoundProcess[];
  /** Removes the folder with everything in it. */
  remove(): void;
}

/** A process of its own holds the other end of a pipe to this one, so that nothing of the run is left when this one is killed. */
function sweepAfter(marker: string, folder: string): void {
  const sweeper = spawn(process.execPath, [fileURLToPath(new URL('sweeperMain.ts', import.meta.url)), marker, folder], {
    cwd: '/',
    detached: true,
    stdio: ['pipe', 'ignore', 'ignore'],
  });
  sweeper.stdin.on('error', () => {});
  sweeper.unref();
  (sweeper.stdin as Socket).unref();
}

/** The path is kept short: Unix sockets below it have at most 107 characters. */
export function openTestRoom(): TestRoom {
  const folder = mkdtempSync(join(realpathSync(tmpdir()), 'rt-'));
  // A test that acts as another user has to reach its own folder in here.
  chmodSync(folder, 0o711);
  const run = randomBytes(8).toString('hex');
  const home = join(folder, 'home');
  mkdirSync(home);
  writeFileSync(
    join(home, '.gitconfig'),
    '[user]\n\tname = Test\n\temail = test@example.invalid\n[init]\n\tdefaultBranch = main\n[safe]\n\tdirectory = *\n',
  );
  sweepAfter(`REACTOR_TEST_RUN=${run}`, folder);
  return {
    environment(suite) {
      const temporary = join(folder, suite.slice(0, 4));
      mkdirSync(temporary, { recursive: true });
      const env: NodeJS.ProcessEnv = {
        ...process.env,
        TMPDIR: temporary,
        HOME: home,
        REACTOR_HOME: join(home, 'reactor'),
        REACTOR_TEST_RUN: run,
        // Hundreds of short processes load the same modules.
        NODE_COMPILE_CACHE: join(folder, 'code'),
      };
      // A hook of the user's git, or an editor, sets these; then every git command of a test would work on the wrong repository.
      for (const name of Object.keys(env)) if (name.startsWith('GIT_') || name.startsWith('XDG_')) delete env[name];
      return { ...env, GIT_CONFIG_NOSYSTEM: '1' };
    },
    processes: () => findOwnProcesses(`REACTOR_TEST_RUN=${run}`, folder),
    remove: () => rmSync(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 }),
  };
}
