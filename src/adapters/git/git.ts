import { readFile, realpath, stat } from 'node:fs/promises';
import { join } from 'node:path';
import process from 'node:process';
import type { Clock } from '../../base/clock.ts';
import { KeyedMutex } from '../../base/keyedMutex.ts';
import type { Log } from '../../base/log.ts';
import { ok } from '../../base/result.ts';
import type { Git, GitRepository, GitResult, Oid, RepositoryFacts } from '../../core/ports/git.ts';
import { nullIfMissing } from './fileSystemErrors.ts';
import { GitCommand } from './gitCommand.ts';
import { refusalOf, refuse } from './gitRefusals.ts';
import { type KnownObjects, remember } from './knownObjects.ts';
import { createRepository } from './repository.ts';

export interface GitDependencies {
  readonly clock: Clock;
  readonly log: Log;
  /** The environment git inherits; the process's own when left out. */
  readonly environment?: Readonly<Record<string, string | undefined>>;
}

/** Git through the `git` executable on PATH; needs 2.38 or later. Repositories opened from one Git share their locks. */
export function createGit({ clock, log, environment = process.env }: GitDependencies): Git {
  const git = new GitCommand(environment, clock);
  const mutex = new KeyedMutex();
  const known: KnownObjects = { trees: new Map(), filters: new Map() };
  return {
    async version(signal) {
      signal?.throwIfAborted();
      const { simpleGit } = await import('simple-git');
      const found = await simpleGit(signal === undefined ? {} : { abort: signal }).version();
      signal?.throwIfAborted();
      return found.installed ? `${found.major}.${found.minor}.${found.patch}` : null;
    },
    async open(folder, signal): Promise<GitResult<GitRepository>> {
      const place = await stat(folder).catch(nullIfMissing);
      if (place === null || !place.isDirectory()) return refuse('notARepository', `${folder} is no folder.`);
      const quick = await factsAtOnce(git, folder, known.trees, signal);
      if (quick !== null) return ok(createRepository({ facts: quick, git, clock, log, mutex, ...nothingFound(known) }));
      // One call per fact: a path may hold a newline.
      const ask = (...args: string[]) => git.run({ cwd: folder, args }, signal);
      const path = (...args: string[]) => ask('rev-parse', '--path-format=absolute', ...args);
      const [common, top, prefix, symbolic, head, any] = await Promise.all([
        path('--git-common-dir'),
        path('--show-toplevel'),
        ask('rev-parse', '--show-prefix'),
        ask('symbolic-ref', '--quiet', 'HEAD'),
        ask('rev-parse', '--quiet', '--verify', 'HEAD^{commit}'),
        ask('rev-parse', '--quiet', '--verify', 'HEAD'),
      ]);
      if (common.exitCode !== 0) {
        if (/not a git repository/i.test(common.stderr)) return refuse('notARepository', `${folder} is not in a git repository.`);
        return refusalOf(common);
      }
      const line = (text: string): string => text.replace(/\n$/, '');
      const commit = head.exitCode === 0 ? line(head.stdout) : null;
      const topLevel = top.exitCode === 0 && line(top.stdout) !== '' ? await realpath(line(top.stdout)) : null;
      const branch = symbolic.exitCode === 0 ? /^refs\/heads\/([\s\S]+)$/.exec(line(symbolic.stdout))?.[1] : undefined;
      // A branch whose commit is missing or broken has one all the same.
      const isUnborn = head.exitCode !== 0 && any.exitCode !== 0 && any.stderr === '';
      const facts = {
        commonDir: await realpath(line(common.stdout)),
        topLevel,
        prefix: topLevel === null ? '' : line(prefix.stdout).replace(/\/$/, ''),
        branch: topLevel === null ? null : (branch ?? null),
        head: commit,
        ...(isUnborn && branch !== undefined ? { unborn: branch } : {}),
      };
      return ok(createRepository({ facts, git, clock, log, mutex, ...nothingFound(known) }));
    },
  };
}

const nothingFound = (known: KnownObjects) => ({ adminDirs: new Map(), warmIndexes: new Map(), views: new Map(), known });

/** `HEAD` of a worktree on a branch, or on a commit; where refs are stored in another way it says something else. */
const ON_BRANCH = /^ref: refs\/heads\/(?!\.)(.+)\n$/;
const DETACHED = /^[0-9a-f]{40,64}\n$/;

/** The usual case, a checkout with a commit whose paths hold no newline, in one call; null for any other. */
async function factsAtOnce(git: GitCommand, folder: string, trees: Map<Oid, Oid>, signal?: AbortSignal): Promise<RepositoryFacts | null> {
  const asked = ['--git-common-dir', '--git-dir', '--show-toplevel', '--show-prefix', 'HEAD^{commit}', 'HEAD^{tree}'];
  const output = await git.run({ cwd: folder, args: ['rev-parse', '--path-format=absolute', ...asked] }, signal);
  const [common, own, top, prefix, head, tree, ...more] = output.stdout.split('\n');
  if (output.exitCode !== 0 || !common || !own || !top || prefix === undefined || !head || !tree || more.join() !== '') return null;
  const on = await readFile(join(own, 'HEAD'), 'utf8').catch(nullIfMissing);
  const branch = ON_BRANCH.exec(on ?? '')?.[1] ?? null;
  if (branch === null && !DETACHED.test(on ?? '')) return null;
  remember(trees, head, tree);
  return { commonDir: await realpath(common), topLevel: await realpath(top), prefix: prefix.replace(/\/$/, ''), branch, head };
}
