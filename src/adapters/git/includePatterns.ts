import picomatch from 'picomatch';

/** Folders with so many files that looking for a single one in them is not worth it; entered only by a pattern that names them. */
const HEAVY = new Set(['.git', 'node_modules', '.venv', 'venv', '__pycache__', 'target']);

type Test = (text: string) => boolean;

interface Pattern {
  readonly whole: Test;
  /** One per path segment, '**' as null; null when the pattern can't be cut at its slashes. */
  readonly segments: readonly (Test | null)[] | null;
}

/**
 * Globs as in an ignore file: without a slash they match a name at any depth, with one they are anchored at the top; a match of a
 * folder takes all below it. Leading dots need no special mention. A `!` has no special meaning.
 */
export class IncludePatterns {
  readonly #patterns: readonly Pattern[];
  readonly #text: string;

  constructor(globs: readonly string[]) {
    this.#patterns = globs.map(compile).filter((pattern) => pattern !== null);
    this.#text = globs.join('\n');
  }

  /** Whether a pattern names this very file or folder. Paths have `/` and no slash at either end. */
  matches(path: string): boolean {
    return this.#patterns.some((pattern) => pattern.whole(path));
  }

  /** Whether the path or a folder above it is matched. */
  covers(path: string): boolean {
    for (let end = path.indexOf('/'); end >= 0; end = path.indexOf('/', end + 1)) {
      if (this.matches(path.slice(0, end))) return true;
    }
    return this.matches(path);
  }

  /** Whether something inside this folder, which is itself not matched, could be. */
  mayMatchInside(folder: string): boolean {
    const names = folder.split('/');
    const heavy = names.find((name) => HEAVY.has(name));
    if (heavy !== undefined && !this.#text.includes(heavy)) return false;
    return this.#patterns.some(({ segments }) => {
      if (segments === null) return true;
      for (const [at, name] of names.entries()) {
        const segment = segments[at];
        if (segment === null) return true;
        if (segment === undefined || !segment(name)) return false;
      }
      return segments.length > names.length;
    });
  }
}

const OPTIONS = { dot: true, nonegate: true };

function compile(glob: string): Pattern | null {
  const anchored = glob.replace(/^(\.\/)+/, '/').replace(/\/+$/, '');
  const bare = anchored.replace(/^\/+/, '');
  if (bare === '' || bare.split('/').includes('..')) return null;
  const full = anchored.includes('/') ? bare : `**/${bare}`;
  const whole = picomatch(full, OPTIONS);
  // A slash inside braces or parentheses belongs to them.
  if (/[{(]/.test(full)) return { whole, segments: null };
  return { whole, segments: full.split('/').map((part) => (part === '**' ? null : picomatch(part, OPTIONS))) };
}
