import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const here = dirname(fileURLToPath(import.meta.url));
const fromSources = import.meta.url.endsWith('.ts');
const top = fromSources ? join(here, '../..') : join(here, '..');

/** Path of a program of Reactor's: the built one beside this bundle, or its source when Reactor runs from sources. */
export const programPath = (name: 'cli' | 'warden' | 'journalVerifier'): string =>
  fromSources
    ? join(
        top,
        { cli: 'src/cli.ts', warden: 'src/adapters/processes/wardenMain.ts', journalVerifier: 'src/adapters/journal/verifierMain.ts' }[
          name
        ],
      )
    : join(here, `${name}.mjs`);

/** Folders from which packages that belong to Reactor, such as the agent server, can be resolved. */
export const packageFolders: readonly string[] = [top, here];

/** File in which the versions of agent servers are remembered, for all repositories of the user: beside their data folders. */
export const agentServerVersions = (dataFolder: string): string => join(dirname(dataFolder), 'agentServerVersions.json');

/** Reactor's version from its package.json. */
export const programVersion = (): string => {
  const file = [join(top, 'package.json'), join(here, 'package.json')].find((f) => existsSync(f));
  if (file === undefined) return '0.0.0';
  const { version } = JSON.parse(readFileSync(file, 'utf8')) as { version?: string };
  return version ?? '0.0.0';
};
