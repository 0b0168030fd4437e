import {
  closeSync,
  constants,
  fstatSync,
  lstatSync,
  mkdirSync,
  openSync,
  readlinkSync,
  readSync,
  realpathSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join, relative, sep } from 'node:path';
import { errorText, type Log } from '../../base/log.ts';
import { type ConfigTree, mapTexts } from './configTree.ts';
import { instructionFiles } from './serverConfig.ts';

/** Of what the server believes, which nothing in its cell can change. */
const folderOf = (home: string): string => join(home, 'config', 'instructions');
/** More is no instruction for a model. */
const MOST_BYTES = 1024 * 1024;

/** A file of the worktree that the server gives the model with each request, and where it reads it. */
export interface InstructionCopy {
  readonly file: string;
  readonly copy: string;
}

interface Places {
  readonly home: string;
  readonly worktree: string;
}

/** The configuration with copies in the cell's own folder in the place of instructions of the worktree, which lead wherever an agent has led them. */
export function withInstructionCopies(config: ConfigTree, { home, worktree }: Places): ConfigTree {
  const files = new Set(instructionFiles(config, worktree));
  if (files.size === 0) return config;
  const copyOf = (path: string): string => (files.has(path) ? join(folderOf(home), relative(worktree, path)) : path);
  return { ...config, instructions: mapTexts(config['instructions'], copyOf) };
}

/** What `withInstructionCopies` has put in its place; nothing for a configuration without. */
export const instructionCopies = (config: ConfigTree, { home, worktree }: Places): InstructionCopy[] =>
  instructionFiles(config, folderOf(home)).map((copy) => ({ copy, file: join(worktree, relative(folderOf(home), copy)) }));

/**
 * Brings the copies up to the worktree's files, as they are now, links within it followed. What is no file of it, or is too long, has no copy.
 * Nothing is read that lies outside when it is opened, whatever becomes of the path meanwhile (Linux).
 */
export function layInstructions(copies: readonly InstructionCopy[], worktree: string, log: Log): void {
  for (const { file, copy } of copies) {
    try {
      const content = contentWithin(worktree, file);
      if (content === null) {
        rmSync(copy, { force: true });
        if (lstatSync(file, { throwIfNoEntry: false }))
          log.log('warn', 'instructions are left out: they are no file of the worktree of up to 1 MiB', { file });
      } else {
        mkdirSync(dirname(copy), { recursive: true, mode: 0o700 });
        writeFileSync(`${copy}.new`, content, { mode: 0o600 });
        renameSync(`${copy}.new`, copy);
      }
    } catch (error) {
      log.log('warn', 'instructions could not be given to the agent server', { file, error: errorText(error) });
    }
  }
}

/** Null for what is not there, no file, longer than the most, or elsewhere. */
function contentWithin(worktree: string, file: string): Buffer | null {
  const top = realpathSync(worktree) + sep;
  let descriptor: number;
  try {
    const target = realpathSync(file);
    if (!target.startsWith(top)) return null;
    descriptor = openSync(target, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  } catch {
    // Nothing is there, or nobody may read it: the server would give nothing, either.
    return null;
  }
  try {
    if (!fstatSync(descriptor).isFile() || !readlinkSync(`/proc/self/fd/${descriptor}`).startsWith(top)) return null;
    const content = Buffer.alloc(MOST_BYTES + 1);
    let length = 0;
    for (let read = -1; read !== 0 && length < content.length; length += read)
      read = readSync(descriptor, content, length, content.length - length, null);
    return length > MOST_BYTES ? null : content.subarray(0, length);
  } finally {
    closeSync(descriptor);
  }
}
