import { matchesWildcard } from './wildcard.ts';

/** A changed file that decides what passes, or what runs on a machine of the user's. */
export interface ProtectedChange {
  readonly path: string;
  /** For people, what it decides: follows the path. */
  readonly why: string;
}

export interface ChangedPath {
  readonly path: string;
  readonly oldPath?: string | undefined;
  readonly status: string;
  /** As git writes it. */
  readonly newMode?: string;
}

interface Kind {
  readonly pattern: RegExp;
  readonly why: string;
  /** The file counts only when the test command has this in it. */
  readonly test?: RegExp;
}

const TEST = 'decides what the tests are';

/** By the whole path, folded. */
const kinds: readonly Kind[] = [
  { pattern: /(^|\/)reactor\.ya?ml$/, why: 'is the settings of Reactor' },
  { pattern: /(^|\/)(\.opencode\/|opencode\.jsonc?$)/, why: 'is the settings of the agents' },
  {
    pattern: /(^|\/)((\.claude|\.cursor|\.gemini|\.codex)\/|\.mcp\.json$|\.aider\.conf\.ya?ml$)/,
    why: 'is the settings of other agents, some of which run programs',
  },
  {
    pattern:
      /^(\.github\/(workflows|actions)\/|\.gitlab-ci|\.gitlab\/ci\/|\.circleci\/|\.buildkite\/|\.woodpecker|\.drone\.ya?ml$|\.travis\.ya?ml$|appveyor\.ya?ml$|bitbucket-pipelines\.ya?ml$|azure-pipelines|(.*\/)?jenkinsfile)/,
    why: 'runs in continuous integration',
  },
  {
    pattern: /^(\.husky|\.githooks|\.hooks)\/|(^|\/)(lefthook|\.lefthook)\.(ya?ml|toml|json)$|(^|\/)\.pre-commit-config\.ya?ml$/,
    why: 'is run by git hooks',
  },
  { pattern: /(^|\/)\.gitattributes$/, why: 'decides how git reads and merges files' },
  { pattern: /(^|\/)\.gitmodules$/, why: 'names other repositories to fetch' },
  { pattern: /^\.lfsconfig$/, why: 'names where Git LFS fetches files and sends them' },
  {
    pattern:
      /(^|\/)(\.vscode\/(tasks|settings|launch|mcp)\.json|.*\.code-workspace|\.idea\/.*|\.zed\/.*|\.devcontainer\/.*|\.devcontainer\.json|\.envrc|\.?mise(\.[a-z.]+)?\.toml|\.mise\/.*|mise\/config(\.[a-z.]+)?\.toml|\.dir-locals(-2)?\.el|\.n?vimrc|\.exrc|\.nvim\.lua)$/,
    why: 'runs programs when the folder is opened',
  },
  {
    pattern: /(^|\/)(\.npmrc|\.yarnrc(\.yml)?|\.pnpmfile\.c?js|bunfig\.toml|pip\.conf|\.cargo\/config(\.toml)?)$/,
    why: 'decides how packages are installed and run',
  },
  {
    pattern:
      /(^|\/)((jest|vitest|karma|ava|cypress|playwright|wdio|web-test-runner)\.(config|workspace|conf)\.[a-z.]+|\.mocharc(\..+)?|\.taprc|\.nycrc(\..+)?|\.c8rc(\..+)?|\.?pytest\.(ini|toml)|tox\.(ini|toml)|hatch\.toml|noxfile\.py|phpunit\.xml(\.dist)?|\.rspec|ctestconfig\.cmake)$/,
    why: TEST,
  },
  { pattern: /(^|\/)(node_modules|\.venv|bower_components)\//, why: 'is a dependency that the tests run' },
  { pattern: /(^|\/)(gnumakefile|makefile|.*\.mk)$/, why: TEST, test: /\bg?make\b/ },
  { pattern: /(^|\/)vite\.config\.[a-z]+$/, why: TEST, test: /\bvi(te|test)\b/ },
  { pattern: /(^|\/)conftest\.py$/, why: TEST, test: /\b(py\.?test|tox|nox|python3?|hatch|poetry|uv)\b/ },
  {
    pattern: /(^|\/)((build|settings|init)\.gradle(\.kts)?|gradle\.properties|gradlew|gradle\/wrapper\/.*|build-?src\/.*\.gradle(\.kts)?)$/,
    why: TEST,
    test: /\bgradlew?\b/,
  },
  { pattern: /(^|\/)(pom\.xml|mvnw|\.mvn\/.*)$/, why: TEST, test: /\bmvnw?\b/ },
  { pattern: /(^|\/)mix\.exs$/, why: TEST, test: /\bmix\b/ },
  { pattern: /(^|\/)(.*\.sbt|project\/build\.properties)$/, why: TEST, test: /\bsbt\b/ },
  { pattern: /(^|\/)build\.xml$/, why: TEST, test: /\bant\b/ },
  { pattern: /(^|\/)(\.bazelrc|workspace(\.bazel|\.bzlmod)?|module\.bazel|tools\/bazel|.*\.bzl)$/, why: TEST, test: /\bbazel(isk)?\b/ },
  { pattern: /(^|\/)meson\.build$/, why: TEST, test: /\b(meson|ninja)\b/ },
  { pattern: /(^|\/)angular\.json$/, why: TEST, test: /\bng\b/ },
  { pattern: /(^|\/)(nx|project)\.json$/, why: TEST, test: /\bnx\b/ },
  { pattern: /(^|\/)(cmakelists\.txt|.*\.cmake)$/, why: TEST, test: /\b(cmake|ctest|make|ninja)\b/ },
  { pattern: /(^|\/)rakefile$/, why: TEST, test: /\brake\b/ },
  { pattern: /(^|\/)\.?justfile$/, why: TEST, test: /\bjust\b/ },
  { pattern: /(^|\/)taskfile\.ya?ml$/, why: TEST, test: /\btask\b/ },
];

const LINK_MODE = '120000';
/** A link in the place of such a folder brings files into it under names that say nothing. */
const folders =
  /(^|\/)(\.opencode|\.claude|\.cursor|\.gemini|\.codex|\.vscode|\.idea|\.zed|\.mise|\.devcontainer|\.cargo|\.mvn|node_modules|\.venv|bower_components)$|^(\.github(\/(workflows|actions))?|\.gitlab(\/ci)?|\.circleci|\.buildkite|\.woodpecker|\.husky|\.githooks|\.hooks)$/;

/** Files of which only a part decides: of JSON these keys, of others sections by their heads, and single lines; see `sectionsOf`. */
const parts: Readonly<Record<string, { readonly keys: readonly string[] } | { readonly sections: RegExp; readonly lines?: RegExp }>> = {
  'package.json': {
    keys: [
      ...['scripts', 'jest', 'mocha', 'vitest', 'ava', 'tap', 'nyc', 'c8', 'husky', 'simple-git-hooks', 'pnpm', 'overrides'],
      ...['resolutions', 'packageManager', 'wireit', 'nx', 'ts-node', 'lint-staged', 'nano-staged', 'gitHooks', 'trustedDependencies'],
    ],
  },
  'composer.json': { keys: ['scripts'] },
  'deno.json': { keys: ['tasks', 'test'] },
  'deno.jsonc': { keys: ['tasks', 'test'] },
  'pyproject.toml': { sections: /^\[+tool(\]|\.(pytest|tox|nox|coverage|hatch(\]|\.envs)|poe|pdm(\]|\.scripts)|taskipy|pixi|rye))/ },
  'setup.cfg': { sections: /^\[(tool:pytest|tox|testenv|aliases)/ },
  'cargo.toml': {
    sections: /^\[+(test|lib|profile(\]|\.test)|alias)/,
    lines: /^(auto(tests|bins|lib|examples|benches)|test|doctest|harness)=/,
  },
};

/**
 * A path as file systems take it that tell cases, spellings of one character and characters without a width not apart: what differs in no more than that
 * is the same file there. Upper case first, which takes apart more than lower case does.
 */
const folded = (path: string): string =>
  path
    .normalize('NFKC')
    .replace(/\p{Default_Ignorable_Code_Point}/gu, '')
    .toUpperCase()
    .toLowerCase();

const nameOf = (path: string): string => folded(path.slice(path.lastIndexOf('/') + 1));

/** Whether what a change means can only be said after `changesDecidingPart` has looked at its content. */
export const isPartlyProtected = ({ path }: Pick<ChangedPath, 'path'>): boolean => Object.hasOwn(parts, nameOf(path));

/** Whether the part of such a file that decides the tests differs. A content that can't be read counts as different. */
export function changesDecidingPart(path: string, before: string | null, after: string | null): boolean {
  const part = parts[nameOf(path)];
  if (part === undefined) return false;
  const of = (text: string | null): string => (text === null ? '' : 'keys' in part ? keysOf(text, part.keys) : sectionsOf(text, part));
  return of(before) !== of(after);
}

function keysOf(text: string, keys: readonly string[]): string {
  try {
    const value = JSON.parse(text) as Record<string, unknown>;
    const found = keys.flatMap((key) => (value[key] === undefined ? [] : [[key, value[key]]]));
    return found.length === 0 ? '' : JSON.stringify(found);
  } catch {
    return `unreadable ${text}`;
  }
}

/**
 * Heads and keys are looked at without spaces and quotation marks, which TOML allows in them; one with an escape in it may be any. What stands before the
 * first head belongs to the part too: a key there may have the name of any section.
 */
function sectionsOf(text: string, part: { readonly sections: RegExp; readonly lines?: RegExp }): string {
  let place: 'start' | 'inside' | 'outside' = 'start';
  const lines = text.split('\n').filter((line) => {
    const plain = line.replace(/["'\s]/g, '');
    const isEscaped = /^[^=#]*\\/.test(plain);
    if (plain.startsWith('[')) place = isEscaped || part.sections.test(plain) ? 'inside' : 'outside';
    if (plain === '' || (place === 'start' && plain.startsWith('#'))) return false;
    return place !== 'outside' || (part.lines !== undefined && (isEscaped || part.lines.test(plain)));
  });
  return lines.join('\n');
}

export interface ProtectionRules {
  readonly test: string;
  /** Commands that the test command leads to by scripts and targets of the base, one a line. */
  readonly scripts: string;
  /** What git starts for files of the repository, as the user's settings say; from the top of their checkout. */
  readonly commands?: readonly string[];
  /** Where the test command runs, below the top; '' for the top. */
  readonly folder: string;
  /** More patterns of a person's; one that begins with `!` takes paths out again. The last that matches counts. */
  readonly patterns: readonly string[];
}

/** Why a change needs a person, by the names of its files; null when they are ordinary. */
export function protectionOf(change: ChangedPath, rules: ProtectionRules): string | null {
  const named = namedFiles(rules);
  const foldedNames = new Set([...named].map(folded));
  const ofGit = startedByGit(rules.commands ?? []);
  for (const path of [change.path, ...(change.oldPath === undefined ? [] : [change.oldPath])]) {
    const said = rules.patterns.findLast((pattern) => matchesPattern(pattern.replace(/^!/, ''), path));
    if (said?.startsWith('!')) continue;
    if (said !== undefined) return 'is protected in reactor.yaml';
    const lower = folded(path);
    if (change.newMode === LINK_MODE && folders.test(lower)) return 'leads elsewhere in the place of a folder of settings or tools';
    const kind = kinds.find(
      ({ pattern, test }) => pattern.test(lower) && (test === undefined || test.test(`${rules.test}\n${rules.scripts}`)),
    );
    if (kind !== undefined) return kind.why;
    if (ofGit.some((name) => lower === name || (name.endsWith('/') && lower.startsWith(name))))
      return 'is run by git, as your settings say';
    if (named.has(path) ? change.status !== 'added' : foldedNames.has(lower)) return 'is run as the test';
  }
  return null;
}

/** Files that such commands may be or read, by a name with a dot or a folder in it, and modules that Python finds at the top first. Folded. */
function startedByGit(commands: readonly string[]): string[] {
  return commands.flatMap((command) => {
    const words = wordsOf(command).map((word) => word.replace(/^(\.\/)+/, ''));
    const modules = words.filter((_, at) => words[at - 1] === '-m').map((word) => word.replace(/\..*$/, ''));
    const files = words.filter((word) => /[./]/.test(word) && !word.startsWith('-'));
    return [...files, ...modules.flatMap((name) => [`${name}.py`, `${name}/`])].map(folded);
  });
}

/** A path is left out of all protection, also that of a part of its content. */
export const isExempt = (path: string, { patterns }: Pick<ProtectionRules, 'patterns'>): boolean =>
  patterns.findLast((pattern) => matchesPattern(pattern.replace(/^!/, ''), path))?.startsWith('!') === true;

/** What a script names that is a test by its own name is for the review, as all tests are. */
const TEST_BY_NAME = /\.(test|spec)\.\w+$|(^|\/)test_[^/]*\.py$|_test\.\w+$/;

const wordsOf = (text: string): string[] => text.split(/[\s'"`;|&()<>=$@]+/);

/** Files that the test command may name, or the scripts that it runs. */
function namedFiles({ test, scripts, folder }: ProtectionRules): Set<string> {
  const top = folder === '' ? '' : `${folder}/`;
  const named = [...wordsOf(test), ...wordsOf(scripts).filter((word) => !TEST_BY_NAME.test(word))];
  return new Set(named.map((word) => top + word.replace(/^(\.\/)+/, '')));
}

/** As in an ignore file: without a slash a name at any depth, else from the top; a folder takes all below it. `*` also goes over slashes. */
function matchesPattern(pattern: string, path: string): boolean {
  const bare = folded(pattern.replace(/^\//, '').replace(/\/$/, ''));
  const subject = folded(path);
  const anchored = pattern.replace(/\/$/, '').includes('/');
  const globs = anchored ? [bare, `${bare}/*`] : [bare, `*/${bare}`, `${bare}/*`, `*/${bare}/*`];
  return globs.some((glob) => matchesWildcard(glob.replace(/\*\*\//g, '*'), subject) || matchesWildcard(glob, subject));
}

const MOST_NAMED = 3;

/** One phrase for a title: `package.json decides what the tests are and 2 more`. */
export function protectedText(changes: readonly ProtectedChange[]): string {
  const named = changes.slice(0, MOST_NAMED).map(({ path, why }) => `${path} ${why}`);
  const more = changes.length > MOST_NAMED ? ` and ${changes.length - MOST_NAMED} more` : '';
  return `${named.join(', ')}${more}`;
}
