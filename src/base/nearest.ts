const MAX_LENGTH = 64;

/** How people vary a name without meaning another: case, dashes, underscores. */
const plain = (word: string): string => word.toLowerCase().replace(/[-_ ]/g, '');

/** Fewest insertions, deletions, replacements and swaps of neighbours (optimal string alignment). */
function editDistance(a: string, b: string): number {
  let beforeLast: number[] = [];
  let last = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i += 1) {
    const row = [i];
    for (let j = 1; j <= b.length; j += 1) {
      const replaced = (last[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      let best = Math.min(replaced, (last[j] ?? 0) + 1, (row[j - 1] ?? 0) + 1);
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) best = Math.min(best, (beforeLast[j - 2] ?? 0) + 1);
      row.push(best);
    }
    beforeLast = last;
    last = row;
  }
  return last[b.length] ?? 0;
}

/**
 * The candidate a person most likely meant by `word`: the one with the smallest edit distance, the first of equals;
 * null when none is near enough (about one slip per three characters). Case, dashes and underscores do not count.
 */
export function nearest(word: string, candidates: Iterable<string>): string | null {
  const wanted = plain(word.slice(0, MAX_LENGTH));
  if (wanted === '') return null;
  let best: string | null = null;
  let bestDistance = Math.max(1, Math.floor(wanted.length / 3)) + 1;
  for (const candidate of candidates) {
    const offered = plain(candidate.slice(0, MAX_LENGTH));
    const distance = offered === '' ? wanted.length : editDistance(wanted, offered);
    // One slip in a word of one or two letters makes any other word of that length.
    if (distance < bestDistance && distance < wanted.length) {
      best = candidate;
      bestDistance = distance;
    }
  }
  return best;
}
