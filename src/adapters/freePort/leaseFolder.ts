import { linkSync, readdirSync, readFileSync, renameSync, unlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { UserFacingError } from '../../base/userFacingError.ts';
import type { ProcessIdentity } from '../../core/ports/processes.ts';

/** So many processes in a row that each died in the same few microseconds are taken for a folder that is not to be trusted. */
const MOST_SUCCESSIONS = 64;

/**
 * Leases as files, one per port, that any number of processes take and give back without a lock.
 *
 * A process writes who it is into one owner file, and takes port N by giving that file the further name `N`: link(2) fails when the name
 * exists, and the content is whole from the first moment. Only the owner removes a name.
 *
 * A lease whose owner is dead is succeeded, not removed, because between looking and removing it could have become someone else's. The
 * right to succeed owner O of port N is the name `N.after.O`, taken in the same way (and succeeded in the same way when its owner
 * died too). A dead process never comes back, so such a name stands for one event only. Whoever holds it and still finds O's lease
 * below renames it to `N`, which replaces the dead lease in one step; all others find a lease that changed, and start again.
 */
export class LeaseFolder {
  readonly #folder: string;
  readonly #isAlive: (process: ProcessIdentity) => boolean;
  readonly #owner: string;
  readonly #self: ProcessIdentity;

  /** @throws Error when the own process can't be identified. */
  constructor(folder: string, identify: (pid: number) => ProcessIdentity | null, isAlive: (process: ProcessIdentity) => boolean) {
    const self = identify(process.pid);
    if (self === null) throw new Error('the own process was not found');
    this.#folder = folder;
    this.#isAlive = isAlive;
    this.#self = self;
    this.#owner = `owner.${nameOf(self)}`;
  }

  /** Takes the lease of a port; false when a live process, this one included, holds it. */
  claim(port: number): boolean {
    // Each round but the last sees another process come or go; endless contention for one port is taken for a held one.
    for (let round = 0; round < 20; round += 1) {
      const outcome = this.#tryClaim(String(port));
      if (outcome !== 'changed') return outcome === 'claimed';
    }
    return false;
  }

  /** Ports that a dead process has not given back. */
  abandoned(): readonly number[] {
    return readdirSync(this.#folder)
      .filter((name) => /^\d+$/.test(name))
      .filter((name) => {
        const owner = this.#read(name);
        const identity = owner === null ? null : parseName(owner);
        return owner !== null && (identity === null || !this.#isAlive(identity));
      })
      .map(Number)
      .sort((a, b) => a - b);
  }

  /** Gives a port back; does nothing when this process does not hold it. */
  release(port: number): void {
    if (this.#read(String(port)) === nameOf(this.#self)) this.#remove(String(port));
  }

  #tryClaim(lease: string): 'claimed' | 'held' | 'changed' {
    if (this.#link(lease)) return 'claimed';
    const dead: { readonly name: string; readonly owner: string }[] = [];
    let name = lease;
    for (;;) {
      if (dead.length === MOST_SUCCESSIONS) return 'held';
      const owner = this.#read(name);
      if (owner === null) return 'changed';
      const identity = parseName(owner);
      if (identity !== null && this.#isAlive(identity)) return 'held';
      dead.push({ name, owner });
      name = `${lease}.after.${identity === null ? 'unreadable' : owner}`;
      if (this.#link(name)) break;
    }
    if (dead.every((step) => this.#read(step.name) === step.owner)) {
      this.#rename(name, lease);
      for (const step of dead.slice(1)) this.#remove(step.name);
      return 'claimed';
    }
    this.#remove(name);
    return 'changed';
  }

  /** Gives the owner file a further name; false when that name is taken. */
  #link(name: string): boolean {
    for (let attempt = 0; ; attempt += 1) {
      try {
        linkSync(join(this.#folder, this.#owner), join(this.#folder, name));
        return true;
      } catch (error) {
        if (codeOf(error) === 'EEXIST') return false;
        // The first lease of this process, or a cleaner of temporary files passed by.
        if (codeOf(error) !== 'ENOENT' || attempt > 0) throw this.#unusable(error);
        this.#writeOwner();
      }
    }
  }

  #writeOwner(): void {
    try {
      for (const name of readdirSync(this.#folder)) {
        const identity = name.startsWith('owner.') ? parseName(name.slice('owner.'.length)) : null;
        if (identity !== null && !this.#isAlive(identity)) this.#remove(name);
      }
      // Under its own name only when it is whole: an owner file without content would make all its leases look abandoned.
      const draft = join(this.#folder, `draft.${nameOf(this.#self)}`);
      writeFileSync(draft, nameOf(this.#self), { mode: 0o600 });
      renameSync(draft, join(this.#folder, this.#owner));
    } catch (error) {
      throw this.#unusable(error);
    }
  }

  #read(name: string): string | null {
    try {
      return readFileSync(join(this.#folder, name), 'utf8');
    } catch (error) {
      if (codeOf(error) === 'ENOENT') return null;
      throw this.#unusable(error);
    }
  }

  #rename(from: string, to: string): void {
    renameSync(join(this.#folder, from), join(this.#folder, to));
  }

  #remove(name: string): void {
    try {
      unlinkSync(join(this.#folder, name));
    } catch (error) {
      if (codeOf(error) !== 'ENOENT') throw this.#unusable(error);
    }
  }

  #unusable(cause: unknown): UserFacingError {
    return new UserFacingError(
      'environment',
      `Ports can't be leased, because the folder ${this.#folder} can't be used (${codeOf(cause)}). No agent was started.`,
      { actions: ['Check that the folder is on a local disk with free space and belongs to you.'], cause },
    );
  }
}

/** An identity as text that is safe in a file name and leads back to the same identity. */
const nameOf = ({ pid, startTime }: ProcessIdentity): string => `${pid}-${encodeURIComponent(startTime)}`;

/** Null for what is not the name of a process, such as a file emptied by a power cut: nobody owns that. */
function parseName(name: string): ProcessIdentity | null {
  const match = /^(\d+)-([A-Za-z0-9%._!~*'()-]+)$/.exec(name);
  if (match?.[1] === undefined || match[2] === undefined) return null;
  return { pid: Number(match[1]), startTime: decodeURIComponent(match[2]) };
}

const codeOf = (error: unknown): string => (error instanceof Error && 'code' in error ? String(error.code) : 'unknown');
