import type { Hooks } from '../ports/git.ts';

/** What git runs before a merge commit. */
export const MERGE_HOOK = 'pre-merge-commit';
/** What git runs on the message of a commit, in this order, and what it tells them beside the message's file. */
const MESSAGE_HOOKS: readonly (readonly [string, string])[] = [
  ['prepare-commit-msg', ' message'],
  ['commit-msg', ''],
];

const quoted = (text: string): string => `'${text.replaceAll("'", "'\\''")}'`;

/** The user's own hook, whatever the settings in the cell say. One that is not to be seen there fails. */
const hookCall = ({ folder }: Hooks, name: string): string => `git -c core.hooksPath=${quoted(folder)} hook run ${name}`;

/** A shell command that runs a hook on everything in the worktree; null when there is none. */
export const hookCommand = (hooks: Hooks, name: string): string | null =>
  hooks.names.includes(name) ? `git add -A && ${hookCall(hooks, name)}` : null;

/**
 * A shell command that lets the hooks have their word on a message, as `git commit -m` would; null when there are none. It prints a line with
 * `mark`, and then the message as they left it, or the name of the hook that refused it.
 */
export function messageCommand(hooks: Hooks, message: string, mark: string): string | null {
  const wanted = MESSAGE_HOOKS.filter(([name]) => hooks.names.includes(name));
  if (wanted.length === 0) return null;
  return [
    'git add -A',
    'f="$(git rev-parse --absolute-git-dir)/COMMIT_EDITMSG"',
    'rm -f "$f"',
    `printf %s ${quoted(message)} >"$f"`,
    'export GIT_EDITOR=:',
    ...wanted.map(([name, source]) => `{ ${hookCall(hooks, name)} -- "$f"${source} || { printf '\n%s %s\n' ${mark} ${name}; exit 1; }; }`),
    `printf '\n%s\n' ${mark}`,
    'cat "$f"',
  ].join(' && ');
}

/** What `messageCommand` printed: the message, or which hook refused it, and in its words why. Null when neither is in this part of its output. */
export function readMessage(
  output: string,
  mark: string,
): { readonly message: string } | { readonly hook: string; readonly words: string } | null {
  const at = output.lastIndexOf(mark);
  if (at < 0) return null;
  const [rest = '', ...lines] = output.slice(at + mark.length).split('\n');
  return rest === '' ? { message: lines.join('\n') } : { hook: rest.trim(), words: output.slice(0, at).trim() };
}
