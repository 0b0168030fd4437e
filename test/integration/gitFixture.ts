import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, realpathSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { systemClock } from '../../src/adapters/clock/systemClock.ts';
import { createGit } from '../../src/adapters/git/git.ts';
import type { Git, GitRepository, GitResult } from '../../src/core/ports/git.ts';

/** A real repository in a temporary folder, driven by plain git the way a person would. */
export class GitFixture {
  readonly root: string;
  readonly repo: string;
  readonly environment: Readonly<Record<string, string>>;
  readonly git: Git;
  readonly warnings: string[] = [];

  constructor(options: { readonly name?: string; readonly init?: readonly string[] } = {}) {
    this.root = realpathSync(mkdtempSync(join(tmpdir(), 'reactor-git-')));
    this.repo = join(this.root, options.name ?? 'repo');
    mkdirSync(join(this.root, 'home'));
    // Plain git's own maintenance in the background would race with the removal of the folder.
    writeFileSync(join(this.root, 'home/.gitconfig'), '[gc]\n\tauto = 0\n[maintenance]\n\tauto = false\n');
    this.environment = {
      PATH: process.env['PATH'] ?? '',
      HOME: join(this.root, 'home'),
      XDG_CONFIG_HOME: join(this.root, 'home'),
      GIT_CONFIG_NOSYSTEM: '1',
    };
    this.git = this.anotherGit();
    this.in(this.root, 'init', '--quiet', '--initial-branch=main', ...(options.init ?? []), this.repo);
    this.run('config', 'user.name', 'Ada');
    this.run('config', 'user.email', 'ada@example.org');
  }

  /** A Git that shares no lock in memory with another, as in a second process. */
  anotherGit(environment: Readonly<Record<string, string>> = this.environment): Git {
    const log = { log: (level: string, message: string) => void (level === 'warn' && this.warnings.push(message)) };
    return createGit({ clock: systemClock, log, environment });
  }

  in(cwd: string, ...args: string[]): string {
    const env = { ...this.environment, GIT_ALLOW_PROTOCOL: 'file', LC_ALL: 'C' };
    return execFileSync('git', args, { cwd, env, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'], maxBuffer: 1e9 }).replace(/\n$/, '');
  }

  run(...args: string[]): string {
    return this.in(this.repo, ...args);
  }

  write(files: Readonly<Record<string, string>>, top = this.repo): void {
    for (const [path, content] of Object.entries(files)) {
      mkdirSync(dirname(join(top, path)), { recursive: true });
      writeFileSync(join(top, path), content);
    }
  }

  /** Writes, commits everything, and gives the commit. */
  commit(files: Readonly<Record<string, string>>, message = 'change'): string {
    this.write(files);
    this.run('add', '--all');
    this.run('commit', '--quiet', '--allow-empty', '-m', message);
    return this.run('rev-parse', 'HEAD');
  }

  async open(folder = this.repo): Promise<GitRepository> {
    return value(await this.git.open(folder));
  }

  cellPath(name: string): string {
    return join(this.root, 'cells', name);
  }

  /** A cell with its files, on the branch reactor/NAME. */
  async cell(repository: GitRepository, name: string, base = this.run('rev-parse', 'HEAD')): Promise<string> {
    const path = this.cellPath(name);
    value(await repository.createWorktree({ path, branch: `reactor/${name}`, base }));
    value(await repository.populateWorktree(path));
    return path;
  }

  /** Mode and path of every file in a tree. */
  files(tree: string): string[] {
    return this.run('ls-tree', '-r', '-z', tree)
      .split('\0')
      .filter((line) => line !== '')
      .map((line) => `${line.slice(0, 6)} ${line.slice(line.indexOf('\t') + 1)}`);
  }

  dispose(): void {
    execFileSync('chmod', ['-R', 'u+rwX', this.root]);
    rmSync(this.root, { recursive: true, force: true });
  }
}

export function value<T>(result: GitResult<T>): T {
  if (!result.ok) throw new Error(`${result.error.code}: ${result.error.message}`);
  return result.value;
}

/** The refusal's code, or 'ok'. */
export const outcome = (result: GitResult<unknown>): string => (result.ok ? 'ok' : result.error.code);

/** A file that takes no room on the disk. */
export const makeLong = (file: string, bytes: number): void => {
  writeFileSync(file, '');
  truncateSync(file, bytes);
};
