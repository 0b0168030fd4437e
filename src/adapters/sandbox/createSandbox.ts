import { existsSync, mkdirSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { homedir, release, userInfo } from 'node:os';
import { basename, delimiter, dirname, isAbsolute, join } from 'node:path';
import { gateMounts } from '../../core/policy/gateMounts.ts';
import {
  anchored,
  commandMounts,
  isFixed,
  OF_OTHERS,
  type SandboxFacts,
  serverMounts,
  withoutServer,
} from '../../core/policy/sandboxPolicy.ts';
import { leadsToPrograms, toolCaches } from '../../core/policy/toolCaches.ts';
import type { EncloseRequest, Enclosure, Mount, Sandbox, SandboxProbe } from '../../core/ports/sandbox.ts';
import { commandNamespaces, isFolder, mountArguments, serverNamespaces } from './bubblewrap.ts';
import { wayOut } from './cellNetwork.ts';
import { commandEnclosure, recallCommands, recordOf } from './commandEnclosure.ts';
import { fileSockets } from './fileSockets.ts';
import { FORWARDER } from './forwarder.ts';
import { realFolders, settingsWithoutLogins } from './keptSettings.ts';
import { makePlaces } from './makePlaces.ts';
import { probeBubblewrap } from './probeBubblewrap.ts';
import { processCeiling } from './processCeiling.ts';
import { programPath } from './programPath.ts';
import { callFilter, filtersCalls } from './systemCalls.ts';

export interface SandboxDependencies {
  /** Folders that no cell may see: Reactor's data, sockets and leases. */
  readonly hidden: readonly string[];
  /** Where ways out of cells are; null where there are no cells. */
  readonly waysOut: string | null;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** How long bubblewrap may take to start when it is tried. */
  readonly probeLimitMs?: number;
}

/** The boundary of cells by what the system has: bubblewrap on Linux. */
export function createSandbox(dependencies: SandboxDependencies): Sandbox {
  // By its whole path: in a cell the name could come to mean a program of the agent's.
  const named = dependencies.env['REACTOR_BWRAP'] ?? 'bwrap';
  const find = (): string => programPath(named, dependencies.env['PATH']) ?? named;
  const isRoot = process.getuid?.() === 0;
  let probed: Promise<SandboxProbe> | undefined;
  const probe = (): Promise<SandboxProbe> => {
    if (process.platform !== 'linux') return Promise.resolve(unsupported());
    probed ??= probeBubblewrap(find(), isRoot, dependencies.probeLimitMs).then((found) => {
      // Somebody may install it, or allow it, meanwhile.
      if (found.boundary === null) probed = undefined;
      return found;
    });
    return probed;
  };
  return {
    probe,
    async enclose(request) {
      const { boundary, ownProc, version } = await probe();
      if (boundary === null) throw new Error('there is no sandbox here to put a cell in');
      return enclosure(request, { ...dependencies, bwrap: find(), isRoot, ownProc, boundsMemory: isAtLeast(version, BOUNDS_MEMORY) });
    },
    recall: recallCommands,
  };
}

function unsupported(): SandboxProbe {
  const none = { boundary: null, version: null, ownProc: false } as const;
  if (process.platform === 'win32')
    return { ...none, why: 'there is no sandbox for cells on Windows', todo: 'run Reactor inside WSL 2, which has one' };
  if (process.platform === 'darwin')
    return {
      ...none,
      why: 'there is no sandbox for cells on macOS yet',
      todo: 'run Reactor in a Linux container or virtual machine, with nothing else of yours in it, or give it an account of its own',
    };
  return { ...none, why: `there is no sandbox for cells on ${process.platform}`, todo: '' };
}

interface Means extends SandboxDependencies {
  readonly bwrap: string;
  readonly isRoot: boolean;
  readonly ownProc: boolean;
  /** This bubblewrap can bound folders that are kept in memory. */
  readonly boundsMemory: boolean;
}

/** Where the way out of a cell is laid in it. */
const WAY_OUT = '/run/reactor';

/** The first version with `--size`. */
const BOUNDS_MEMORY = [0, 8];
const EMPTY_BYTES = 64e6;
const SHARED_BYTES = 2e9;

function isAtLeast(version: string | null, [major = 0, minor = 0]: readonly number[]): boolean {
  const [hasMajor = 0, hasMinor = 0] = (version ?? '').split('.').map(Number);
  return hasMajor > major || (hasMajor === major && hasMinor >= minor);
}

function enclosure(request: EncloseRequest, means: Means): Enclosure {
  const facts = factsOf(request, means);
  for (const name of ['tmp', 'user', 'user-tmp']) mkdirSync(join(request.home, name), { recursive: true, mode: 0o700 });
  const { bwrap, isRoot, ownProc, boundsMemory } = means;
  const { memoryMb, processes } = request.limits;
  const memory = boundsMemory ? { empty: EMPTY_BYTES, shared: memoryMb === null ? SHARED_BYTES : memoryMb * 5e5 } : null;
  const argumentsOf = (mounts: readonly Mount[]): string[] => mountArguments(mounts, isFolder, memory);
  const ceiling = processCeiling(processes, isRoot, release());
  const exit = request.network === 'allowlist' && means.waysOut !== null ? wayOut(means.waysOut, request.cell) : null;
  const ofServer = anchored(serverMounts(facts).filter(isThere), request.home);
  makePlaces(ofServer, request.home);
  const path = fixedPath(request.env['PATH'], ofServer);
  if (!isFixed(ofServer, bwrap)) throw new Error(`${bwrap} lies in a folder that cells may write; take it out of files.write`);
  const begin = [
    ...[bwrap, ...commandNamespaces(request.network !== 'open'), ...variablesWithin(request.env)],
    ...argumentsOf([...commandMounts(facts, ownProc, request.network !== 'open'), ...ceiling.command]),
  ];
  const through = exit === null ? [] : [process.execPath, join(WAY_OUT, FORWARDER)];
  const laidIn: Mount[] = exit === null ? [] : [{ kind: 'readOnly', path: WAY_OUT, from: exit }];
  const descriptor = writeFilter(request.home);
  const server = [
    ...[bwrap, ...serverNamespaces(isRoot), ...(descriptor === null ? [] : ['--seccomp', '3'])],
    ...argumentsOf([...ofServer, ...laidIn, ...ceiling.server]),
    // From where it goes to the worktree by itself (`arrivalOf`).
    ...['--chdir', '/', '--', ...ceiling.prefix],
  ];
  const over = [...gateMounts(ofServer, request.home), ...withoutServer(facts)];
  const start = { begin, through, path, gate: { folder: request.home, mounts: argumentsOf(over) } };
  const environment = toolCaches(facts.homes[0] ?? homedir(), request.env);
  return { server, descriptor, environment, ...commandEnclosure(start), record: recordOf(start) };
}

/** What passes to every program of the cell: which system calls it may make. Null where none is denied. */
function writeFilter(home: string): string | null {
  const filter = filtersCalls() ? callFilter() : null;
  if (filter === null) return null;
  const file = join(home, 'system-calls');
  rmSync(file, { recursive: true, force: true });
  writeFileSync(file, filter, { flag: 'wx', mode: 0o600 });
  return file;
}

const isThere = ({ optional, from, path }: Mount): boolean => optional !== true || isFolder(from ?? path) !== null;

/** Of the user's PATH what is there and can't be changed from the cell. */
const fixedPath = (path: string | undefined, mounts: readonly Mount[]): string =>
  unique([...(path ?? '').split(delimiter), '/usr/bin', '/bin'])
    .filter((folder) => isAbsolute(folder) && isFolder(folder) === true && withReal(folder).every((name) => isFixed(mounts, name)))
    .join(delimiter);

/** What commands find again that the server must not have, as it could lead to programs of the agent's. */
const variablesWithin = (env: EncloseRequest['env']): string[] =>
  Object.entries(env).flatMap(([name, value]) => (value !== undefined && leadsToPrograms(name) ? ['--setenv', name, value] : []));

/** Where the program is that connects commands to the way out. */
const ownProgram = ({ network }: EncloseRequest): string[] => (network === 'allowlist' ? [dirname(process.execPath)] : []);

const unique = (paths: readonly string[]): string[] => [...new Set(paths)];

/** The path itself and, where it leads through links, the one they lead to. */
const withReal = (path: string): string[] => (existsSync(path) ? unique([path, realpathSync(path)]) : [path]);

/** The folder around the repository's git folder. */
const checkoutOf = (git: readonly Mount[]): string | null => {
  const folder = git[0]?.path;
  return folder !== undefined && basename(folder) === '.git' ? dirname(folder) : null;
};

function factsOf(request: EncloseRequest, means: Means): SandboxFacts {
  const { env } = request;
  const path = (env['PATH'] ?? '').split(delimiter).filter(isAbsolute);
  const homes = unique([env['HOME'] ?? homedir(), userInfo().homedir, '/root']).filter(
    (folder) => isAbsolute(folder) && folder !== '/' && isFolder(folder) === true,
  );
  const onPath = unique([...path, dirname(request.executable), dirname(means.bwrap), ...ownProgram(request)].flatMap(withReal));
  return {
    worktree: request.worktree,
    cellHome: request.home,
    fixed: request.fixed,
    homes,
    others: realFolders(OF_OTHERS),
    checkout: checkoutOf(request.git),
    sockets: fileSockets().filter((path) => request.network !== 'open' || !path.startsWith('/nix/')),
    settings: settingsWithoutLogins(homes, onPath, join(dirname(request.home), 'settings')),
    temporary: ['/tmp', '/var/tmp'].filter((folder) => isFolder(folder) === true),
    hidden: means.hidden,
    program: dirname(realpathSync(request.executable)),
    path: onPath,
    serverOnly: request.serverOnly.filter((file) => existsSync(file)),
    handedOver: request.handedOver,
    git: request.git,
    read: request.read,
    write: request.write,
  };
}
