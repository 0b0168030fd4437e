import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { execa } from 'execa';

/** Contents by path below the repository's top. */
export type SampleFiles = Readonly<Record<string, string>>;

export async function writeFiles(folder: string, files: SampleFiles): Promise<void> {
  for (const [path, content] of Object.entries(files)) {
    await mkdir(dirname(join(folder, path)), { recursive: true });
    await writeFile(join(folder, path), content);
  }
}

/** Output of git in a folder, without the line break at its end. @throws Error with git's words when it fails. */
export async function git(folder: string, ...args: string[]): Promise<string> {
  const { stdout } = await execa('git', ['-c', 'user.name=Test', '-c', 'user.email=test@example.invalid', ...args], {
    cwd: folder,
    env: { GIT_OPTIONAL_LOCKS: '0', GIT_CONFIG_NOSYSTEM: '1' },
  });
  return stdout;
}

export async function makeRepository(path: string, files: SampleFiles, env: NodeJS.ProcessEnv): Promise<void> {
  await mkdir(path, { recursive: true });
  await writeFiles(path, files);
  for (const args of [
    ['init', '--quiet', '--initial-branch=main'],
    ['add', '--all'],
    ['commit', '--quiet', '--message', 'Start'],
  ]) {
    await execa('git', args, { cwd: path, env, extendEnv: false });
  }
}

/** Writes files and commits them on the branch that is checked out. @returns the commit. */
export async function commitFiles(folder: string, files: SampleFiles, message = 'Go on'): Promise<string> {
  await writeFiles(folder, files);
  await git(folder, 'add', '--all');
  await git(folder, 'commit', '--quiet', '--message', message);
  return git(folder, 'rev-parse', 'HEAD');
}

/**
 * Everything of a checkout that only its user may change: files to the byte, index, HEAD, stash, hooks, configuration. Refs of
 * Reactor's own and the object store are left out.
 */
export async function checkoutState(folder: string): Promise<Readonly<Record<string, string>>> {
  const gitFolder = await git(folder, 'rev-parse', '--absolute-git-dir');
  const state: Record<string, string> = {};
  // What git makes and takes away below its own folder meanwhile is not looked at.
  for (const top of readdirSync(folder, { withFileTypes: true })) {
    if (top.name === '.git') continue;
    const paths = top.isDirectory() ? filesBelow(join(folder, top.name)).map((path) => join(top.name, path)) : [top.name];
    for (const path of top.isDirectory() || top.isFile() ? paths : []) state[path] = digest(join(folder, path));
  }
  for (const name of ['HEAD', 'index', 'config', 'logs/HEAD', 'refs/stash', 'logs/refs/stash', 'info/exclude', 'MERGE_HEAD', 'ORIG_HEAD']) {
    const path = join(gitFolder, name);
    state[`git:${name}`] = existsSync(path) ? digest(path) : 'none';
  }
  for (const path of filesBelow(join(gitFolder, 'hooks'))) state[`git:hooks/${path}`] = digest(join(gitFolder, 'hooks', path));
  return state;
}

const digest = (path: string): string => createHash('sha256').update(readFileSync(path)).digest('hex').slice(0, 16);

function filesBelow(folder: string): string[] {
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(folder.length + 1))
    .sort();
}

/** Moves a branch on by one commit without touching any checkout. @returns the commit. */
export async function advance(repository: string, branch: string, files: SampleFiles): Promise<string> {
  const gitFolder = await git(repository, 'rev-parse', '--absolute-git-dir');
  const env = { GIT_INDEX_FILE: join(gitFolder, `index-${branch.replaceAll('/', '-')}`), GIT_CONFIG_NOSYSTEM: '1' };
  const plumb = async (args: readonly string[], input = ''): Promise<string> =>
    (await execa('git', ['-c', 'user.name=Test', '-c', 'user.email=test@example.invalid', ...args], { cwd: repository, env, input }))
      .stdout;
  await plumb(['read-tree', branch]);
  for (const [path, content] of Object.entries(files)) {
    const blob = await plumb(['hash-object', '-w', '--stdin'], content);
    await plumb(['update-index', '--add', '--cacheinfo', `100644,${blob},${path}`]);
  }
  const tree = await plumb(['write-tree']);
  const commit = await plumb(['commit-tree', tree, '-p', branch, '-m', 'Somebody else goes on']);
  await plumb(['update-ref', `refs/heads/${branch}`, commit]);
  await rm(env.GIT_INDEX_FILE);
  return commit;
}
