import { copyFile, lstat, mkdir, realpath, rm, writeFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { onCell } from './cellWorktree.ts';
import { nullIfMissing } from './fileSystemErrors.ts';
import { removeFolder } from './folderRemoval.ts';
import { gitLinkOf } from './gitLink.ts';
import { nulFields } from './nulFields.ts';
import type { RepositoryContext } from './repositoryContext.ts';

interface Place {
  readonly path: string;
  readonly gitDir: string;
}

/** Where a superproject's submodules may be found: the folder of a checkout, and git folders that hold `modules/`. */
interface Sources {
  readonly checkout: string | null;
  readonly gitDirs: readonly string[];
}

interface Submodule {
  readonly name: string;
  readonly path: string;
  readonly commit: string;
}

/**
 * Brings each submodule of a cell to the commit the tree names, recursively, from what the user already has: objects are borrowed,
 * nothing is fetched, and no configuration but the clone's own is written. One that the user has not initialised stays an empty folder.
 */
export async function fillSubmodules(context: RepositoryContext, cell: Place, treeish: string, signal?: AbortSignal): Promise<void> {
  const { topLevel, commonDir } = context.facts;
  await fill(context, cell, treeish, { checkout: topLevel, gitDirs: [commonDir] }, signal);
}

async function fill(context: RepositoryContext, place: Place, treeish: string, sources: Sources, signal?: AbortSignal): Promise<void> {
  const declared = await lstat(join(place.path, '.gitmodules')).catch(nullIfMissing);
  if (declared === null) return;
  for (const submodule of await submodulesOf(context, place, treeish, signal)) {
    const source = await findSource(submodule, sources);
    const target = { path: join(place.path, submodule.path), gitDir: join(place.gitDir, 'modules', submodule.name) };
    const parent = dirname(target.path);
    if ((await realpath(parent).catch(nullIfMissing)) !== parent) continue; // reached through a link: not git's doing
    if (source === null) {
      context.log.log('info', 'a submodule is left empty because it is not initialised in the checkout', { path: submodule.path });
      continue;
    }
    if (!(await isClone(target))) await makeClone(context, source, target, signal);
    const present = await context.git.run(onCell(target, ['cat-file', '-e', `${submodule.commit}^{commit}`]), signal);
    if (present.exitCode !== 0) {
      context.log.log('warn', 'a submodule is left as it is because the checkout does not have its commit', { ...submodule });
      continue;
    }
    await context.git.text(onCell(target, ['update-ref', '--no-deref', 'HEAD', submodule.commit]), signal);
    await context.git.text(onCell(target, ['reset', '--hard', '--quiet']), signal);
    await context.git.text(onCell(target, ['-c', 'clean.requireForce=true', 'clean', '-ffd', '--quiet']), signal);
    await fill(context, target, submodule.commit, { checkout: checkoutBelow(sources, submodule), gitDirs: [source] }, signal);
  }
}

const checkoutBelow = (sources: Sources, submodule: Submodule): string | null =>
  sources.checkout === null ? null : join(sources.checkout, submodule.path);

/** Names and paths come from a file in the repository and become file names here: anything that could climb out is left out. */
const isSafe = (name: string): boolean => name !== '' && !name.startsWith('/') && !/(^|[\\/])(\.\.?|\.git)?([\\/]|$)/i.test(name);

async function submodulesOf(context: RepositoryContext, place: Place, treeish: string, signal?: AbortSignal): Promise<Submodule[]> {
  const names = new Map<string, string>();
  const args = ['config', `--blob=${treeish}:.gitmodules`, '-z', '--get-regexp', '^submodule\\..*\\.path$'];
  for (const field of nulFields((await context.git.run(onCell(place, args), signal)).stdout)) {
    const end = field.indexOf('\n');
    if (end < 0) continue;
    names.set(field.slice(end + 1).replace(/\/+$/, ''), field.slice('submodule.'.length, end - '.path'.length));
  }
  const paths = [...names.keys()].filter(isSafe);
  if (paths.length === 0) return [];
  const listing = await context.git.text(onCell(place, ['ls-tree', '-r', '-z', treeish, '--', ...paths]), signal);
  const found: Submodule[] = [];
  for (const field of nulFields(listing)) {
    const entry = /^160000 commit ([0-9a-f]+)\t([\s\S]+)$/.exec(field);
    const [, commit = '', path = ''] = entry ?? [];
    const name = names.get(path);
    if (name !== undefined && isSafe(name)) found.push({ name, path, commit });
  }
  return found;
}

/** The user's own git folder of the submodule: the one their checkout uses, else the one kept in the superproject. */
async function findSource(submodule: Submodule, sources: Sources): Promise<string | null> {
  const candidates: string[] = [];
  if (sources.checkout !== null) {
    const folder = join(sources.checkout, submodule.path);
    candidates.push(resolve(folder, (await gitLinkOf(folder)) ?? '.git'));
  }
  candidates.push(...sources.gitDirs.map((gitDir) => join(gitDir, 'modules', submodule.name)));
  for (const candidate of candidates) {
    const head = await lstat(join(candidate, 'HEAD')).catch(nullIfMissing);
    if (head !== null) return candidate;
  }
  return null;
}

async function isClone({ path, gitDir }: Place): Promise<boolean> {
  const [folder, link, borrowed] = await Promise.all([
    lstat(path).catch(nullIfMissing),
    gitLinkOf(path),
    lstat(join(gitDir, 'objects', 'info', 'alternates')).catch(nullIfMissing),
  ]);
  return folder?.isDirectory() === true && borrowed !== null && link === gitDir;
}

async function makeClone(context: RepositoryContext, source: string, { path, gitDir }: Place, signal?: AbortSignal): Promise<void> {
  await removeFolder(context.clock, path);
  await rm(gitDir, { recursive: true, force: true });
  await mkdir(dirname(gitDir), { recursive: true });
  const ask = (args: readonly string[]) => context.git.run({ cwd: source, args: [`--git-dir=${source}`, ...args] }, signal);
  const format = (await ask(['rev-parse', '--show-object-format'])).stdout.trim();
  const init = ['init', '--quiet', '--template=', `--object-format=${format || 'sha1'}`, `--separate-git-dir=${gitDir}`, '--', path];
  await context.git.text({ cwd: dirname(gitDir), args: init }, signal);
  await mkdir(join(gitDir, 'objects', 'info'), { recursive: true });
  await writeFile(join(gitDir, 'objects', 'info', 'alternates'), `${join(source, 'objects')}\n`);
  await copyFile(join(source, 'shallow'), join(gitDir, 'shallow')).catch(nullIfMissing);
  const set = (key: string, value: string) =>
    context.git.text({ cwd: dirname(gitDir), args: ['config', '--file', join(gitDir, 'config'), key, value] }, signal);
  await set('core.worktree', path);
  // The true origin, not the user's folder: a push from a cell must not end there.
  const url = await ask(['config', '--get', 'remote.origin.url']);
  if (url.exitCode === 0) {
    await set('remote.origin.url', url.stdout.replace(/\n$/, ''));
    await set('remote.origin.fetch', '+refs/heads/*:refs/remotes/origin/*');
  }
}
