import { lstat, readFile } from 'node:fs/promises';
import { nullIfMissing } from './fileSystemErrors.ts';

// Looks into index files (gitformat-index(5)) for what is nearly never there, which takes a fraction of what asking git does.
// Every answer but `false` means: ask git.

/** The mode of a submodule as an index has it. */
const SUBMODULE_MODE = Buffer.from([0, 0, 0xe0, 0]);
/** Names the extension of an index that has entries in another file. */
const SPLIT = 'link';

const HEADER_BYTES = 12;
/** Of an entry before its name, in a repository with SHA-1 names. */
const ENTRY_BYTES = 62;
/** The only version whose entries have no further marks, "skip worktree" among them. */
const PLAIN_VERSION = 2;
const ASSUME_UNCHANGED = 0x8000;
const NAME_LENGTH = 0xfff;
const CHECKSUM_BYTES = 20;

/** Of an index: ten times that of the largest repositories there are. What an agent leaves in its place may have any length. */
export const MOST_INDEX_BYTES = 512 * 1024 * 1024;

export const isTooLarge = async (index: string): Promise<boolean> =>
  ((await lstat(index).catch(nullIfMissing))?.size ?? 0) > MOST_INDEX_BYTES;

/** False when no entry of the index is a submodule. */
export async function mayHaveSubmodules(index: string): Promise<boolean> {
  if (await isTooLarge(index)) return true;
  const bytes = await readFile(index).catch(nullIfMissing);
  return bytes !== null && (bytes.includes(SUBMODULE_MODE) || bytes.includes(SPLIT));
}

/** False when no entry of the index is marked "assume unchanged" or "skip worktree"; without an index there is none. */
export async function mayHaveMarks(index: string): Promise<boolean> {
  if (await isTooLarge(index)) return true;
  const bytes = await readFile(index).catch(nullIfMissing);
  return bytes !== null && (bytes.includes(SPLIT) || !isWithoutMarks(bytes));
}

function isWithoutMarks(bytes: Buffer): boolean {
  if (bytes.length < HEADER_BYTES + CHECKSUM_BYTES || bytes.toString('latin1', 0, 4) !== 'DIRC') return false;
  if (bytes.readUInt32BE(4) !== PLAIN_VERSION) return false;
  const end = bytes.length - CHECKSUM_BYTES;
  let at = HEADER_BYTES;
  for (let left = bytes.readUInt32BE(8); left > 0; left -= 1) {
    const name = at + ENTRY_BYTES;
    if (name >= end) return false;
    const flags = bytes.readUInt16BE(name - 2);
    if ((flags & ASSUME_UNCHANGED) !== 0) return false;
    const length = flags & NAME_LENGTH;
    const close = length === NAME_LENGTH ? bytes.indexOf(0, name) : name + length;
    // Each entry is filled up with NULs, at least one, to a multiple of eight bytes.
    if (close < 0 || bytes[close] !== 0) return false;
    at += (close - at + 8) & ~7;
  }
  // With names of another length the walk would have ended elsewhere: an extension begins with its name.
  return at === end || (at < end && /^[A-Za-z]{4}$/.test(bytes.toString('latin1', at, at + 4)));
}
