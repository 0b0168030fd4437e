import { err } from '../../base/result.ts';
import type { GitRefusal } from '../../core/ports/git.ts';
import { type GitOutput, OUT_OF_MEMORY } from './gitCommand.ts';

type Refused = { readonly ok: false; readonly error: GitRefusal };

export const refuse = (code: GitRefusal['code'], message: string): Refused => err({ code, message });

const LOCK_FILE = /Unable to create '([\s\S]+?\.lock)': File exists/i;
/** A second `worktree add` was half done, or a config file was being written. */
const TRANSIENT = /failed to read [\s\S]*commondir|could not lock config file|Unable to create '[\s\S]+?\.lock': File exists/i;

/** Whether the same call may succeed a moment later because somebody else holds a lock now. */
export const isTransient = (output: GitOutput): boolean => output.exitCode !== 0 && TRANSIENT.test(output.stderr);

/** What a system says of a volume that takes nothing more: ENOSPC, EDQUOT, EROFS. */
const VOLUME = /No space left on device|Disk quota exceeded|Read-only file system/;

const lastWords = (output: GitOutput): string => {
  const words = output.stderr.trim() || output.stdout.trim();
  return words === '' ? `git ended with ${output.exitCode}` : words.length > 2000 ? `${words.slice(0, 2000)}…` : words;
};

/** What a failed call means, from git's own words (it always speaks English here). */
export const refusalOf = (output: GitOutput): Refused => {
  const words = lastWords(output);
  if (OUT_OF_MEMORY.test(output.stderr)) {
    const last = words.split('\n').find((line) => OUT_OF_MEMORY.test(line));
    return refuse('tooLarge', `what is there takes git more memory than it may have (${last}); make it smaller, or have git ignore it`);
  }
  if (VOLUME.test(output.stderr)) return refuse('volume', words);
  const lock = LOCK_FILE.exec(output.stderr)?.[1];
  if (lock !== undefined) return refuse('locked', `Another git holds ${lock}. If none runs, that file was left behind and can be deleted.`);
  if (TRANSIENT.test(output.stderr)) return refuse('locked', words);
  if (/but expected|unable to resolve reference|reference already exists/.test(words)) return refuse('refMoved', words);
  if (/already exists|cannot create '|is already checked out|is already used by worktree/.test(words)) return refuse('exists', words);
  if (/would be overwritten|local changes|Untracked working tree file/i.test(words)) return refuse('dirty', words);
  return refuse('failed', words);
};
