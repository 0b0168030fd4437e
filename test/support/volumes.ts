import { execFileSync } from 'node:child_process';
import { closeSync, mkdirSync, openSync, rmdirSync, writeSync } from 'node:fs';

const mount = (...args: string[]): void => {
  execFileSync('mount', args, { stdio: 'pipe' });
};
const unmount = (folder: string): void => {
  execFileSync('umount', ['--lazy', folder]);
};

/** File systems of their own, in memory, below a folder of a test. */
export class Volumes {
  readonly #mounted: string[] = [];

  /** Whether a file system can be mounted here: as root on Linux, and not in every container. @param folder one that is not there yet */
  static canMount(folder: string): boolean {
    if (process.platform !== 'linux') return false;
    mkdirSync(folder);
    try {
      mount('-t', 'tmpfs', '-o', 'size=1m', 'tmpfs', folder);
      unmount(folder);
      return true;
    } catch {
      return false;
    } finally {
      rmdirSync(folder);
    }
  }

  /** @param options of mount, such as `size=96m` or `ro`. @returns the folder. */
  mount(folder: string, options: string): string {
    mkdirSync(folder);
    mount('-t', 'tmpfs', '-o', options, 'tmpfs', folder);
    this.#mounted.push(folder);
    return folder;
  }

  /** @throws Error while something there is open for writing and it is to become read-only. */
  remount(folder: string, access: 'ro' | 'rw'): void {
    mount('-o', `remount,${access}`, folder);
  }

  unmountAll(): void {
    for (const folder of this.#mounted.splice(0)) unmount(folder);
  }
}

/** Writes a file until the file system has no room left. */
export function fillUp(file: string): void {
  const handle = openSync(file, 'w');
  try {
    for (let size = 1_000_000; size >= 1; size = Math.floor(size / 10)) {
      const piece = Buffer.alloc(size);
      try {
        for (;;) writeSync(handle, piece);
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error;
      }
    }
  } finally {
    closeSync(handle);
  }
}
