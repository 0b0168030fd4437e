import { UserFacingError } from '../../base/userFacingError.ts';
import { linuxProcessTable } from './linuxProcessTable.ts';
import { macProcessTable } from './macProcessTable.ts';
import type { ProcessTable } from './processTable.ts';

/** @throws UserFacingError `environment` on a system whose processes can't be told apart safely. */
export function thisProcessTable(platform: NodeJS.Platform = process.platform): ProcessTable {
  if (platform === 'linux') return linuxProcessTable;
  if (platform === 'darwin') return macProcessTable;
  throw new UserFacingError(
    'environment',
    `Reactor cannot supervise processes on ${platform}, so no agent was started. It runs on Linux and macOS.`,
    { actions: platform === 'win32' ? ['Run Reactor inside WSL 2.'] : [] },
  );
}
