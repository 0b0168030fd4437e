import { execFileSync } from 'node:child_process';
import { copyFileSync, cpSync, existsSync, linkSync, mkdirSync, realpathSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { locateExecutable } from '../../src/adapters/opencode/locateExecutable.ts';
import { silentLog } from '../../src/base/log.ts';
import { packageFolders } from '../../src/compose/program.ts';

/** Owns nothing, on any Linux. */
const NOBODY = 65_534;
const top = fileURLToPath(new URL('../..', import.meta.url));

/** A user without rights, and what it starts Reactor's command line with. */
export interface OrdinaryUser {
  readonly uid: number;
  readonly node: string;
  readonly program: string;
  readonly env: NodeJS.ProcessEnv;
}

/**
 * Somebody who is not root, with all that commands need in a folder of its own: a checkout may lie where only its owner can look.
 * Null for whoever has no rights anyway.
 */
export async function ordinaryUser(folder: string): Promise<OrdinaryUser | null> {
  if (process.getuid?.() !== 0) return null;
  const found = await locateExecutable({ configured: null, env: process.env, packageFolders, log: silentLog });
  if (found === null) throw new Error('no OpenCode was found');
  const [bin, temporary] = [join(folder, 'bin'), join(folder, 'tmp')];
  for (const made of [bin, temporary]) mkdirSync(made, { recursive: true });
  const [node, openCode] = [join(bin, 'node'), join(bin, 'opencode')];
  share(process.execPath, node);
  share(found.path, openCode);
  return {
    uid: NOBODY,
    node,
    program: builtIn(join(folder, 'program')),
    env: { REACTOR_OPENCODE: openCode, PATH: `${bin}:/usr/bin:/bin`, TMPDIR: temporary },
  };
}

/** A copy that takes no room where that is possible. */
function share(from: string, to: string): void {
  try {
    linkSync(realpathSync(from), to);
  } catch {
    copyFileSync(from, to);
  }
}

/** @returns the command line of the present build, or of one that is made. */
function builtIn(folder: string): string {
  mkdirSync(folder, { recursive: true });
  const built = join(top, 'dist');
  if (existsSync(join(built, 'cli.mjs'))) cpSync(built, join(folder, 'dist'), { recursive: true });
  else {
    for (const name of ['scripts', 'esbuild.mjs', 'package.json']) cpSync(join(top, name), join(folder, name), { recursive: true });
    for (const name of ['src', 'node_modules']) symlinkSync(join(top, name), join(folder, name));
    execFileSync(process.execPath, ['esbuild.mjs'], { cwd: folder, stdio: 'pipe' });
  }
  return join(folder, 'dist', 'cli.mjs');
}

/** Gives all that is below a folder to the user. */
export const give = ({ uid }: OrdinaryUser, folder: string): void => {
  execFileSync('chown', ['-R', `${uid}:${uid}`, '--', folder]);
};
