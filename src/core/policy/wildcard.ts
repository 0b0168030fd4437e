/**
 * Whether `text` matches `glob` as a whole: `*` stands for any run of characters, `/` and line ends included, `?` for exactly
 * one. Everything else stands for itself, and case counts. Takes time in proportion to the two lengths at most, whatever the glob.
 */
export function matchesWildcard(glob: string, text: string): boolean {
  const pattern = [...glob];
  const subject = [...text];
  let g = 0;
  let t = 0;
  // Where to go on when what follows the last star does not fit: the star takes one character more.
  let star = -1;
  let taken = 0;
  while (t < subject.length) {
    const wanted = pattern[g];
    if (wanted === '*') {
      star = g;
      taken = t;
      g += 1;
    } else if (wanted === '?' || (wanted !== undefined && wanted === subject[t])) {
      g += 1;
      t += 1;
    } else if (star >= 0) {
      taken += 1;
      t = taken;
      g = star + 1;
    } else {
      return false;
    }
  }
  while (pattern[g] === '*') g += 1;
  return g === pattern.length;
}
