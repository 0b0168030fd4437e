import type { PatchFileShape } from '../../../src/protocol/panelShapes.ts';

/** The hunks of a candidate that are left out, by path; a file without hunks (binary, mode, rename) is left out by `whole`. */
export interface HunkSelection {
  readonly hunks: ReadonlyMap<string, ReadonlySet<number>>;
  readonly whole: ReadonlySet<string>;
}

export const takeAll: HunkSelection = { hunks: new Map(), whole: new Set() };

export const isRejected = (selection: HunkSelection, path: string, hunk: number): boolean =>
  selection.whole.has(path) || (selection.hunks.get(path)?.has(hunk) ?? false);

/** How much of a file is taken. */
export function taken(selection: HunkSelection, file: PatchFileShape): 'all' | 'some' | 'none' {
  if (selection.whole.has(file.path)) return 'none';
  const rejected = selection.hunks.get(file.path)?.size ?? 0;
  if (rejected === 0) return 'all';
  return rejected >= file.hunks.length ? 'none' : 'some';
}

/** Takes what was rejected, rejects what was taken. When the last hunk of a file goes, the whole file is rejected. */
export function toggleHunk(selection: HunkSelection, file: PatchFileShape, hunk: number): HunkSelection {
  const before = selection.whole.has(file.path) ? new Set(file.hunks.keys()) : new Set(selection.hunks.get(file.path));
  if (before.has(hunk)) before.delete(hunk);
  else before.add(hunk);
  const whole = new Set(selection.whole);
  const hunks = new Map(selection.hunks);
  whole.delete(file.path);
  hunks.delete(file.path);
  if (before.size >= file.hunks.length) whole.add(file.path);
  else if (before.size > 0) hunks.set(file.path, before);
  return { hunks, whole };
}

/** Takes or rejects a file as a whole. */
export function setFile(selection: HunkSelection, file: PatchFileShape, take: boolean): HunkSelection {
  const whole = new Set(selection.whole);
  const hunks = new Map(selection.hunks);
  hunks.delete(file.path);
  if (take) whole.delete(file.path);
  else whole.add(file.path);
  return { hunks, whole };
}

/** What is asked of the engine. */
export function rejections(selection: HunkSelection): { path: string; hunks: number[] | null }[] {
  const files = [...selection.whole].map((path) => ({ path, hunks: null as number[] | null }));
  const parts = [...selection.hunks].map(([path, hunks]) => ({ path, hunks: [...hunks].sort((a, b) => a - b) as number[] | null }));
  return [...files, ...parts].sort((a, b) => (a.path < b.path ? -1 : 1));
}

/** The selection of which `rejections` tells. */
export const selectionOf = (files: ReturnType<typeof rejections>): HunkSelection => ({
  whole: new Set(files.flatMap(({ path, hunks }) => (hunks === null ? [path] : []))),
  hunks: new Map(files.flatMap(({ path, hunks }) => (hunks === null ? [] : [[path, new Set(hunks)] as const]))),
});

/** How many hunks, or files without hunks, are left out. */
export function rejectedCount(selection: HunkSelection, files: readonly PatchFileShape[]): number {
  return files.reduce((sum, file) => {
    if (selection.whole.has(file.path)) return sum + Math.max(1, file.hunks.length);
    return sum + (selection.hunks.get(file.path)?.size ?? 0);
  }, 0);
}
