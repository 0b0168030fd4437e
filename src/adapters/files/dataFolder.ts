import { createHash, randomUUID } from 'node:crypto';
import { realpathSync } from 'node:fs';
import { access, chmod, constants, lstat, mkdir, realpath, rm, writeFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { basename, dirname, isAbsolute, join } from 'node:path';
import { UserFacingError } from '../../base/userFacingError.ts';

/**
 * Where Reactor keeps everything about one repository, the same for each of its worktrees, windows and terminals. Creates nothing.
 * @param commonDir the repository's common git directory; it has to exist.
 * @param env REACTOR_HOME takes the place of the user's data folder, which on Linux is XDG_DATA_HOME or ~/.local/share.
 * @throws UserFacingError `configuration` when REACTOR_HOME is relative.
 */
export function dataFolderOf(commonDir: string, env: NodeJS.ProcessEnv): string {
  const real = realpathSync.native(commonDir);
  const hash = createHash('sha256').update(real).digest('hex').slice(0, 12);
  return join(dataHome(env), `${repositoryName(real)}-${hash}`);
}

export const journalFileIn = (dataFolder: string): string => join(dataFolder, 'journal.db');

/**
 * Creates the data folder so that only its user can look inside, and proves that it can be written to.
 * @throws UserFacingError `environment` when it can't, or when the folder lies inside a git directory, where git might delete it.
 */
export async function prepareDataFolder(path: string): Promise<void> {
  const gitDirectory = await gitDirectoryAround(path);
  if (gitDirectory !== null) {
    throw new UserFacingError(
      'environment',
      `Reactor's data folder would be ${path}, inside the git directory ${gitDirectory}, where nothing of Reactor belongs. Nothing was started.`,
      { actions: ['Set REACTOR_HOME to a folder outside the repository.'] },
    );
  }
  try {
    await mkdir(path, { recursive: true, mode: 0o700 });
    await chmod(path, 0o700);
    const probe = join(path, `.probe-${randomUUID()}`);
    await writeFile(probe, 'x', { flag: 'wx', mode: 0o600 });
    await rm(probe);
  } catch (cause) {
    const why = await whyUnwritable(path, cause);
    throw new UserFacingError('environment', `Reactor can't write to its data folder ${path} (${why}). Nothing was started.`, {
      actions: ['Check who owns it and whether the disk is full.', 'Set REACTOR_HOME to a folder that you can write to.'],
      cause,
    });
  }
}

function dataHome(env: NodeJS.ProcessEnv): string {
  const own = env['REACTOR_HOME'];
  if (own !== undefined && own !== '') {
    if (isAbsolute(own)) return own;
    throw new UserFacingError('configuration', `REACTOR_HOME is ${own}, which would mean another folder in each terminal.`, {
      actions: ['Set REACTOR_HOME to an absolute path.'],
    });
  }
  const home = env['HOME'] || homedir();
  if (process.platform === 'darwin') return join(home, 'Library', 'Application Support', 'Reactor');
  if (process.platform === 'win32') return join(env['LOCALAPPDATA'] || join(home, 'AppData', 'Local'), 'Reactor');
  // The XDG base directory specification says that a relative path is to be ignored.
  const xdg = env['XDG_DATA_HOME'];
  return join(xdg !== undefined && isAbsolute(xdg) ? xdg : join(home, '.local', 'share'), 'reactor');
}

/** The folder that holds `.git`, or the bare repository's own name, made safe for a file name. */
function repositoryName(commonDir: string): string {
  const folder = basename(commonDir) === '.git' ? basename(dirname(commonDir)) : basename(commonDir, '.git');
  const safe = folder
    .replaceAll(/[^A-Za-z0-9._-]+/g, '-')
    .replace(/^[.-]+/, '')
    .slice(0, 40);
  return safe === '' ? 'repository' : safe;
}

/** The nearest git directory that the path lies in once links are followed, or null. The path itself need not exist. */
async function gitDirectoryAround(path: string): Promise<string | null> {
  for (let folder = await realpathOfExisting(path); ; folder = dirname(folder)) {
    const parts = ['HEAD', 'objects', 'refs'].map((name) => exists(join(folder, name)));
    if (basename(folder) === '.git' || (await Promise.all(parts)).every(Boolean)) return folder;
    if (folder === dirname(folder)) return null;
  }
}

async function realpathOfExisting(path: string): Promise<string> {
  try {
    return await realpath(path);
  } catch (error) {
    if (codeOf(error) !== 'ENOENT' || path === dirname(path)) return path;
    return join(await realpathOfExisting(dirname(path)), basename(path));
  }
}

/** Of a folder that can't be made below one that takes nothing, Node tells only that it is not there: the one that is there says why. */
async function whyUnwritable(path: string, cause: unknown): Promise<string> {
  if (codeOf(cause) !== 'ENOENT') return codeOf(cause);
  let there = path;
  while (there !== dirname(there) && !(await exists(there))) there = dirname(there);
  return access(there, constants.W_OK).then(() => codeOf(cause), codeOf);
}

const exists = (path: string): Promise<boolean> =>
  lstat(path).then(
    () => true,
    () => false,
  );

const codeOf = (error: unknown): string => (error instanceof Error && 'code' in error ? String(error.code) : 'unknown');
