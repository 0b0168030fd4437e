import { readlinkSync, realpathSync } from 'node:fs';
import { basename, dirname, join, relative, resolve, sep } from 'node:path';
import type { Violation } from '../../core/ports/agent.ts';

const MOST_LINKS = 40;

/** Where a path really leads, links resolved as far as anything exists. */
export function realTarget(path: string, links = 0): string {
  try {
    return realpathSync(path);
  } catch {
    const parent = dirname(path);
    if (parent === path) return path;
    const here = join(realTarget(parent, links), basename(path));
    if (links >= MOST_LINKS) return here;
    try {
      // A link to something that does not exist yet: writing through it makes it.
      return realTarget(resolve(dirname(here), readlinkSync(here)), links + 1);
    } catch {
      return here;
    }
  }
}

/** Tells edits inside a worktree from those that leave it. */
export class PathGuard {
  readonly #worktree: string;
  readonly #real: string;

  /** @param worktree absolute path of a folder that exists. */
  constructor(worktree: string) {
    this.#worktree = resolve(worktree);
    this.#real = realpathSync(worktree);
  }

  /** Null when an edit of the path stays in the worktree and out of git's own files. */
  violation(tool: string, path: string): Violation | null {
    const asked = resolve(this.#worktree, path);
    const target = realTarget(asked);
    const below = relativeBelow(this.#real, target);
    if (below !== null && below.split(sep)[0] !== '.git') return null;
    const isAskedInside = relativeBelow(this.#worktree, asked) !== null || relativeBelow(this.#real, asked) !== null;
    if (below !== null) return { kind: 'editOutside', detail: `${tool} changed git's own file ${asked}` };
    if (isAskedInside) return { kind: 'linkOutside', detail: `${tool} changed ${asked}, which leads to ${target} outside the worktree` };
    return { kind: 'editOutside', detail: `${tool} changed ${asked} outside the worktree` };
  }

  /** The path with links resolved; expressed below the worktree's own name when it lies in it. */
  absolute(path: string): string {
    const target = realTarget(resolve(this.#worktree, path));
    const below = relativeBelow(this.#real, target);
    return below === null ? target : join(this.#worktree, below);
  }

  /** For people: relative to the worktree when inside. */
  display(path: string): string {
    const below = relativeBelow(this.#worktree, resolve(this.#worktree, path)) ?? relativeBelow(this.#real, path);
    return below === null || below === '' ? path : below;
  }
}

function relativeBelow(folder: string, path: string): string | null {
  const below = relative(folder, path);
  return below === '..' || below.startsWith(`..${sep}`) || resolve(below) === below ? null : below;
}
