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
}

/**
 * Finds the repository of a folder and prepares its data folder.
 * @throws UserFacingError `notARepository`, or `environment` when the data folder can't be used.
 */
export async function openHome(folder: string): Promise<Home> {
  const git = createGit({ clock: systemClock, log: silentLog });
  const opened = await git.open(folder);
  if (!opened.ok) {
    const text =
      opened.error.code === 'notARepository'
        ? `${folder} is not in a git repository. Name one with --repo DIR, or make it one with: git init`
        : opened.error.message;
    throw new UserFacingError('notARepository', text);
  }
  const dataFolder = dataFolderOf(opened.value.facts.commonDir, process.env);
  await prepareDataFolder(dataFolder);
  return {
    git,
    repository: opened.value,
    dataFolder,
    journalFile: journalFileIn(dataFolder),
    socket: socketPathOf(dataFolder),
    engineLog: join(dataFolder, 'engine.log'),
  };
}
