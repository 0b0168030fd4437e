import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, realpathSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { homedir, release } from 'node:os';
import { dirname, join } from 'node:path';
import { gateMounts } from '../../core/policy/gateMounts.ts';
import {
  anchored,
  commandMounts,
  isFixed,
  OF_OTHERS,
  serverMounts,
  withoutRepeats,
  withoutServer,
} from '../../core/policy/sandboxPolicy.ts';
import { toolCaches } from '../../core/policy/toolCaches.ts';
import type { EncloseRequest, Enclosure, Mount, Sandbox, SandboxProbe } from '../../core/ports/sandbox.ts';
import { commandNamespaces, isFolder, mountArguments, serverNamespaces } from './bubblewrap.ts';
import { cellFacts, fixedPath, isThere, variablesWithin } from './cellFacts.ts';
import { wayOut } from './cellNetwork.ts';
import { commandEnclosure, recallCommands, recordOf } from './commandEnclosure.ts';
import { FORWARDER } from './forwarder.ts';
import { makePlaces } from './makePlaces.ts';
import { probeBubblewrap } from './probeBubblewrap.ts';
import { probeSeatbelt } from './probeSeatbelt.ts';
import { processCeiling } from './processCeiling.ts';
import { programPath } from './programPath.ts';
import { recallBrokered, SANDBOX_EXEC, seatbeltEnclosure } from './seatbelt.ts';
import { callFilter, filtersCalls } from './systemCalls.ts';

export interface SandboxDependencies {
  /** Folders that no cell may see: Reactor's data, sockets and leases. */
  readonly hidden: readonly string[];
  /** Where ways out of cells are; null where there are no cells. */
  readonly waysOut: string | null;
  /** Where what all cells start with is written down, which no cell sees; null where there are no cells. */
  readonly folder: string | null;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** How long the sandbox may take to start when it is tried. */
  readonly probeLimitMs?: number;
  /** The agent server's program, which is tried in a sandbox where that could keep it from starting; null when none is found. */
  readonly program?: () => Promise<string | null>;
}

/** The boundary of cells by what the system has: bubblewrap on Linux, Seatbelt on macOS. */
export function createSandbox(dependencies: SandboxDependencies): Sandbox {
  // By its whole path: in a cell the name could come to mean a program of the agent's.
  const named = dependencies.env['REACTOR_BWRAP'] ?? 'bwrap';
  const find = (): string => programPath(named, dependencies.env['PATH']) ?? named;
  const isRoot = process.getuid?.() === 0;
  const { probeLimitMs, program, env } = dependencies;
  const look = (): Promise<SandboxProbe> | null => {
    if (process.platform === 'linux') return probeBubblewrap(find(), isRoot, probeLimitMs);
    if (process.platform === 'darwin') {
      const limit = probeLimitMs === undefined ? {} : { limitMs: probeLimitMs };
      return probeSeatbelt(SANDBOX_EXEC, { env, ...limit, ...(program === undefined ? {} : { program }) });
    }
    return null;
  };
  let probed: Promise<SandboxProbe> | undefined;
  const probe = (): Promise<SandboxProbe> => {
    probed ??= (look() ?? Promise.resolve(unsupported())).then((found) => {
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
      if (boundary === 'seatbelt') return seatbeltEnclosure(request, { ...dependencies, sandbox: SANDBOX_EXEC });
      return enclosure(request, { ...dependencies, bwrap: find(), isRoot, ownProc, boundsMemory: isAtLeast(version, BOUNDS_MEMORY) });
    },
    recall: (record) => recallCommands(record) ?? recallBrokered(record),
  };
}

function unsupported(): SandboxProbe {
  const none = { boundary: null, version: null, ownProc: false } as const;
  if (process.platform === 'win32')
    return { ...none, why: 'there is no sandbox for cells on Windows', todo: 'run Reactor inside WSL 2, which has one' };
  return { ...none, why: `there is no sandbox for cells on ${process.platform}`, todo: '' };
}

/** Folders of a sandboxed cell's own. */
export const SANDBOX_PLACES = ['tmp', 'user', 'user-tmp'];

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
  const facts = cellFacts(request, {
    hidden: means.hidden,
    others: OF_OTHERS,
    temporary: ['/tmp', '/var/tmp'],
    programs: [dirname(means.bwrap), ...ownProgram(request)],
  });
  for (const name of SANDBOX_PLACES) mkdirSync(join(request.home, name), { recursive: true, mode: 0o700 });
  const { bwrap, isRoot, ownProc, boundsMemory } = means;
  const { memoryMb, processes } = request.limits;
  const memory = boundsMemory ? { empty: EMPTY_BYTES, shared: memoryMb === null ? SHARED_BYTES : memoryMb * 5e5 } : null;
  const argumentsOf = (mounts: readonly Mount[]): string[] => mountArguments(mounts, isFolder, memory);
  const ceiling = processCeiling(processes, isRoot, release());
  const exit = request.network === 'allowlist' && means.waysOut !== null ? wayOut(means.waysOut, request.cell) : null;
  const ofServer = anchored(withoutRepeats(serverMounts(facts).filter(isThere), isLink), request.home);
  makePlaces(ofServer, request.home);
  const path = fixedPath(request.env['PATH'], ofServer);
  if (!isFixed(ofServer, bwrap)) throw new Error(`${bwrap} lies in a folder that cells may write; take it out of files.write`);
  const begin = [
    ...[bwrap, ...commandNamespaces(request.network !== 'open')],
    ...variablesWithin(request.env).flatMap(([name, value]) => ['--setenv', name, value]),
    ...argumentsOf([...commandMounts(facts, ownProc, request.network !== 'open'), ...ceiling.command]),
  ];
  const through = exit === null ? [] : [process.execPath, join(WAY_OUT, FORWARDER)];
  const laidIn: Mount[] = exit === null ? [] : [{ kind: 'readOnly', path: WAY_OUT, from: exit }];
  const descriptor = writeFilter(means.folder);
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

const isLink = (path: string): boolean => existsSync(path) && realpathSync(path) !== path;

/** What passes to every program of the cell: which system calls it may make. Null where none is denied. */
function writeFilter(folder: string | null): string | null {
  if (folder === null) throw new Error('there is no folder here for what cells start with');
  const filter = filtersCalls() ? callFilter() : null;
  if (filter === null) return null;
  const file = join(folder, `system-calls-${createHash('sha256').update(filter).digest('hex').slice(0, 16)}`);
  if (existsSync(file)) return file;
  const draft = `${file}.new`;
  rmSync(draft, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  writeFileSync(draft, filter, { flag: 'wx', mode: 0o600 });
  renameSync(draft, file);
  return file;
}

/** Where the program is that connects commands to the way out. */
const ownProgram = ({ network }: EncloseRequest): string[] => (network === 'allowlist' ? [dirname(process.execPath)] : []);
