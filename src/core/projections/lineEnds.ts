import type { PatchFile } from './parsePatch.ts';

/** Stands for the first half of a line end of two characters, CR LF, where it says something. */
const mark = '␍';

/**
 * Files of a patch for the eye. Where every line that is shown of a file ends in CR LF, that is how its lines end and goes without saying.
 * Where some do and others don't, those that do have a mark at their end: it may be the only thing that has changed.
 */
export function withoutLineEnds(files: readonly PatchFile[]): PatchFile[] {
  return files.map((file) => {
    const lines = file.hunks.flatMap(({ lines: of }) => of.filter((line, at) => !hasNoEnd(of, line, at)));
    const marked = lines.filter((line) => line.endsWith('\r'));
    if (marked.length === 0) return file;
    const end = marked.length === lines.length ? '' : mark;
    const shown = (line: string): string => (line.endsWith('\r') ? line.slice(0, -1) + end : line);
    return { ...file, hunks: file.hunks.map((hunk) => ({ ...hunk, lines: hunk.lines.map(shown) })) };
  });
}

/** The last line of a file that ends without one, and git's remark about it. */
const hasNoEnd = (lines: readonly string[], line: string, at: number): boolean =>
  line.startsWith('\\') || (lines[at + 1]?.startsWith('\\') ?? false);
