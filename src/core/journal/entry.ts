/**
 * One row of the journal. `hash` is SHA-256 (hex) over `entryText`; `prevHash` is the hash of the entry with the
 * sequence number before it, or 64 zeros for the first (INV-009).
 */
export interface Entry {
  readonly seq: number;
  /** Milliseconds since the epoch by the writer's clock. */
  readonly at: number;
  readonly run: string | null;
  readonly cell: string | null;
  /** Who caused it: engine, agent, policy, or person:<name>. */
  readonly actor: string;
  readonly type: string;
  readonly version: number;
  /** Parsed and upcast; unknown types keep their raw data. */
  readonly data: unknown;
  readonly prevHash: string;
  readonly hash: string;
}

export interface NewEntry {
  readonly at: number;
  readonly run: string | null;
  readonly cell: string | null;
  readonly actor: string;
  readonly type: string;
  readonly version: number;
  readonly data: unknown;
}

export const firstPrevHash = '0'.repeat(64);

/** The exact text that is hashed: a JSON array of the envelope and the data as stored. */
export const entryText = (
  entry: Omit<Entry, 'hash' | 'data'>,
  /** The data column exactly as it stands in the store. */
  dataText: string,
): string => JSON.stringify([entry.seq, entry.at, entry.run, entry.cell, entry.actor, entry.type, entry.version, dataText, entry.prevHash]);
