import { constants } from 'node:fs';
import { type FileHandle, lstat, open, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Clock } from '../../base/clock.ts';
import type { Disposable } from '../../base/lifecycle.ts';
import { nullIfMissing } from './fileSystemErrors.ts';

const FIRST_LOOK_MS = 2_000;
const LOOK_EVERY_MS = 1_000;
/** What git opens by itself wherever it lies, and waits for when it is a pipe. So it does with whatever is in the folder of a repository. */
const READ_BY_GIT = new Set(['.gitignore', '.gitattributes', '.gitmodules']);
const REPOSITORY = '.git';

/**
 * Looks, when a git call in a worktree takes long, whether it waits for a pipe under a name that git reads, and ends the waiting: to git the file is
 * then empty.
 * @param mayRemove takes such pipes away, too, so that the next call does not wait.
 */
export function freeReaders(clock: Clock, worktree: string, mayRemove: () => Promise<boolean>): Disposable {
  let isOver = false;
  let timer: Disposable;
  /** Open between two looks: who comes to such a pipe before its name is gone finds the other end there, and its end when this is closed. */
  let held: FileHandle[] = [];
  const letGo = async (): Promise<void> => {
    const handles = held;
    held = [];
    await Promise.all(handles.map((handle) => handle.close()));
  };
  const look = async (): Promise<void> => {
    await letGo();
    const pipes: string[] = [];
    await findPipes(worktree, pipes, () => isOver);
    if (pipes.length === 0 || isOver) return;
    const removes = await mayRemove();
    for (const pipe of pipes) {
      const end = await otherEnd(pipe);
      if (end !== null) held.push(end);
      if (removes) await rm(pipe, { force: true });
    }
    if (isOver) await letGo();
  };
  const schedule = (ms: number): void => {
    timer = clock.schedule(ms, () => {
      void look()
        .catch(() => {
          // What can't be looked at ends with the call's time limit.
        })
        .finally(() => {
          if (!isOver) schedule(LOOK_EVERY_MS);
        });
    });
  };
  schedule(FIRST_LOOK_MS);
  return {
    dispose: () => {
      isOver = true;
      timer.dispose();
      void letGo();
    },
  };
}

async function findPipes(folder: string, into: string[], isOver: () => boolean, isGits = false): Promise<void> {
  for (const entry of (await readdir(folder, { withFileTypes: true }).catch(nullIfMissing)) ?? []) {
    if (isOver()) return;
    const path = join(folder, entry.name);
    if (entry.isDirectory()) await findPipes(path, into, isOver, isGits || entry.name === REPOSITORY);
    else if (entry.isFIFO() && (isGits || READ_BY_GIT.has(entry.name))) into.push(path);
  }
}

/** Opened for both, which waits for nobody. Null when it is no pipe any more. */
async function otherEnd(pipe: string): Promise<FileHandle | null> {
  if (!(await lstat(pipe).catch(nullIfMissing))?.isFIFO()) return null;
  return open(pipe, constants.O_RDWR | constants.O_NONBLOCK | constants.O_NOFOLLOW).catch(() => null);
}
