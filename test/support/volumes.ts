import { execFileSync, spawnSync } from 'node:child_process';
import { closeSync, mkdirSync, openSync, rmdirSync, rmSync, truncateSync, writeFileSync, writeSync } from 'node:fs';

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

/** A disk in a file, which can break under open files and be mended, as one in memory can't. */
export class Disk {
  #image: string;
  readonly #folder: string;

  /** Whether such disks can be made here. @param image a file that is not there yet */
  static canMake(image: string): boolean {
    const folder = `${image}.mounted`;
    try {
      const disk = new Disk(image, folder);
      disk.takeAway();
      return true;
    } catch {
      return false;
    } finally {
      rmSync(image, { force: true });
      rmSync(folder, { recursive: true, force: true });
    }
  }

  /** Makes and mounts it. @param folder where, made when it is not there */
  constructor(image: string, folder: string) {
    this.#image = image;
    this.#folder = folder;
    writeFileSync(image, '');
    truncateSync(image, 300_000_000);
    execFileSync('mkfs.ext4', ['-q', '-F', image], { stdio: 'pipe' });
    mkdirSync(folder, { recursive: true });
    this.bringBack();
  }

  /** From now on it is read-only, whoever has files of it open, as after an error of the hardware. */
  break(): void {
    mount('-o', 'remount,abort', this.#folder);
  }

  /** Its folder is empty. Who has files of it open has them still. */
  takeAway(): void {
    unmount(this.#folder);
  }

  mend(): void {
    this.takeAway();
    // The broken one is there for as long as somebody, such as a sandbox elsewhere on the machine, has it mounted.
    const copy = `${this.#image}+`;
    execFileSync('cp', ['--sparse=always', this.#image, copy]);
    this.#image = copy;
    // Says by its exit code that something was mended.
    spawnSync('fsck.ext4', ['-fy', copy]);
    this.bringBack();
  }

  bringBack(): void {
    mount('-o', 'loop,errors=remount-ro', this.#image, this.#folder);
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
