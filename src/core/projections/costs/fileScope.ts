const mostFolders = 8;

/** The folder of a file, at most two levels deep: `packages/api` for `packages/api/src/index.ts`, '.' at the top. */
function folderOf(path: string): string {
  const parts = path.split('/').slice(0, -1);
  return parts.length === 0 ? '.' : parts.slice(0, 2).join('/');
}

/** The folders in which files lie, those with most files first, at most eight. */
export function scopeOfPaths(paths: readonly string[]): readonly string[] {
  const counts = new Map<string, number>();
  for (const path of paths) counts.set(folderOf(path), (counts.get(folderOf(path)) ?? 0) + 1);
  return [...counts]
    .sort((a, b) => b[1] - a[1] || (a[0] < b[0] ? -1 : 1))
    .slice(0, mostFolders)
    .map(([folder]) => folder);
}

/** The folders of the files that a prompt names: words with a slash and a file's ending, addresses left out. */
export const scopeOfPrompt = (prompt: string): readonly string[] =>
  scopeOfPaths((prompt.match(/(?<![\w:/.-])(?:[\w.-]+\/)+[\w-]+\.\w{1,8}\b/g) ?? []).map((path) => path.replace(/^\.\//, '')));
