import { delimiter, isAbsolute } from 'node:path';

/** Variables of git's that describe the person or the machine; all others describe some other repository or call and are dropped. */
const KEPT =
  /^GIT_(CONFIG_(GLOBAL|SYSTEM|NOSYSTEM|COUNT|KEY_\d+|VALUE_\d+)|(AUTHOR|COMMITTER)_(NAME|EMAIL)|SSH(_COMMAND|_VARIANT)?|SSL_\w+|EXEC_PATH|CEILING_DIRECTORIES|DISCOVERY_ACROSS_FILESYSTEM|ASKPASS|PROXY_\w+|ALLOW_PROTOCOL|HTTP_\w+|LFS_\w+|ATTR_NOSYSTEM)$/;

type Variables = Readonly<Record<string, string | undefined>>;

const withoutForeignGit = (from: Variables): Record<string, string> => {
  const kept: Record<string, string> = {};
  for (const [name, value] of Object.entries(from)) {
    if (value === undefined) continue;
    if (name.toUpperCase().startsWith('GIT_') && !KEPT.test(name)) continue;
    kept[name] = name === 'PATH' ? absoluteOnly(value) : value;
  }
  return kept;
};

/** Git is called in folders of agents: what PATH names below the present folder would be theirs. */
const absoluteOnly = (path: string): string =>
  path
    .split(delimiter)
    .filter((folder) => isAbsolute(folder))
    .join(delimiter);

/**
 * Environment of every git call that is Reactor's own: it never asks anything, takes no lock it can do without, speaks English
 * (messages are classified), and knows nothing of a repository that a surrounding git hook may have set.
 */
export const gitEnvironment = (from: Variables): Record<string, string> => ({
  ...withoutForeignGit(from),
  GIT_TERMINAL_PROMPT: '0',
  GIT_OPTIONAL_LOCKS: '0',
  GIT_LITERAL_PATHSPECS: '1',
  LC_ALL: 'C',
});

/**
 * Environment of a git call that runs the user's hooks: only the language of messages is fixed, not the character set,
 * because hooks may read text files.
 */
export const hookEnvironment = (from: Variables): Record<string, string> => {
  const { LC_ALL: all, ...rest } = withoutForeignGit(from);
  return { ...rest, ...(all === undefined ? {} : { LANG: all }), LC_MESSAGES: 'C', LANGUAGE: 'C', GIT_TERMINAL_PROMPT: '0' };
};
