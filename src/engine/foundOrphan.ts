import type { Orphan } from '../protocol/messages.ts';

/** Something that belongs to no open run, and the way to remove it. False when it could not be. */
export type FoundOrphan = Omit<Orphan, 'removed'> & {
  readonly remove: () => Promise<boolean>;
  /** What a ref points to. */
  readonly oid?: string;
};
