import process from 'node:process';
import type { CellPlaces } from '../adapters/files/dataFiles.ts';
import { viewPlaces } from '../adapters/git/privateView.ts';
import { SERVER_PLACES } from '../adapters/opencode/serverFolders.ts';
import { SANDBOX_PLACES } from '../adapters/sandbox/createSandbox.ts';

/** What every cell here has below its own folder, as `DataFiles.cellFolders` names it. On macOS the home of commands is filled when it is made. */
export function cellPlaces(): CellPlaces {
  const ofHome = [...SERVER_PLACES.folders, ...(process.platform === 'linux' ? SANDBOX_PLACES : [])];
  return {
    folders: [...ofHome.map((name) => `home/${name}`), ...viewPlaces('git')],
    files: ['server.log', ...SERVER_PLACES.files.map((name) => `home/${name}`)],
  };
}
