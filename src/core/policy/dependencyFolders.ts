import { isExempt, type ProtectedChange } from './protectedPaths.ts';

/**
 * Folders that programs of the tests come from and that git usually ignores: a change there decides what passes and is in no candidate. Build outputs
 * are not among them, as agents build.
 */
const FOLDERS = ['node_modules', '.venv', 'venv', 'vendor', '.yarn', '.bundle', 'bower_components'];
const FILES = ['.pnp.cjs', '.pnp.loader.mjs', '.pnp.data.json'];

/** Caches that tools fill again: what they hold can decide a test, and nobody misses it. */
const CACHE = /(^|\/)(node_modules\/\.(cache|tmp|vite|vite-temp|vitest)|__pycache__)(\/|$)/;
const CACHE_FOLDERS = ['__pycache__'];

/** What package managers note for themselves, also when they install nothing. Tests don't read it. */
const NOTES =
  /(^|\/)node_modules\/(\.package-lock\.json|\.yarn-integrity|\.yarn-state\.yml|\.modules\.yaml|\.pnpm-workspace-state[^/]*\.json|\.pnpm\/lock\.yaml)$/;

/** The tests begin with putting the folder up anew, by the lock file. */
const INSTALLS_ANEW = /^\s*npm (ci|clean-install)\b[^|;&]*&&/;
const ANEW = /(^|\/)node_modules(\/|$)/;

export interface DependencyRules {
  readonly test: string;
  /** `protectedPaths` of the settings. */
  readonly patterns: readonly string[];
}

/** Names of files and folders, at any depth, that are to be looked at for what git does not see. A pattern such as `target/` adds a folder. */
export function namesToLookAt({ patterns }: DependencyRules): string[] {
  const added = patterns.flatMap((pattern) => /^([^!*?[\]/]+)\/$/.exec(pattern)?.[1] ?? []);
  return [...new Set([...FOLDERS, ...FILES, ...CACHE_FOLDERS, ...added])].filter((name) => !isExempt(name, { patterns }));
}

/** Names of files and folders that stay as they are when what is left of an agent goes: a person is asked about a change there, or said that none matters. */
export const namesLeftInPlace = (patterns: readonly string[]): string[] => [
  ...new Set([...FOLDERS, ...FILES, ...patterns.flatMap((pattern) => /^!([^!*?[\]/]+)\/?$/.exec(pattern)?.[1] ?? [])]),
];

/** The outermost of those folders that the paths lie in. */
export function rootsOf(paths: readonly string[], rules: DependencyRules): string[] {
  const names = new Set(namesToLookAt(rules));
  const roots = paths.map((path) => {
    const parts = path.split('/');
    // A link may have led elsewhere.
    const at = Math.max(
      0,
      parts.findIndex((part) => names.has(part)),
    );
    return parts.slice(0, at + 1).join('/');
  });
  return [...new Set(roots)];
}

export interface AroundChanges {
  /** What the tests may run and nobody has seen. */
  readonly changed: readonly string[];
  /** Content of caches, to be removed before the tests. */
  readonly caches: readonly string[];
}

/**
 * Sorts what has changed in those folders since the agent began.
 * @param paths of files and of folders that have lost, got or renamed something.
 * @param tracked files of the candidate: they are judged as a part of it.
 */
export function sortChanges(paths: readonly string[], tracked: Iterable<string>, { test, patterns }: DependencyRules): AroundChanges {
  const seen = new Set<string>();
  for (const path of tracked) for (const part of upwards(path)) seen.add(part);
  // A folder of which something in it is told needs no word of its own.
  const told = new Set(paths.map(folderOf));
  const own = paths.filter((path) => !seen.has(path) && !told.has(path) && !NOTES.test(path));
  const isLeftOut = (path: string): boolean => isExempt(path, { patterns }) || (INSTALLS_ANEW.test(test) && ANEW.test(path));
  // Under a name that is no text it would not be found again.
  const isCache = (path: string): boolean => CACHE.test(path) && !path.includes('\uFFFD');
  return { changed: own.filter((path) => !isCache(path) && !isLeftOut(path)), caches: own.filter(isCache) };
}

const folderOf = (path: string): string => path.slice(0, Math.max(0, path.lastIndexOf('/')));

/** The path and all folders above it. */
function upwards(path: string): string[] {
  const parts = [path];
  for (let end = path.lastIndexOf('/'); end > 0; end = path.lastIndexOf('/', end - 1)) parts.push(path.slice(0, end));
  return parts;
}

const MOST_NAMED = 3;

/**
 * What a person is told of them: packages and programs rather than each of their files.
 * @param isWhole false: there are more than these.
 */
export function changedDependencies(paths: readonly string[], isWhole: boolean): ProtectedChange[] {
  const groups = new Map<string, string[]>();
  for (const path of paths) groups.set(packageOf(path), [...(groups.get(packageOf(path)) ?? []), path]);
  const ordered = [...groups].sort(([a], [b]) => Number(isProgram(b)) - Number(isProgram(a)) || (a < b ? -1 : 1));
  const names = ordered.map(([name, files]) => (files.length > 1 ? `${name} (${files.length} files)` : (files[0] ?? name)));
  const [first, ...others] = names.slice(0, MOST_NAMED);
  if (first === undefined) return [];
  const more = names.length - MOST_NAMED;
  const rest = [...others, ...(more > 0 ? [`${isWhole ? '' : 'at least '}${more} more`] : [])];
  const why = 'not as the agent found it, and git ignores it';
  if (rest.length === 0) return [{ path: first, why: `is ${why}` }];
  const listed = rest.length === 1 ? rest[0] : `${rest.slice(0, -1).join(', ')} and ${rest.at(-1)}`;
  return [{ path: first, why: `is ${why}; so ${rest.length > 1 || more > 1 ? 'are' : 'is'} ${listed}` }];
}

const isProgram = (name: string): boolean => /(^|\/)\.?bin\/[^/]+$/.test(name);

/** The package that a file belongs to; a program stands for itself. */
function packageOf(path: string): string {
  const parts = path.split('/');
  const at = parts.findLastIndex((part) => part === 'node_modules' || part === 'site-packages' || FOLDERS.includes(part));
  const [first = ''] = parts.slice(at + 1);
  if (first === '.bin' || first === 'bin') return path;
  const length = first.startsWith('@') || parts[at] === 'vendor' ? 2 : 1;
  return parts.slice(0, at + 1 + length).join('/');
}

/** The folders could not be looked through, in time or at all. */
export const unseenDependencies = (reason: string): ProtectedChange[] => [
  { path: 'what git ignores', why: `could not be looked through for changes of the agent: ${reason}` },
];
