import { constants } from 'node:fs';
import { copyFile, lstat, mkdir, readdir, readlink, realpath, rm, symlink, utimes } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { dirname, isAbsolute, join, normalize, sep } from 'node:path';
import process from 'node:process';
import type { IncludeReport } from '../../core/ports/git.ts';
import { errorCode, nullIfCoded, nullIfMissing } from './fileSystemErrors.ts';

interface IncludeCopyOptions {
  /** Real path of the checkout. */
  readonly from: string;
  /** Real path of the cell. */
  readonly to: string;
  /** All paths in the cell's index. */
  readonly tracked: readonly string[];
  readonly signal?: AbortSignal;
}

interface Found {
  readonly files: string[];
  bytes: number;
  /** What must not be copied, with why. */
  readonly unwanted: { path: string; why: string }[];
}

export const UNREADABLE = 'unreadable';
const LEADS_OUT = 'leads out of the repository';
const BARRED = 'the cell has something else than a folder above it';
const AT_ONCE = 64;
/** Files from which on a folder is copied by several processes. */
const LARGE = 2000;
/** Names on one command line at most. */
const NAMES_AT_ONCE = 500;

/** Copies single files and whole folders from a checkout to a cell and keeps count. Links stay links; nothing is overwritten. */
export class IncludeCopy {
  readonly #from: string;
  readonly #to: string;
  readonly #tracked: ReadonlySet<string>;
  readonly #trackedFolders = new Set<string>();
  readonly #signal: AbortSignal | undefined;
  readonly #realFolders = new Map<string, Promise<boolean>>();
  readonly #reachable = new Map<string, Promise<boolean>>();
  readonly #skipped: { path: string; why: string }[] = [];
  #files = 0;
  #bytes = 0;
  #cloned = false;

  constructor({ from, to, tracked, signal }: IncludeCopyOptions) {
    this.#from = from;
    this.#to = to;
    this.#tracked = new Set(tracked);
    this.#signal = signal;
    for (const path of tracked) {
      for (let end = path.lastIndexOf('/'); end > 0; end = path.lastIndexOf('/', end - 1)) {
        const folder = path.slice(0, end);
        if (this.#trackedFolders.has(folder)) break;
        this.#trackedFolders.add(folder);
      }
    }
  }

  skip(path: string, why: string): void {
    this.#skipped.push({ path, why });
  }

  report(): IncludeReport {
    return { files: this.#files, bytes: this.#bytes, cloned: this.#cloned, skipped: this.#skipped };
  }

  /** Those of the paths where the cell has, as far as anything is there, a real folder at `folder(path)`; the others are reported as skipped. */
  async reachable(paths: readonly string[], folder: (path: string) => string): Promise<string[]> {
    const reached: string[] = [];
    for (const path of paths) {
      if (await this.#isReachable(folder(path))) reached.push(path);
      else this.skip(path, BARRED);
    }
    return reached;
  }

  #isReachable(folder: string): Promise<boolean> {
    if (folder === '') return Promise.resolve(true);
    const known = this.#reachable.get(folder);
    if (known !== undefined) return known;
    const look = async (): Promise<boolean> => {
      if (this.#tracked.has(folder) || !(await this.#isReachable(folderOf(folder)))) return false;
      const stat = await lstat(join(this.#to, folder)).catch(nullIfMissing);
      return stat === null || stat.isDirectory();
    };
    const looked = look();
    this.#reachable.set(folder, looked);
    return looked;
  }

  /** Copies a file or link. */
  async file(path: string): Promise<void> {
    this.#signal?.throwIfAborted();
    if (this.#tracked.has(path)) return this.skip(path, 'tracked by git');
    try {
      const why = await this.#copyOne(path);
      if (why !== null) this.skip(path, why);
    } catch (error) {
      const code = errorCode(error);
      if (code === undefined) throw error;
      this.skip(
        path,
        code === 'EEXIST' ? 'already there' : code === 'EACCES' || code === 'EPERM' ? UNREADABLE : `could not be copied: ${code}`,
      );
    }
  }

  /** Copies a folder with all below it, at once where nothing in the cell is in the way. */
  async folder(path: string, onBegin?: (path: string, files: number, bytes: number) => void): Promise<void> {
    const found = await this.#find(path);
    onBegin?.(path, found.files.length, found.bytes);
    const target = join(this.#to, path);
    const free = !this.#trackedFolders.has(path) && !this.#tracked.has(path) && (await lstat(target).catch(nullIfMissing)) === null;
    if (free && process.platform === 'linux' && (await this.#ensureFolder(folderOf(path))) && (await this.#copyWhole(path, found.files))) {
      for (const { path: unwanted, why } of found.unwanted) {
        await rm(join(this.#to, unwanted), { recursive: true, force: true });
        this.skip(unwanted, why);
      }
      this.#files += found.files.length;
      this.#bytes += found.bytes;
      return;
    }
    for (const { path: unwanted, why } of found.unwanted) this.skip(unwanted, why);
    await inParallel(found.files, (file) => this.file(file));
  }

  /** Files and links below a folder that may be copied; the others are reported as skipped. */
  async filesBelow(path: string): Promise<readonly string[]> {
    const found = await this.#find(path);
    for (const { path: unwanted, why } of found.unwanted) this.skip(unwanted, why);
    return found.files;
  }

  /** Large folders by several processes at once: one alone is kept busy by opening and closing files. */
  async #copyWhole(path: string, files: readonly string[]): Promise<boolean> {
    const [source, target] = [join(this.#from, path), join(this.#to, path)];
    const groups = files.length < LARGE ? null : groupsOf((await readdir(source)).map((name) => `./${name}`));
    let copied: boolean;
    if (groups === null) copied = await this.#cp(['-T', '--', source, target], this.#from);
    else {
      const { mode, atime, mtime } = await lstat(source);
      await mkdir(target, { mode: (mode & 0o777) | 0o700 });
      const all = await Promise.all(groups.map((names) => this.#cp(['-t', target, '--', ...names], source)));
      copied = all.every(Boolean);
      if (copied) await utimes(target, atime, mtime);
    }
    if (this.#signal?.aborted || !copied) await rm(target, { recursive: true, force: true });
    this.#signal?.throwIfAborted();
    const sample = files.at(0);
    if (copied && sample !== undefined) this.#cloned ||= await this.#canClone(sample);
    return copied;
  }

  async #cp(args: readonly string[], cwd: string): Promise<boolean> {
    const { execa } = await import('execa');
    const copied = await execa('cp', ['-a', '--reflink=auto', ...args], {
      cwd,
      reject: false,
      stdin: 'ignore',
      ...(this.#signal === undefined ? {} : { cancelSignal: this.#signal }),
    });
    return copied.exitCode === 0;
  }

  /** Whether the file system shares content between copies: tried with one file, beside which the copy lies for a moment. */
  async #canClone(file: string): Promise<boolean> {
    const probe = `${join(this.#to, file)}.reactor-probe`;
    try {
      await copyFile(join(this.#from, file), probe, constants.COPYFILE_FICLONE_FORCE | constants.COPYFILE_EXCL);
      return true;
    } catch {
      return false;
    } finally {
      await rm(probe, { force: true });
    }
  }

  async #find(folder: string): Promise<Found> {
    const found: Found = { files: [], bytes: 0, unwanted: [] };
    let level = [folder];
    while (level.length > 0) {
      const next: string[] = [];
      await inParallel(level, async (path) => {
        this.#signal?.throwIfAborted();
        const entries = await readdir(join(this.#from, path), { withFileTypes: true }).catch((error: unknown) => {
          if (errorCode(error) === undefined) throw error;
          found.unwanted.push({ path, why: UNREADABLE });
          return [];
        });
        for (const entry of entries) {
          const child = `${path}/${entry.name}`;
          if (entry.isDirectory()) next.push(child);
          else if (entry.isSymbolicLink()) {
            const leadsOut = await this.#leadsOut(child).catch(nullIfCoded);
            if (leadsOut === false) found.files.push(child);
            else found.unwanted.push({ path: child, why: leadsOut === null ? UNREADABLE : LEADS_OUT });
          } else if (entry.isFile()) {
            found.files.push(child);
            const stat = await lstat(join(this.#from, child)).catch(nullIfCoded);
            found.bytes += stat?.size ?? 0;
          } else found.unwanted.push({ path: child, why: 'not a file' });
        }
      });
      level = next;
    }
    return found;
  }

  /** @returns why it was not copied, or null. */
  async #copyOne(path: string): Promise<string | null> {
    const source = join(this.#from, path);
    const target = join(this.#to, path);
    const stat = await lstat(source);
    if (stat.isSymbolicLink() && (await this.#leadsOut(path))) return LEADS_OUT;
    if (!stat.isFile() && !stat.isSymbolicLink()) return 'not a file';
    if (!(await this.#ensureFolder(folderOf(path)))) return BARRED;
    if (stat.isSymbolicLink()) await symlink(await readlink(source), target);
    else {
      await copyFile(source, target, constants.COPYFILE_FICLONE | constants.COPYFILE_EXCL);
      // Build tools compare times: a copied cache must not look newer than its sources.
      await utimes(target, stat.atime, stat.mtime);
      this.#bytes += stat.size;
    }
    this.#files += 1;
    return null;
  }

  /** A link out of the checkout, or by an absolute path into it, would let work in the cell reach the user's own files. */
  async #leadsOut(path: string): Promise<boolean> {
    const link = join(this.#from, path);
    const target = await readlink(link);
    if (isAbsolute(target)) return true;
    const inside = (place: string): boolean => place === this.#from || place.startsWith(this.#from + sep);
    if (!inside(normalize(join(dirname(link), target)))) return true;
    // Null when it leads nowhere, or in a circle.
    const real = await realpath(link).catch(nullIfCoded);
    return real !== null && !inside(real);
  }

  /** Makes a folder in the cell. False when it, or one above it, is a file or a link: nothing is written through a link. */
  #ensureFolder(path: string): Promise<boolean> {
    if (path === '') return Promise.resolve(true);
    let made = this.#realFolders.get(path);
    if (made === undefined) {
      made = this.#makeFolder(path);
      this.#realFolders.set(path, made);
    }
    return made;
  }

  async #makeFolder(path: string): Promise<boolean> {
    if (this.#tracked.has(path) || !(await this.#ensureFolder(folderOf(path)))) return false;
    const target = join(this.#to, path);
    const stat = await lstat(target).catch(nullIfMissing);
    if (stat !== null) return stat.isDirectory();
    const { mode } = await lstat(join(this.#from, path));
    await mkdir(target, { mode: (mode & 0o777) | 0o700 });
    return true;
  }
}

/** Names dealt out to as many lists as there are processors, or more where a list would grow too long for a command line. */
function groupsOf(names: readonly string[]): string[][] {
  const count = Math.max(availableParallelism(), Math.ceil(names.length / NAMES_AT_ONCE));
  const groups = Array.from({ length: Math.min(count, names.length) }, (): string[] => []);
  for (const [index, name] of names.entries()) groups[index % groups.length]?.push(name);
  return groups;
}

/** The folder of a relative path; '' at the top. */
export const folderOf = (path: string): string => {
  const end = path.lastIndexOf('/');
  return end < 0 ? '' : path.slice(0, end);
};

/** At most AT_ONCE pieces at a time. The first failure stops the rest, and is thrown when all that had begun has ended. */
async function inParallel<T>(items: readonly T[], work: (item: T) => Promise<void>): Promise<void> {
  let at = 0;
  const worker = async (): Promise<void> => {
    while (at < items.length) {
      const item = items[at] as T;
      at += 1;
      await work(item).catch((error: unknown) => {
        at = items.length;
        throw error;
      });
    }
  };
  const ends = await Promise.allSettled(Array.from({ length: Math.min(AT_ONCE, items.length) }, worker));
  for (const end of ends) if (end.status === 'rejected') throw end.reason;
}
