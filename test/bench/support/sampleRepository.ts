import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { execa } from 'execa';
import { newFolder } from './benchFolder.ts';

export interface SampleRepository {
  readonly path: string;
  readonly base: string;
  /** Back to the first commit, with no other branch (but those of warm cells), worktree entry or kept ref. */
  readonly restore: () => Promise<void>;
}

const FILES_PER_FOLDER = 100;
const made = new Map<number, Promise<SampleRepository>>();

/** A repository with this many files of about 1 kB besides its read-me; made once per process. */
export function sampleRepository(files: number): Promise<SampleRepository> {
  const found = made.get(files) ?? makeRepository(files);
  made.set(files, found);
  return found;
}

/** As `sampleRepository`, but another one each time. */
export async function makeRepository(files: number): Promise<SampleRepository> {
  const path = newFolder(`repository-${files}`);
  const git = async (...args: string[]): Promise<string> => (await execa('git', ['-c', 'gc.auto=0', ...args], { cwd: path })).stdout;
  await git('init', '--quiet', '--initial-branch=main');
  await git('config', 'user.name', 'Bench');
  await git('config', 'user.email', 'bench@localhost');
  await git('config', 'commit.gpgsign', 'false');
  await git('config', 'gc.auto', '0');
  await writeFile(join(path, 'README.md'), '# Sample\n');
  for (let first = 0; first < files; first += FILES_PER_FOLDER) {
    const folder = join(path, `part${Math.floor(first / FILES_PER_FOLDER / 20)}`, `folder${first / FILES_PER_FOLDER}`);
    await mkdir(folder, { recursive: true });
    const names = Array.from({ length: Math.min(FILES_PER_FOLDER, files - first) }, (_, index) => first + index);
    await Promise.all(names.map((name) => writeFile(join(folder, `file${name}.txt`), `This is file number ${name}.\n`.repeat(36))));
  }
  await git('add', '--all');
  await git('commit', '--quiet', '--message', 'Start');
  await git('repack', '-adq');
  const base = await git('rev-parse', 'HEAD');
  const restore = async (): Promise<void> => {
    await git('reset', '--hard', '--quiet', base);
    await git('worktree', 'prune');
    const kept = /^(|refs\/heads\/main|refs\/heads\/reactor\/warm-.*)$/;
    const refs = (await git('for-each-ref', '--format=%(refname)')).split('\n').filter((ref) => !kept.test(ref));
    for (const ref of refs) await git('update-ref', '-d', ref);
  };
  return { path, base, restore };
}
