import { randomBytes } from 'node:crypto';
import { lstat, mkdir, readdir } from 'node:fs/promises';
import { basename, join, relative, sep } from 'node:path';
import type { DataFiles, Ids } from '../../core/ports/files.ts';
import { removeFolder } from './systemFiles.ts';

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

/** Folders of one repository's data folder: `cells/<cell>/{worktree,home,server.log}` and `runs/<run>/<output>`. */
export function createDataFiles(dataFolder: string): DataFiles {
  const cells = join(dataFolder, 'cells');
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
    relative: (path) => relative(dataFolder, path).split(sep).join('/'),
    exists,
    removeCell: (cell) => removeFolder(join(cells, safeName(cell))),
    listCells: () => readdir(cells).catch((error: NodeJS.ErrnoException) => (error.code === 'ENOENT' ? [] : Promise.reject(error))),
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
