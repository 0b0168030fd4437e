/**
 * The line, from 0, at which `code` stands in `lines` now: the place nearest to where it stood before. Null when it is not there any more.
 */
export function anchorText(lines: readonly string[], code: readonly string[], before: number): number | null {
  if (code.length === 0) return null;
  let best: number | null = null;
  for (let at = 0; at + code.length <= lines.length; at += 1) {
    if (!code.every((line, index) => lines[at + index] === line)) continue;
    if (best === null || Math.abs(at - before) < Math.abs(best - before)) best = at;
  }
  return best;
}
