import type { Mount } from '../ports/sandbox.ts';

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
];
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
  return [
    { kind: 'readOnly', path: '/' },
    { kind: 'proc', path: '/proc' },
    ...kernelSettings,
    { kind: 'devices', path: '/dev' },
    { kind: 'empty', path: '/run' },
    ...OF_RUN.map(readable),
    ...temporary.map((path): Mount => ({ kind: 'writable', path, from: `${cellHome}/tmp` })),
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
}

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
    { kind: 'empty', path: facts.cellHome },
    ...facts.serverOnly.map((path): Mount => ({ kind: 'nothing', path, optional: true })),
  ];
}
