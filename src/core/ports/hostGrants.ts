/** A person's word that commands in all cells of a repository may connect to a place, until they take it back. */
export interface HostGrant {
  /** `host:port`, as it was asked for. */
  readonly place: string;
  readonly by: string;
  /** Milliseconds since the epoch. */
  readonly at: number;
  /** The run that asked. */
  readonly run: string;
}

/** What persons have allowed for good in one repository. Kept in Reactor's own data folder, which no cell sees; each call reads anew. */
export interface HostGrants {
  has(place: string): Promise<boolean>;
  /** By place. */
  list(): Promise<readonly HostGrant[]>;
  add(grant: HostGrant): Promise<void>;
  /** @returns false when it was not there. */
  remove(place: string): Promise<boolean>;
}
