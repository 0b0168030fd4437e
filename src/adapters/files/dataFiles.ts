import { randomBytes } from 'node:crypto';
import { mkdirSync, renameSync } from 'node:fs';
import { lstat, mkdir, readdir, writeFile } from 'node:fs/promises';
import { basename, join, relative, sep } from 'node:path';
import type { DataFiles, Ids } from '../../core/ports/files.ts';
import { changedSince, removeFiles } from './changedFiles.ts';
import { editOutput } from './editOutput.ts';
import { removeChanged } from './removeChanged.ts';
import { removeFolder } from './systemFiles.ts';
import { folderSize, freeSpaceOf, volumeOf } from './volumes.ts';

const exists = (path: string): Promise<boolean> =>
  lstat(path).then(
    () => true,
    () => false,
  );

/** A name that is one part of a path and nothing else. @throws Error otherwise: ids are Reactor's own, so this is a bug. */
const safeName = (name: string): string => {
  if (name === '' || name.startsWith('.') || basename(name) !== name) throw new Error(`not a plain name: ${JSON.stringify(name)}`);
  return name;
};

const namesIn = (folder: string): Promise<string[]> =>
  readdir(folder).catch((error: NodeJS.ErrnoException) => (error.code === 'ENOENT' ? [] : Promise.reject(error)));

/** Of the files directly in a folder. */
async function sizeOf(folder: string): Promise<{ at: number; bytes: number }> {
  const files = await Promise.all((await namesIn(folder)).map((name) => lstat(join(folder, name))));
  return { at: Math.max(0, ...files.map(({ mtimeMs }) => mtimeMs)), bytes: files.reduce((sum, { size }) => sum + size, 0) };
}

/** Paths below a cell's folder. */
export interface CellPlaces {
  readonly folders: readonly string[];
  readonly files: readonly string[];
}

/**
 * Folders of one repository's data folder: `cells/<cell>/{worktree,home,server.log}` and `runs/<run>/<output>`.
 * @param inCell what is made ahead for the next cell, below its folder: where much was deleted lately, ext4 without a journal takes a millisecond for
 * each. Whoever needs a folder makes it where it is missing; the files are empty and are written over.
 */
export function createDataFiles(dataFolder: string, inCell: CellPlaces = { folders: [], files: [] }): DataFiles {
  const cells = join(dataFolder, 'cells');
  const outputs = join(dataFolder, 'runs');
  const templates = join(dataFolder, 'templates');
  const next = join(dataFolder, 'next-cell');
  return {
    async cellFolders(cell) {
      const folder = join(cells, safeName(cell));
      // At once: a wait would be for whatever else is being read or deleted. Nothing takes the place of a cell that has anything in it.
      try {
        renameSync(next, folder);
      } catch {
        // None is made, or the cell is there.
      }
      mkdirSync(join(folder, 'home'), { recursive: true, mode: 0o700 });
      return {
        worktree: join(folder, 'worktree'),
        home: join(folder, 'home'),
        git: join(folder, 'git'),
        serverLog: join(folder, 'server.log'),
      };
    },
    async prepareCell() {
      for (const name of inCell.folders) await mkdir(join(next, name), { recursive: true, mode: 0o700 });
      for (const name of inCell.files) await writeFile(join(next, name), '', { mode: 0o600 });
    },
    async outputFile(run, name) {
      const folder = join(dataFolder, 'runs', safeName(run));
      await mkdir(folder, { recursive: true, mode: 0o700 });
      return join(folder, safeName(name));
    },
    editOutput,
    relative: (path) => relative(dataFolder, path).split(sep).join('/'),
    exists,
    cellSize: (cell) => folderSize(join(cells, safeName(cell))),
    volume: () => volumeOf(dataFolder),
    freeSpace: () => freeSpaceOf(dataFolder),
    changedSince,
    removeChanged,
    removeFiles,
    removeCell: (cell) => removeFolder(join(cells, safeName(cell))),
    listCells: () => namesIn(cells),
    async listOutputs() {
      return Promise.all((await namesIn(outputs)).map(async (run) => ({ run, ...(await sizeOf(join(outputs, run))) })));
    },
    removeOutputs: (run) => removeFolder(join(outputs, safeName(run))),
    listTemplates: () => namesIn(templates),
    removeTemplate: (name) => removeFolder(join(templates, safeName(name))),
  };
}

/** Eight letters and digits: enough to tell cells of one machine apart. */
export const randomIds: Ids = {
  short: () =>
    BigInt(`0x${randomBytes(8).toString('hex')}`)
      .toString(36)
      .padStart(12, '0')
      .slice(-8),
};
