import { randomBytes } from 'node:crypto';
import { lstat, mkdir, readdir } from 'node:fs/promises';
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

/** Folders of one repository's data folder: `cells/<cell>/{worktree,home,server.log}` and `runs/<run>/<output>`. */
export function createDataFiles(dataFolder: string): DataFiles {
  const cells = join(dataFolder, 'cells');
  const outputs = join(dataFolder, 'runs');
  const templates = join(dataFolder, 'templates');
  return {
    async cellFolders(cell) {
      const folder = join(cells, safeName(cell));
      await mkdir(join(folder, 'home'), { recursive: true, mode: 0o700 });
      return {
        worktree: join(folder, 'worktree'),
        home: join(folder, 'home'),
        git: join(folder, 'git'),
        serverLog: join(folder, 'server.log'),
      };
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
