import type { Mount } from '../ports/sandbox.ts';
import { HOME_PARTS, TEMPORARY } from './gateMounts.ts';

/** Tools and settings below a home folder that commands may read. None of them holds keys, but for those in `MASKED`. */
const SEEN_OF_HOME = [
  ...['.gitconfig', '.config/git', '.gitignore', '.gitignore_global', '.gitattributes', '.editorconfig', '.tool-versions'],
  ...[
    '.nvm',
    '.fnm',
    '.volta',
    '.asdf',
    '.mise',
    '.local/share/mise',
    '.local/share/fnm',
    '.local/share/pnpm',
    '.bun',
    '.deno',
    '.npm-global',
  ],
  ...['.pyenv', '.local/share/uv', '.local/share/pipx', '.local/pipx', '.local/lib', '.local/bin', '.rbenv', '.rvm', '.gem'],
  ...['.cargo', '.rustup', '.sdkman', '.gradle', 'go', '.ghcup', '.opam', '.dotnet', '.opencode'],
];
const MASKED = [
  '.config/git/credentials',
  '.cargo/credentials',
  '.cargo/credentials.toml',
  '.gem/credentials',
  '.gradle/gradle.properties',
  '.gradle/init.gradle',
  '.gradle/init.gradle.kts',
  '.gradle/init.d',
  '.npm-global/etc/npmrc',
  '.opencode/opencode.json',
  '.opencode/opencode.jsonc',
];
/** Programs of the machine, which everybody on it may read. */
const SYSTEM = ['/usr', '/bin', '/sbin', '/lib', '/lib32', '/lib64', '/opt', '/nix', '/snap'];
/** Folders below a home of which a part being on PATH does not make the whole visible. */
const SHARED_PARENTS = ['.local', '.config', '.cache', '.var'];
/** Where sockets of other programs are. What names have to be resolved by is given back. */
const OF_RUN = ['/run/systemd/resolve', '/run/resolvconf', '/run/NetworkManager', '/run/current-system'];

export interface SandboxFacts {
  readonly worktree: string;
  /** The cell's own folder, writable for the server. */
  readonly cellHome: string;
  readonly fixed: readonly string[];
  /** Home folders of the user: the one of the environment first. */
  readonly homes: readonly string[];
  /** The machine's temporary folders. */
  readonly temporary: readonly string[];
  /** Folders that are hidden wherever they are: Reactor's own data, sockets and leases. */
  readonly hidden: readonly string[];
  /** The folder of the agent server's program. */
  readonly program: string;
  readonly path: readonly string[];
  readonly serverOnly: readonly string[];
  /** Files with keys that the server is handed the content of: nothing in the cell sees them. */
  readonly handedOver: readonly string[];
  readonly git: readonly Mount[];
  readonly read: readonly string[];
  readonly write: readonly string[];
}

const isBelow = (path: string, folder: string): boolean => path === folder || path.startsWith(folder === '/' ? '/' : `${folder}/`);

/** The part of a home folder that a folder on PATH belongs to: with a tool's programs its libraries are needed. */
function toolFolder(entry: string, home: string): string | null {
  const parts = entry.slice(home.length + 1).split('/');
  const [first = ''] = parts;
  if (first === '') return null;
  return first.startsWith('.') && !SHARED_PARENTS.includes(first) ? `${home}/${first}` : entry;
}

/** Programs and libraries, of the machine or the user's: what every command may read anyway. */
export function isPartOfTools(path: string, homes: readonly string[]): boolean {
  if (SYSTEM.some((folder) => isBelow(path, folder))) return true;
  return homes.some(
    (home) => SEEN_OF_HOME.some((name) => isBelow(path, `${home}/${name}`)) && !MASKED.some((name) => isBelow(path, `${home}/${name}`)),
  );
}

const expand = (path: string, home: string): string => (path === '~' || path.startsWith('~/') ? `${home}${path.slice(1)}` : path);

/** The kernel asks for the user's number alone, so that root writes them from any namespace: a program named in one would run outside. */
const kernelSettings: readonly Mount[] = ['/proc/sys', '/proc/sysrq-trigger', '/proc/irq', '/proc/bus'].map((path) => ({
  kind: 'readOnly',
  path,
  optional: true,
}));

/**
 * What a cell's server sees: the machine read-only, an empty home of its own with the user's tools in it, a temporary folder of its
 * own, no sockets of other programs, and of Reactor's data only its cell.
 */
export function serverMounts(facts: SandboxFacts): Mount[] {
  const { worktree, cellHome, homes, temporary, hidden } = facts;
  const [home = '/nonexistent'] = homes;
  const readable = (path: string): Mount => ({ kind: 'readOnly', path, optional: true });
  const tools = homes.flatMap((folder) => [
    ...SEEN_OF_HOME.map((name) => `${folder}/${name}`),
    ...facts.path.flatMap((entry) => (isBelow(entry, folder) ? (toolFolder(entry, folder) ?? []) : [])),
  ]);
  const mounts: Mount[] = [
    { kind: 'readOnly', path: '/' },
    { kind: 'proc', path: '/proc' },
    ...kernelSettings,
    { kind: 'devices', path: '/dev' },
    { kind: 'empty', path: '/run' },
    ...OF_RUN.map(readable),
    ...temporary.map((path): Mount => ({ kind: 'writable', path, from: `${cellHome}/${TEMPORARY}` })),
    { kind: 'empty', path: '/home' },
    ...homes.slice(1).map((path): Mount => ({ kind: 'empty', path })),
    { kind: 'writable', path: home, from: `${cellHome}/user` },
    ...[...new Set(tools)].map(readable),
    ...[...new Set([facts.program, ...facts.path])]
      .filter((path) => [...homes, ...temporary, '/home'].some((f) => isBelow(path, f)))
      .map(readable),
    ...homes.flatMap((folder) => MASKED.map((name): Mount => ({ kind: 'nothing', path: `${folder}/${name}`, optional: true }))),
    ...hidden.map((path): Mount => ({ kind: 'empty', path })),
    ...facts.serverOnly.map(readable),
    ...facts.read.map((path) => readable(expand(path, home))),
    { kind: 'writable', path: worktree },
    { kind: 'writable', path: cellHome },
    ...facts.fixed.map((path): Mount => ({ kind: 'readOnly', path })),
    ...facts.git,
    ...facts.write.map((path): Mount => ({ kind: 'writable', path: expand(path, home), optional: true })),
  ];
  const shown = facts.handedOver.filter((path) => {
    const holder = holderOf(mounts, path);
    return holder !== undefined && !isOwn(holder, cellHome);
  });
  return [...mounts, ...shown.map((path): Mount => ({ kind: 'nothing', path, optional: true }))];
}

/** The folder that stands in for one on the way to a mount. Two of one cell are never of the same length and end. */
const standIn = (path: string, cellHome: string): string =>
  `${cellHome}/${HOME_PARTS[1]}/${path.length}-${path.replaceAll('%', '%25').replaceAll('/', '%').slice(-LONGEST_NAME)}`;

const LONGEST_NAME = 120;

/** What is seen at a path: the last mount over it. */
const holderOf = (mounts: readonly Mount[], path: string): Mount | undefined =>
  mounts.findLast((mount) => mount.path !== path && isBelow(path, mount.path));

/**
 * The same mounts with one more for each folder that lies between one which the cell can write and a mount below it. A folder that something is
 * mounted on can't be moved; the ones above it can, and another put in their place: then the path of the worktree, or of a tool, would lead to what
 * the agent has made.
 * @param mounts those that are there, none left out later.
 */
export function anchored(mounts: readonly Mount[], cellHome: string): Mount[] {
  const out: Mount[] = [];
  for (const mount of mounts) {
    const holder = holderOf(out, mount.path);
    if (holder !== undefined && isOwn(holder, cellHome)) {
      const parts = mount.path.slice(holder.path.length + 1).split('/');
      for (let depth = 1; depth < parts.length; depth += 1) {
        const path = `${holder.path}/${parts.slice(0, depth).join('/')}`;
        out.push({ kind: 'writable', path, from: standIn(path, cellHome) });
      }
    }
    out.push(mount);
  }
  return out;
}

/** Written by the cell and backed by its own folder or by memory. */
const isOwn = ({ kind, from }: Mount, cellHome: string): boolean =>
  kind === 'empty' || (kind === 'writable' && from !== undefined && isBelow(from, cellHome));

/** Where each mount's place in the cell's own folder is, for those whose place the cell could have put something else at. */
export function placesOf(mounts: readonly Mount[], cellHome: string): { readonly place: string; readonly mount: Mount }[] {
  return mounts.flatMap((mount, index) => {
    const holder = holderOf(mounts.slice(0, index), mount.path);
    if (holder?.from === undefined || !isOwn(holder, cellHome)) return [];
    return [{ place: `${holder.from}${mount.path.slice(holder.path.length)}`, mount }];
  });
}

/** Nothing in the cell can change what is at this path. */
export const isFixed = (mounts: readonly Mount[], path: string): boolean =>
  mounts.findLast((mount) => isBelow(path, mount.path))?.kind === 'readOnly';

/**
 * What a command sees, laid over what the server sees: not the server's folder, in which its conversation and configuration are, and not the
 * files that the server alone needs.
 */
export function commandMounts(facts: Pick<SandboxFacts, 'cellHome' | 'serverOnly'>, ownProc: boolean): Mount[] {
  return [
    { kind: 'writable', path: '/' },
    ...(ownProc ? [{ kind: 'proc', path: '/proc' } as const] : []),
    ...kernelSettings,
    { kind: 'devices', path: '/dev' },
    ...withoutServer(facts),
  ];
}

/** Takes the server's folder and files out of what is seen. */
export const withoutServer = ({ cellHome, serverOnly }: Pick<SandboxFacts, 'cellHome' | 'serverOnly'>): Mount[] => [
  { kind: 'empty', path: cellHome },
  ...serverOnly.map((path): Mount => ({ kind: 'nothing', path, optional: true })),
];
