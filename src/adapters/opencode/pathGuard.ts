import { lstatSync, readlinkSync, realpathSync } from 'node:fs';
import { homedir, userInfo } from 'node:os';
import { basename, dirname, join, relative, resolve, sep } from 'node:path';
import { isPartOfTools } from '../../core/policy/sandboxPolicy.ts';
import type { Violation } from '../../core/ports/agent.ts';

const MOST_LINKS = 40;
const INSTRUCTIONS = ['AGENTS.md', 'CLAUDE.md', 'CONTEXT.md'];

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

/** Tells what stays inside a worktree from what leaves it. */
export class PathGuard {
  readonly #worktree: string;
  readonly #real: string;
  readonly #instructions: readonly string[];
  readonly #homes = [...new Set([homedir(), userInfo().homedir])];

  /**
   * @param worktree absolute path of a folder that exists.
   * @param instructions files in it that the server gives the model with each request, whatever it works at.
   */
  constructor(worktree: string, instructions: readonly string[] = []) {
    this.#instructions = instructions;
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

  /**
   * Null unless a path in the worktree leads by a link to where neither the worktree nor tools are. The server reads for the agent, and sees
   * what no command sees: its own environment, and its folder.
   */
  readViolation(tool: string, path: string): Violation | null {
    const asked = resolve(this.#worktree, path);
    if (relativeBelow(this.#worktree, asked) === null && relativeBelow(this.#real, asked) === null) return null;
    const target = realTarget(asked);
    if (relativeBelow(this.#real, target) !== null || isPartOfTools(target, this.#homes)) return null;
    return { kind: 'linkOutside', detail: `${tool} read ${asked}, which leads to ${target} outside the worktree` };
  }

  /** Instructions that the server gives the model by itself, always or when it works at this path, and that lead to what is the server's alone. */
  instructionViolations(path: string): Violation[] {
    const found: Violation[] = [];
    const look = (file: string): void => {
      const target = realTarget(file);
      if (relativeBelow(this.#real, target) !== null || !this.#isServers(target)) return;
      found.push({ kind: 'linkOutside', detail: `the instructions ${file} lead to ${target} outside the worktree` });
    };
    for (let folder = resolve(this.#worktree, path); relativeBelow(this.#worktree, folder) !== null; folder = dirname(folder)) {
      for (const name of INSTRUCTIONS) {
        const file = join(folder, name);
        if (isLink(file)) look(file);
      }
    }
    for (const file of this.#instructions) look(file);
    return found;
  }

  #isServers(target: string): boolean {
    return ['/proc', dirname(this.#real)].some((folder) => relativeBelow(folder, target) !== null);
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

function isLink(file: string): boolean {
  try {
    return lstatSync(file).isSymbolicLink();
  } catch {
    // Nothing is there, or what is above is no folder.
    return false;
  }
}

function relativeBelow(folder: string, path: string): string | null {
  const below = relative(folder, path);
  return below === '..' || below.startsWith(`..${sep}`) || resolve(below) === below ? null : below;
}
