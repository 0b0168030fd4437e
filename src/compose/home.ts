import { existsSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { systemClock } from '../adapters/clock/systemClock.ts';
import { dataFolderOf, journalFileIn, prepareDataFolder } from '../adapters/files/dataFolder.ts';
import { socketPathOf } from '../adapters/files/runtimeFolder.ts';
import { createGit } from '../adapters/git/git.ts';
import { silentLog } from '../base/log.ts';
import { UserFacingError } from '../base/userFacingError.ts';
import type { Git, GitRepository } from '../core/ports/git.ts';

/** A repository and where Reactor keeps what belongs to it. */
export interface Home {
  readonly git: Git;
  readonly repository: GitRepository;
  readonly dataFolder: string;
  readonly journalFile: string;
  readonly socket: string;
  readonly engineLog: string;
  /** Why nothing can be written to the data folder, which may not even be there; null when it can. */
  readonly unwritable: UserFacingError | null;
}

/** What is said beside what can only be read; null where it can be written, too. */
export const readOnlyText = ({ unwritable, journalFile }: Home): string | null =>
  unwritable === null
    ? null
    : `${unwritable.message} ${existsSync(journalFile) ? 'What follows was recorded before.' : 'Nothing was recorded there before.'}`;

/**
 * Finds the repository of a folder and prepares its data folder.
 * @throws UserFacingError `notARepository`, or `environment` when the data folder can't be used.
 */
export async function openHome(folder: string): Promise<Home> {
  const home = await lookHome(folder);
  if (home.unwritable !== null) throw home.unwritable;
  return home;
}

/** As `openHome`, but the data folder need not take anything: on a disk that is full or read-only what is there can be read all the same, if only nothing. */
export async function lookHome(folder: string): Promise<Home> {
  const git = createGit({ clock: systemClock, log: silentLog });
  const opened = await git.open(folder);
  if (!opened.ok) {
    const isFolder = statSync(folder, { throwIfNoEntry: false })?.isDirectory() === true;
    if (!isFolder)
      throw new UserFacingError('notARepository', opened.error.message, { actions: ['name a folder of the repository with --repo DIR'] });
    const text =
      opened.error.code === 'notARepository'
        ? `${folder} is not in a git repository. Name one with --repo DIR, or make it one with: git init`
        : opened.error.message;
    throw new UserFacingError('notARepository', text);
  }
  const dataFolder = dataFolderOf(opened.value.facts.commonDir, process.env);
  const unwritable = await prepareDataFolder(dataFolder).then(
    () => null,
    (error: unknown) => {
      if (error instanceof UserFacingError && error.cause !== undefined && mayBeRead(dataFolder)) return error;
      throw error;
    },
  );
  return {
    git,
    repository: opened.value,
    dataFolder,
    journalFile: journalFileIn(dataFolder),
    socket: socketPathOf(dataFolder),
    engineLog: join(dataFolder, 'engine.log'),
    unwritable,
  };
}

/** A folder, or nothing on a disk that takes none. A file in its place is a mistake to be told. */
const mayBeRead = (path: string): boolean => {
  try {
    return statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? true;
  } catch {
    return false;
  }
};
