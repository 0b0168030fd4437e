import type { Mount } from '../ports/sandbox.ts';
import { HIDING_BYTES, TEMPORARY } from './gateMounts.ts';

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
  '.local/share/uv/credentials',
];
/** What belongs to a tool's programs beside them, in a folder of a tool that is not known here: its settings may hold logins. */
const BESIDE_PROGRAMS = [
  ...['lib', 'lib64', 'libexec', 'share', 'include', 'libs', 'node_modules', 'vendor', 'store', 'envs', 'pkgs'],
  ...['toolchains', 'versions', 'installs', 'sdk', 'runtime', 'jre', 'jbr', 'modules', 'python', 'shims', 'plugins'],
];
/** Other volumes, programs that obey whoever reaches their socket, and what the machine has kept of its users: dumps, mail, logs. */
export const OF_OTHERS = [
  ...['/mnt', '/media', '/var/lib/lxd', '/var/snap/lxd', '/var/lib/incus', '/var/lib/docker', '/var/lib/containers', '/var/lib/libvirt'],
  ...['/var/lib/mysql', '/var/lib/postgresql', '/var/lib/systemd/coredump', '/var/crash', '/var/spool', '/var/mail', '/var/log'],
];
/** The same on macOS, with the homes and temporary folders of everybody. The second name of a volume's files is among it. */
export const OF_OTHERS_ON_MAC = [
  ...[
    '/Users',
    '/Volumes',
    '/Network',
    '/System/Volumes/Data',
    '/private/tmp',
    '/private/var/tmp',
    '/private/var/folders',
    '/private/var/root',
  ],
  ...['/private/var/log', '/private/var/spool', '/private/var/mail', '/private/var/vm', '/private/var/audit', '/Library/Logs', '/cores'],
];
/** Of it: in WSL the machine's list of name servers is there. */
const OF_OTHERS_SEEN = ['/mnt/wsl/resolv.conf'];
/** Asked by the system's own library for users and groups; it looks up nothing else. */
const SOCKETS_OF_SYSTEM = ['/var/lib/sss'];
/** Folders that are never the checkout of somebody's repository alone. */
const OF_SYSTEM = ['/etc', '/var', '/run', '/proc', '/sys', '/dev', '/boot'];
/** Programs of the machine, which everybody on it may read. */
const SYSTEM = [
  ...['/usr', '/bin', '/sbin', '/lib', '/lib32', '/lib64', '/opt', '/nix', '/snap'],
  ...['/System/Library', '/System/Cryptexes', '/Library/Developer', '/Applications'],
];
/** Folders below a home of which a part being on PATH does not make the whole visible. */
const SHARED_PARENTS = ['.local', '.config', '.cache', '.var'];
/** What host names have to be resolved by, of the folder where sockets of other programs are; some that look names up are among it. */
const RESOLVERS = ['/run/systemd/resolve', '/run/resolvconf', '/run/NetworkManager'];
const OF_RUN = [...RESOLVERS, '/run/current-system'];

export interface SandboxFacts {
  /** Reactor is started by root, and so is all in the cell. */
  readonly isRoot: boolean;
  readonly worktree: string;
  /** The cell's own folder, writable for the server. */
  readonly cellHome: string;
  readonly fixed: readonly string[];
  /** Home folders of the user: the one of the environment first. */
  readonly homes: readonly string[];
  /** The machine's temporary folders. */
  readonly temporary: readonly string[];
  /** Those of `OF_OTHERS` that there are. */
  readonly others: readonly string[];
  /** The user's own checkout; null when there is none. */
  readonly checkout: string | null;
  /** Sockets of other programs that are files. */
  readonly sockets: readonly string[];
  /** Settings of tools that are seen without the logins in them. */
  readonly settings: readonly Mount[];
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

/** What of a home folder is seen for a folder on PATH in it: with a tool's programs its libraries are needed. */
function toolFolders(entry: string, home: string): string[] {
  const parts = entry.slice(home.length + 1).split('/');
  const [first = ''] = parts;
  if (first === '') return [];
  if (!first.startsWith('.') || SHARED_PARENTS.includes(first) || parts.length === 1) return [entry];
  const folders = parts.slice(1).map((_, depth) => `${home}/${parts.slice(0, depth + 1).join('/')}`);
  return [entry, ...folders.flatMap((folder) => BESIDE_PROGRAMS.map((name) => `${folder}/${name}`))];
}

/** The checkout where it can be taken out of view: a folder of its own, in which nothing of the system is. */
const hiddenCheckout = (checkout: string | null, covered: readonly string[]): string[] =>
  checkout === null || checkout === '/' || [...SYSTEM, ...OF_SYSTEM, ...covered].some((folder) => isBelow(checkout, folder))
    ? []
    : [checkout];

const hiding = (path: string, optional = false): Mount => ({ kind: 'empty', path, bytes: HIDING_BYTES, ...(optional ? { optional } : {}) });

/** Programs and libraries, of the machine or the user's: what every command may read anyway. */
export function isPartOfTools(path: string, homes: readonly string[]): boolean {
  if (SYSTEM.some((folder) => isBelow(path, folder))) return true;
  return homes.some(
    (home) => SEEN_OF_HOME.some((name) => isBelow(path, `${home}/${name}`)) && !MASKED.some((name) => isBelow(path, `${home}/${name}`)),
  );
}

const expand = (path: string, home: string): string => (path === '~' || path.startsWith('~/') ? `${home}${path.slice(1)}` : path);

/**
 * The kernel asks for the user's number alone, so that root writes them from any namespace: a program named in one would run outside. Nobody else can write
 * them, and with them covered the kernel allows commands no /proc of their own.
 */
export const kernelSettings = (isRoot: boolean): readonly Mount[] =>
  (isRoot ? ['/proc/sys', '/proc/sysrq-trigger', '/proc/irq', '/proc/bus'] : []).map((path) => ({
    kind: 'readOnly',
    path,
    optional: true,
  }));

/**
 * What a cell's server sees: the machine read-only, an empty home of its own with the user's tools in it, a temporary folder of its
 * own, no sockets of other programs, and of Reactor's data only its cell.
 */
export function serverMounts(facts: SandboxFacts): Mount[] {
  const { worktree, cellHome, homes, temporary, hidden, others } = facts;
  const [home = '/nonexistent'] = homes;
  const readable = (path: string): Mount => ({ kind: 'readOnly', path, optional: true });
  const tools = homes.flatMap((folder) => [
    ...SEEN_OF_HOME.map((name) => `${folder}/${name}`),
    ...facts.path.flatMap((entry) => (isBelow(entry, folder) ? toolFolders(entry, folder) : [])),
  ]);
  const empty = (path: string): Mount => ({ kind: 'empty', path });
  const checkout = hiddenCheckout(facts.checkout, [...homes, ...temporary, ...others, '/home']);
  const before: Mount[] = [
    { kind: 'readOnly', path: '/' },
    { kind: 'proc', path: '/proc' },
    ...kernelSettings(facts.isRoot),
    { kind: 'devices', path: '/dev' },
    { kind: 'empty', path: '/run' },
    ...OF_RUN.map(readable),
    ...[...others, ...checkout].map((path) => hiding(path)),
    ...OF_OTHERS_SEEN.map(readable),
    ...temporary.map((path): Mount => ({ kind: 'writable', path, from: `${cellHome}/${TEMPORARY}` })),
    { kind: 'empty', path: '/home' },
    ...homes.slice(1).map(empty),
    { kind: 'writable', path: home, from: `${cellHome}/user` },
    ...[...new Set(tools)].map(readable),
    ...[...new Set([facts.program, ...facts.path])]
      .filter((path) => [...homes, ...temporary, ...others, ...checkout, '/home'].some((f) => isBelow(path, f)))
      .map(readable),
    ...facts.settings,
    ...homes.flatMap((folder) => MASKED.map((name) => nothing(`${folder}/${name}`))),
  ];
  const mounts: Mount[] = [
    ...before,
    ...facts.sockets.filter((path) => isSeen(before, path)).map(nothing),
    ...hidden.map(empty),
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
  return [...mounts, ...shown.map(nothing)];
}

const nothing = (path: string): Mount => ({ kind: 'nothing', path, optional: true });

/** A socket that the mounts leave in view. */
const isSeen = (mounts: readonly Mount[], path: string): boolean =>
  holderOf(mounts, path)?.kind === 'readOnly' && !SOCKETS_OF_SYSTEM.some((folder) => isBelow(path, folder));

/**
 * The same view with fewer mounts, each of which takes its time: without those that only show again what is shown read-only.
 * @param isLink whether what is at a path is reached through a link: then it may be shown from elsewhere.
 */
export function withoutRepeats(mounts: readonly Mount[], isLink: (path: string) => boolean): Mount[] {
  const showsItself = ({ kind, path, from }: Mount): boolean => kind === 'readOnly' && (from === undefined || from === path);
  const out: Mount[] = [];
  for (const mount of mounts) {
    const over = out.findLast(({ path }) => isBelow(mount.path, path));
    const covers = out.some(({ path }) => path !== mount.path && isBelow(path, mount.path));
    if (over !== undefined && showsItself(over) && showsItself(mount) && !covers && !isLink(mount.path)) continue;
    out.push(mount);
  }
  return out;
}

/** What is seen at a path: the last mount over it. */
const holderOf = (mounts: readonly Mount[], path: string): Mount | undefined =>
  mounts.findLast((mount) => mount.path !== path && isBelow(path, mount.path));

/**
 * The same mounts with one more for each folder that lies between one which the cell can write and a mount below it. A folder that something is
 * mounted on can't be moved; the ones above it can, and another put in their place: then the path of the worktree, or of a tool, would lead to what
 * the agent has made. What is mounted there is the folder itself; where that is kept in memory, another one that is.
 * @param mounts those that are there, none left out later.
 */
export function anchored(mounts: readonly Mount[], cellHome: string): Mount[] {
  const out: Mount[] = [];
  for (const mount of mounts) {
    const holder = holderOf(out, mount.path);
    if (holder !== undefined && isOwn(holder, cellHome)) {
      const parts = mount.path.slice(holder.path.length + 1).split('/');
      for (let depth = 1; depth < parts.length; depth += 1) {
        const below = parts.slice(0, depth).join('/');
        const path = `${holder.path}/${below}`;
        out.push(holder.from === undefined ? hiding(path) : { kind: 'writable', path, from: `${holder.from}/${below}` });
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
export function commandMounts(
  facts: Pick<SandboxFacts, 'cellHome' | 'serverOnly' | 'isRoot'>,
  ownProc: boolean,
  ownNetwork = false,
): Mount[] {
  return [
    { kind: 'writable', path: '/' },
    ...(ownProc ? [{ kind: 'proc', path: '/proc' } as const] : []),
    ...kernelSettings(facts.isRoot),
    { kind: 'devices', path: '/dev' },
    // Who looks names up for whoever asks is a way out.
    ...(ownNetwork ? RESOLVERS.map((path) => hiding(path, true)) : []),
    ...withoutServer(facts),
  ];
}

/** Takes the server's folder and files out of what is seen. */
export const withoutServer = ({ cellHome, serverOnly }: Pick<SandboxFacts, 'cellHome' | 'serverOnly'>): Mount[] => [
  { kind: 'empty', path: cellHome },
  ...serverOnly.map((path): Mount => ({ kind: 'nothing', path, optional: true })),
];
