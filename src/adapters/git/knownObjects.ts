import type { Oid } from '../../core/ports/git.ts';

/** What was read of objects, which never change, so that many runs from one commit ask once. Shared by all repositories opened from one Git. */
export interface KnownObjects {
  /** The tree of a commit. */
  readonly trees: Map<Oid, Oid>;
  /** Filters that the attribute files of a commit ask for. */
  readonly filters: Map<Oid, readonly string[]>;
}

const MOST = 256;

/** The oldest is forgotten when there are many. */
export function remember<T>(known: Map<Oid, T>, oid: Oid, value: T): void {
  known.set(oid, value);
  const [oldest] = known.keys();
  if (known.size > MOST && oldest !== undefined) known.delete(oldest);
}
